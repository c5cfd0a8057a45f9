"""A notebook's cells as one Python text: without what only notebooks understand, and as little as functions need."""

from __future__ import annotations

import ast
import json
import re
import symtable
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Cells = Literal["functions", "all"]
_PYTHON_BELOW = re.compile(r"\s*%%(time|timeit|capture|prun)\b|\s*%%writefile\b.*\.py\s*\n")
_ASKS_NOTEBOOK = re.compile(r"\s*([\w, ]+=\s*)?get_ipython\(\)")
MOST_STUMBLES = 50  # in one cell; then all lines that look like magics are taken for them
_NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)


class NoNotebookError(Exception):
    """A text is not a notebook."""


@dataclass(frozen=True)
class Code:
    """A program's lines as Python has them.

    Attributes
    ----------
    lines : list of str
        What only a notebook understands does nothing in them.
    tree : ast.Module
        The same, read; empty if it is not Python.
    left_out : str or None
        The first line that only a notebook understands.
    wrong : SyntaxError or None
        Why it is not Python.
    """

    lines: list[str]
    tree: ast.Module
    left_out: str | None = None
    wrong: SyntaxError | None = None

    @property
    def defines(self) -> bool:
        """Whether there is a function or a class in it."""
        return any(isinstance(node, (ast.FunctionDef, ast.ClassDef)) for node in self.tree.body)


def cells_of(text: str) -> list[str]:
    """The source of each code cell, of a notebook of any version.

    Raises
    ------
    NoNotebookError
        If it is none.

    Examples
    --------
    >>> cells_of('{"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1"]}]}]}')
    ['x = 1']
    """
    try:
        content = json.loads(text)
        parts = [content] if "cells" in content else content["worksheets"]
        return [_source_of(cell) for part in parts for cell in part["cells"] if cell.get("cell_type") == "code"]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise NoNotebookError(type(error).__name__) from None


def _source_of(cell: Any) -> str:
    source = cell.get("source", cell.get("input", ""))
    text = source if isinstance(source, str) else "".join(map(str, source))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def without_magic(code: str) -> Code:
    r"""A cell, or a file, with magics, shell commands and questions made to do nothing.

    They are looked for where Python stumbles: a line that begins with ``%`` may also go on with the line before it.

    Examples
    --------
    >>> without_magic("%matplotlib inline\nprint('%d of %d'\n      % (1, 2))").lines
    ['', "print('%d of %d'", '      % (1, 2))']
    """
    lines = code.split("\n")
    if code.lstrip().startswith("%%") and not _PYTHON_BELOW.match(code):
        return Code([""] * len(lines), ast.Module([], []))  # another language
    asking = [number for number, line in enumerate(lines) if _ASKS_NOTEBOOK.match(line)]
    left_out = lines[asking[0]].strip() if asking else None
    for number in asking:
        lines[number] = _nothing(lines[number])
    for stumble in range(MOST_STUMBLES + 1):
        try:
            return Code(lines, ast.parse("\n".join(lines)), left_out)
        except _NO_PYTHON as error:
            wrong = error if isinstance(error, SyntaxError) else SyntaxError(str(error) or type(error).__name__)
        number = (wrong.lineno or 0) - 1
        here = [number] if 0 <= number < len(lines) and _is_magic(lines[number]) else []
        if stumble == MOST_STUMBLES or not here:
            here = [n for n, line in enumerate(lines) if _is_magic(line)]
        if not here:
            break
        left_out = left_out or lines[here[0]].strip()
        for number in here:
            _leave_out(lines, number)
    return Code([""] * len(lines), ast.Module([], []), left_out, wrong)


def _is_magic(line: str) -> bool:
    bare = line.strip()
    return bare.startswith(("%", "!", "?")) or bare.endswith("?") or bool(re.match(r"[\w.,\[\]'\" ]+=\s*[%!]", bare))


def _leave_out(lines: list[str], number: int) -> None:
    """Have a line do nothing, with those that go on with it."""
    goes_on = lines[number].endswith("\\")
    lines[number] = _nothing(lines[number])
    while goes_on and number + 1 < len(lines):
        number += 1
        goes_on, lines[number] = lines[number].endswith("\\"), ""


def _nothing(line: str) -> str:
    space = line[: len(line) - len(line.lstrip())]
    return f"{space}pass" if space else ""


# -- which statements are run ---------------------------------------------------------------------------------


def as_little(cells: Sequence[Code]) -> list[list[str]]:
    """Of each cell the lines that functions need: the cells that define them, imports, constants, and what they use.

    A line that is not run is empty, so that each keeps its number.
    """
    needed = {name for cell in cells if cell.defines for name in _from_outside("\n".join(cell.lines))} | {"INPUTS"}
    kept: set[ast.stmt] = set()
    others = [node for cell in cells if not cell.defines for node in cell.tree.body]
    more = [node for node in others if _is_wanted(node)]
    while more:
        kept.update(more)
        needed |= {name for node in more for name in _names(node, ast.Load)}
        more = [n for n in others if n not in kept and isinstance(n, _GIVES) and needed & set(_names(n, ast.Store))]
    return [cell.lines if cell.defines else _only(cell, kept) for cell in cells]


_GIVES = (ast.Assign, ast.AnnAssign, ast.AugAssign)


def _only(cell: Code, kept: set[ast.stmt]) -> list[str]:
    """The lines of some statements."""
    numbers = {n for node in cell.tree.body if node in kept for n in range(node.lineno, (node.end_lineno or 0) + 1)}
    return [line if number in numbers else "" for number, line in enumerate(cell.lines, 1)]


def _is_wanted(node: ast.stmt) -> bool:
    """Imports, and constants such as ``INPUTS`` or a size, which functions may need."""
    if isinstance(node, ast.Assign):
        return not any(isinstance(inner, (ast.Call, ast.Await)) for inner in ast.walk(node.value))
    return isinstance(node, (ast.Import, ast.ImportFrom))


def _names(node: ast.AST, context: type[ast.expr_context]) -> Iterator[str]:
    return (part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, context))


def _from_outside(code: str) -> set[str]:
    """The names that a cell takes from others: the globals of its functions, and what its statements use."""
    try:
        return set(_taken(symtable.symtable(code, "cell", "exec")))
    except _NO_PYTHON:
        return set()


def _taken(table: symtable.SymbolTable) -> Iterator[str]:
    outermost = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (outermost or symbol.is_global()):
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _taken(inner)
