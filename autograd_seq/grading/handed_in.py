"""What people hand in, as one Python text: a file as it is, a notebook's cells below each other."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from autograd_seq.grading.notebooks import Cells, NoNotebookError, as_little, cells_of, without_magic
from autograd_seq.grading.plain_text import one_line
from autograd_seq.storage.files import opened

ENDINGS = (".py", ".ipynb")
MOST_BYTES = 20_000_000  # of a program
MOST_OF_NOTEBOOK = 200_000_000  # with its pictures


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

    @property
    def name(self) -> str:
        """The file, as messages call it."""
        return one_line(self.path)

    def place(self, line: int) -> str:
        """A line in words: ``homework.py:12``, or ``homework.ipynb, cell 3, line 4``."""
        if not self.starts:
            return f"{self.name}:{line}"
        cell = max(i for i, start in enumerate(self.starts) if start < line or i == 0)
        return f"{self.name}, cell {cell + 1}, line {line - self.starts[cell]}"

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
        return re.sub(re.escape(self.name) + r":(\d{1,7})\b", lambda m: self.place(int(m[1])), text)


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
    >>> import json, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "mine.ipynb")
    >>> lines = ["%matplotlib inline\n", "import numpy as np\n", "np.ones(10**9)"]
    >>> _ = path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": lines}]}))
    >>> read(path).source
    '\nimport numpy as np\n\n'
    """
    name = os.fsdecode(path)
    if not os.path.exists(name):
        link = os.path.islink(name)
        raise UsageError(f"{name!r} is a link that leads to no file" if link else f"there is no file {name!r}{here()}")
    if not name.lower().endswith(ENDINGS):
        raise UsageError(f"{name} is not a Python file or a notebook: its name must end in .py or .ipynb{here()}")
    if not os.path.isfile(name):
        raise UsageError(f"{name} is not a file that can be read: it is a folder, a pipe or a device{here()}")
    is_notebook = name.lower().endswith(".ipynb")
    most = MOST_OF_NOTEBOOK if is_notebook else MOST_BYTES
    with opened(name) as file:
        content = file.read(most + 1)
    if len(content) > most:
        return HandedIn(name, "", remark=f"it is longer than {most:,} bytes")
    try:
        text = _decoded(content)
    except (UnicodeDecodeError, SyntaxError, LookupError) as error:
        said = "it is not a text in UTF-8, as Python files and notebooks are: save it as one"
        return HandedIn(name, "", remark=f"{said}\n  {error}")
    return _notebook(name, text, cells) if is_notebook else _program(name, text)


def _decoded(content: bytes) -> str:
    """The text of a file, in the encoding that its first lines say, as Python has it."""
    first = b"\n".join(content.splitlines()[:2])
    found = re.search(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", first, re.MULTILINE)
    encoding = found[1].decode("ascii") if found else "utf-8-sig"
    return content.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")


def _program(name: str, text: str) -> HandedIn:
    """A file; one that was a notebook, and still has lines that only a notebook understands, without these."""
    looks_so = re.search(r"^\s*[%!?]|\?\s*$|=\s*[%!]|get_ipython\(\)", text, re.MULTILINE)
    code = without_magic(text) if looks_so else None
    if code is None or code.left_out is None or code.wrong is not None:
        return HandedIn(name, text)
    remark = f"what only a notebook understands was left out: {code.left_out:.80}"
    return HandedIn(name, "\n".join(code.lines), remark=remark)


def _notebook(name: str, text: str, cells: Cells) -> HandedIn:
    try:
        codes = [without_magic(cell) for cell in cells_of(text)]
    except NoNotebookError as error:
        return HandedIn(name, "", remark=f"it is not a notebook: {error}")
    kept_of = as_little(codes) if cells == "functions" else [code.lines for code in codes]
    lines: list[str] = []
    starts, remark, broken = [], None, None
    for number, (code, kept) in enumerate(zip(codes, kept_of), 1):
        starts.append(len(lines))
        if code.wrong is not None and remark is None:
            broken = len(lines) + (code.wrong.lineno or 1)
            remark = f"cell {number} is not Python and was left out: {code.wrong.msg}"
        lines += kept
    source = "\n".join(lines) + "\n"
    if len(source) > MOST_BYTES:
        return HandedIn(name, "", remark=f"its code is longer than {MOST_BYTES:,} bytes")
    return HandedIn(name, source, tuple(starts), remark, broken)


def gathered(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """The submissions that files, folders and patterns such as ``hand_in/*.ipynb`` name, each once, in order.

    Of a folder it is all Python files and notebooks in it and below, but for those whose name begins with a dot or an
    underscore, and for a notebook's checkpoints.

    Raises
    ------
    UsageError
        If one names nothing.
    """
    found: dict[str, str] = {}
    for given in paths:
        for name, _ in _expanded(os.fsdecode(given)):
            found.setdefault(os.path.join(os.path.realpath(os.path.dirname(name)), os.path.basename(name)), name)
    return list(found.values())


def links_out(paths: Iterable[str | os.PathLike[str]]) -> set[str]:
    """The links among the submissions of folders and patterns that lead to files outside of these folders.

    Whoever hands in such a link would have a file judged, and told of, that he may not be able to read.
    """
    found = [(name, root) for given in paths for name, root in _expanded(os.fsdecode(given)) if root is not None]
    return {name for name, root in found if not _is_within(os.path.realpath(name), os.path.realpath(root))}


def linked_folders(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """The links to folders among what folders and patterns name: they are not followed, as some lead in circles."""
    found = []
    for given in map(os.fsdecode, paths):
        roots = [given] if os.path.isdir(given) else [] if os.path.lexists(given) else _matching(given)
        for root in roots:
            if root != given and _is_linked_folder(root):
                found.append(root)
            elif os.path.isdir(root):
                found += _links_in(root)
    return sorted(dict.fromkeys(found))


def _links_in(folder: str) -> Iterator[str]:
    for above, folders, _ in os.walk(folder):
        folders[:] = [f for f in folders if not f.startswith((".", "_"))]
        yield from (os.path.join(above, f) for f in folders if os.path.islink(os.path.join(above, f)))


def _is_within(path: str, folder: str) -> bool:
    return path.startswith(os.path.join(folder, ""))


def _expanded(given: str) -> Iterator[tuple[str, str | None]]:
    """The files that something names, each with the folder that it has to be in; one that is named may be anywhere."""
    if os.path.lexists(given) and not os.path.isdir(given):
        yield given, None
        return
    is_folder = os.path.isdir(given)
    names = [given] if is_folder else sorted(name for name in _matching(given) if not _is_linked_folder(name))
    if not names:
        raise UsageError(f"there is no file {given!r}{here()}")
    root = given if is_folder else _before_pattern(given)
    for name in names:
        if not os.path.isdir(name):
            yield name, root
            continue
        inside = _inside(name)
        if not inside:
            links = ", ".join(map(repr, sorted(_links_in(name))))
            if links:
                raise UsageError(f"{name!r} holds links to folders only, and these are not followed: {links}{here()}")
            raise UsageError(f"there is no Python file and no notebook in {name!r}{here()}")
        yield from ((file, root) for file in inside)


def _is_linked_folder(name: str) -> bool:
    return os.path.islink(name) and os.path.isdir(name)


def _matching(pattern: str) -> list[str]:
    """What a pattern names; ``**`` stands for folders below, but follows no links, of which some lead in circles."""
    parts = Path(pattern).parts
    if "**" not in parts:
        return glob.glob(pattern)
    before, after = parts[: parts.index("**")], parts[parts.index("**") + 1 :]
    found = []
    for root in glob.glob(os.path.join(*before)) if before else [os.curdir]:
        for folder, folders, _ in os.walk(root):
            folders[:] = [name for name in folders if not name.startswith(".")]
            within = os.path.relpath(folder) if not before else folder
            found += _matching(os.path.join(glob.escape(within), *(after or ("*",))))
    return list(dict.fromkeys(map(os.path.normpath, found)))


def _before_pattern(pattern: str) -> str:
    """The folder that a pattern begins with."""
    parts = Path(pattern).parts
    sure = parts[: next((i for i, part in enumerate(parts) if glob.has_magic(part)), len(parts))]
    return os.path.join(*sure) if sure else os.curdir


def _inside(folder: str) -> list[str]:
    names = []
    for above, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "_")))
        ours = sorted(f for f in files if f.lower().endswith(ENDINGS) and not f.startswith((".", "_")))
        names += [os.path.join(above, f) for f in ours]
    return names
