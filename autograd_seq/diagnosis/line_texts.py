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

    def of(self, edit: Edit) -> str:
        """What stands there with a change."""
        place = id(edit.holder), edit.slot, edit.index
        if place not in self._around:
            with put(replace(edit, new=ast.Name(HERE, ast.Load()))):
                self._around[place] = ast.unparse(self._statement.value)
        new = ast.unparse(edit.new)
        return self._around[place].replace(HERE, new if isinstance(edit.new, ast.Slice) else f"({new})")
