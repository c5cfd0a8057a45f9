"""The right-hand side of somebody's line with a change in it, as text, and read again."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from autograd_seq.diagnosis.line_places import Edit, read
from autograd_seq.diagnosis.own_code import put

HERE = "_here_"


def all_read(texts: Sequence[str]) -> list[ast.expr | None]:
    """Expressions from their source; none for what is not one. All at once, as that is much quicker."""
    try:
        whole: Any = read(f"({''.join(f'({text}),' for text in texts)})")
        return list(whole.elts)
    except SyntaxError:
        return [_read_or_none(text) for text in texts]


def _read_or_none(text: str) -> ast.expr | None:
    try:
        return read(text)
    except SyntaxError:
        return None


class Texts:
    """The right-hand side of a statement as text with a change in it; written out once for each place."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._around: dict[tuple[int, str, int | None], str] = {}
        self._begun: dict[tuple[int, type], tuple[ast.expr, str]] = {}  # with what is written out, so that it stays

    def of(self, edit: Edit) -> str:
        """What stands there with a change."""
        place = id(edit.holder), edit.slot, edit.index
        if place not in self._around:
            with put(replace(edit, new=ast.Name(HERE, ast.Load()))):
                self._around[place] = ast.unparse(self._statement.value)
        new = self._joined(edit.new) if isinstance(edit.new, ast.BinOp) else ast.unparse(edit.new)
        return self._around[place].replace(HERE, new if isinstance(edit.new, ast.Slice) else f"({new})")

    def _joined(self, new: ast.BinOp) -> str:
        """Two operands, of which the first is mostly a part of the line to which now this and now that is added."""
        key = id(new.left), type(new.op)
        if key not in self._begun:
            begun = ast.unparse(ast.BinOp(new.left, new.op, ast.Name(HERE)))
            self._begun[key] = new.left, begun.removesuffix(HERE)
        _, _, second = ast.unparse(ast.BinOp(ast.Name(HERE), new.op, new.right)).split(" ", 2)
        return self._begun[key][1] + second
