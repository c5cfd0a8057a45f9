"""What people hand in, as one Python text: a file as it is, a notebook's cells below each other."""

from __future__ import annotations

import ast
import glob
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from autograd_seq.storage.files import opened

Cells = Literal["functions", "all"]
ENDINGS = (".py", ".ipynb")
MOST_BYTES = 20_000_000  # of one file
_TIMED = ("%%time", "%%timeit", "%%capture", "%%prun")  # what is below them is Python


@dataclass(frozen=True)
class HandedIn:
    """One submission's text.

    Attributes
    ----------
    path : str
        The file, as it was given.
    source : str
        Python.
    starts : tuple of int
        For a notebook, the line before each cell's first, counted from 0; empty for a file.
    remark : str or None
        What was left out because it is not Python.
    line : int or None
        The line that `remark` is about.
    """

    path: str
    source: str
    starts: tuple[int, ...] = ()
    remark: str | None = None
    line: int | None = None

    def place(self, line: int) -> str:
        """A line in words: ``homework.py:12``, or ``homework.ipynb, cell 3, line 4``."""
        if not self.starts:
            return f"{self.path}:{line}"
        cell = max(i for i, start in enumerate(self.starts) if start < line or i == 0)
        return f"{self.path}, cell {cell + 1}, line {line - self.starts[cell]}"

    def _in_cell(self, line: int) -> tuple[str, str]:
        """A line of a notebook in words, in English and in Chinese."""
        cell = max(i for i, start in enumerate(self.starts) if start < line or i == 0)
        number = line - self.starts[cell]
        return f"cell {cell + 1}, line {number}", f"第 {cell + 1} 个单元格第 {number} 行"

    def placed(self, text: str) -> str:
        """A text in which the lines of a notebook's cells are said as somebody would look for them."""
        if not self.starts:
            return text
        text = re.sub(r"(?<=\bin )line (\d{1,7})\b(?! of )", lambda m: self._in_cell(int(m[1]))[0], text)
        text = re.sub(r"(?<!, )第 (\d{1,7}) 行", lambda m: self._in_cell(int(m[1]))[1], text)
        return re.sub(re.escape(self.path) + r":(\d{1,7})\b", lambda m: self.place(int(m[1])), text)


def read(path: str | os.PathLike[str], cells: Cells = "functions") -> HandedIn:
    r"""Read a submission.

    Parameters
    ----------
    path : path
        A Python file or a notebook.
    cells : {"functions", "all"}
        Of a notebook, the cells that define functions and classes, and the imports of the others; or all of them.

    Raises
    ------
    UsageError
        If there is no such file, or it is of another kind.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "mine.ipynb")
    >>> lines = ["%matplotlib inline\n", "import numpy as np\n", "np.ones(10**9)"]
    >>> _ = path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": lines}]}))
    >>> read(path).source
    '\nimport numpy as np\n\n'
    """
    name = os.fsdecode(path)
    if not os.path.exists(name):
        raise UsageError(f"there is no file {name!r}{here()}")
    if name.endswith(ENDINGS) and not os.path.isfile(name):
        raise UsageError(f"{name} is not a file that can be read: it is a folder, a pipe or a device{here()}")
    if not name.endswith(ENDINGS):
        raise UsageError(f"{name} is not a Python file or a notebook: its name must end in .py or .ipynb{here()}")
    with opened(name) as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        return HandedIn(name, "", remark=f"it is longer than {MOST_BYTES:,} bytes")
    try:
        text = _decoded(content)
    except (UnicodeDecodeError, SyntaxError, LookupError) as error:
        return HandedIn(name, "", remark=f"it is not a text: {error}")
    return _notebook(name, text, cells) if name.endswith(".ipynb") else HandedIn(name, text)


def _decoded(content: bytes) -> str:
    """The text of a file, in the encoding that its first lines say, as Python has it."""
    first = b"\n".join(content.splitlines()[:2])
    found = re.search(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", first, re.MULTILINE)
    encoding = found[1].decode("ascii") if found else "utf-8-sig"
    return content.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")


def _notebook(name: str, text: str, cells: Cells) -> HandedIn:
    try:
        content = json.loads(text)
        found = content["cells"] if "cells" in content else content["worksheets"][0]["cells"]
        codes = [_source_of(cell) for cell in found if cell.get("cell_type") == "code"]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        return HandedIn(name, "", remark=f"it is not a notebook: {type(error).__name__}")
    lines: list[str] = []
    starts, remark, broken = [], None, None
    for number, code in enumerate(codes, 1):
        starts.append(len(lines))
        kept, wrong = _as_python(code, cells)
        if wrong is not None and remark is None:
            broken = len(lines) + (wrong.lineno or 1)
            remark = f"cell {number} is not Python and was left out: {wrong.msg}"
        lines += kept
    return HandedIn(name, "\n".join(lines) + "\n", tuple(starts), remark, broken)


def _source_of(cell: Any) -> str:
    source = cell.get("source", cell.get("input", ""))
    return source if isinstance(source, str) else "".join(map(str, source))


def _as_python(code: str, cells: Cells) -> tuple[list[str], SyntaxError | None]:
    """A cell's lines without what only a notebook understands; those that are not run are empty."""
    lines = [_without_magic(line) for line in code.split("\n")]
    if code.lstrip().startswith("%%") and not code.lstrip().startswith(_TIMED):
        return [""] * len(lines), None  # another language
    try:
        tree = ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError) as error:
        return [""] * len(lines), error if isinstance(error, SyntaxError) else SyntaxError(str(error))
    if cells == "all" or any(isinstance(node, (ast.FunctionDef, ast.ClassDef)) for node in tree.body):
        return lines, None
    kept = {n for node in tree.body if _is_wanted(node) for n in range(node.lineno, (node.end_lineno or 0) + 1)}
    return [line if number in kept else "" for number, line in enumerate(lines, 1)], None


def _is_wanted(node: ast.stmt) -> bool:
    """Imports, and constants such as ``INPUTS`` or a size, which functions may need."""
    if isinstance(node, ast.Assign):
        return not any(isinstance(inner, (ast.Call, ast.Await)) for inner in ast.walk(node.value))
    return isinstance(node, (ast.Import, ast.ImportFrom))


def _without_magic(line: str) -> str:
    """A line of a cell as Python has it: magics, shell commands and questions about the notebook do nothing."""
    bare = line.lstrip()
    space = line[: len(line) - len(bare)]
    if bare.startswith(("%", "!", "?")) or re.fullmatch(r"[\w.]+\?{1,2}\s*", bare):
        return f"{space}pass" if space else ""
    if "get_ipython" in bare or re.match(r"[\w, ]+=\s*[%!]", bare):
        return f"{space}pass"
    return line


def gathered(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """The submissions that files, folders and patterns such as ``hand_in/*.ipynb`` name, each once, in order.

    Of a folder it is all Python files and notebooks in it and below, but for those whose name begins with a dot or an
    underscore, and for a notebook's checkpoints.

    Raises
    ------
    UsageError
        If one names nothing.
    """
    found: dict[str, None] = {}
    for given in map(os.fsdecode, paths):
        names = [given] if os.path.exists(given) else sorted(glob.glob(given, recursive=True))
        if not names:
            raise UsageError(f"there is no file {given!r}{here()}")
        for name in names:
            inside = _inside(name) if os.path.isdir(name) else [name]
            if not inside:
                raise UsageError(f"there is no Python file and no notebook in {name!r}{here()}")
            found.update(dict.fromkeys(inside))
    return list(found)


def _inside(folder: str) -> list[str]:
    names = []
    for above, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "_")))
        names += [os.path.join(above, f) for f in sorted(files) if f.endswith(ENDINGS) and not f.startswith((".", "_"))]
    return names
