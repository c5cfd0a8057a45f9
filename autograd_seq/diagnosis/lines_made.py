"""What the lines of somebody's function make while it runs: in a variable, in a dict or a tuple, as its answer."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_seq.diagnosis.read_off import value_of

MOST_MADE = 3
Made = tuple[int, Any]  # when, and the value


class LinesMade:
    """What the lines of a function make, the first few times and the last."""

    def __init__(self, tree: ast.FunctionDef | None) -> None:
        self.found: dict[int, list[Made]] = {}
        self.named: dict[int, list[tuple[str, Any]]] = {}  # the same, under what they were assigned to
        self._sources: dict[int, list[tuple[int, ast.expr, str | None, str]]] = {}  # last, how it is written
        self._returns = [] if tree is None else [n for n in ast.walk(tree) if isinstance(n, ast.Return)]
        for s in [] if tree is None else ast.walk(tree):
            if isinstance(s, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
                self._sources.setdefault(s.lineno, []).extend(
                    (number, target, key, ast.unparse(target) + (f"[{key!r}]" if key is not None else ""))
                    for number, target, key in _made_by(s)
                )

    def keep(self, line: int, held: dict[str, Any], order: Iterator[int]) -> None:
        """Look at what a line that was just done has made."""
        for number, target, key, name in self._sources.get(line, ()):
            value = value_of(target, held)
            if key is not None:
                value = value.get(key) if isinstance(value, dict) else None
            self._add(number, value, order, name)

    def returned(self, line: int, value: Any, order: Iterator[int]) -> None:
        """Look at what a function answers."""
        node = next((n.value for n in self._returns if n.lineno <= line <= (n.end_lineno or line)), None)
        if isinstance(node, ast.Dict) and isinstance(value, dict):
            for key, part in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant):
                    self._add(part.lineno, value.get(key.value), order, str(key.value))
        elif isinstance(node, ast.Tuple) and isinstance(value, tuple) and len(value) == len(node.elts):
            for part, own in zip(node.elts, value, strict=True):
                self._add(part.lineno, own, order)
        elif node is not None:
            self._add(node.lineno, value, order)

    def _add(self, line: int, value: Any, order: Iterator[int], name: str = "") -> None:
        if isinstance(value, (np.ndarray, np.floating, float)):
            made, named = self.found.setdefault(line, []), self.named.setdefault(line, [])
            del made[MOST_MADE:], named[MOST_MADE:]
            made.append((next(order), np.array(value)))
            named.append((name, made[-1][1]))


def _made_by(s: ast.Assign | ast.AugAssign | ast.AnnAssign) -> Iterator[tuple[int, ast.expr, str | None]]:
    """Under which line each value that a statement makes stands, and where it is afterwards: a target, or its key."""
    for target in s.targets if isinstance(s, ast.Assign) else [s.target]:
        if isinstance(target, ast.Tuple):
            parts = s.value.elts if isinstance(s.value, ast.Tuple) and len(s.value.elts) == len(target.elts) else None
            for i, inner in enumerate(target.elts):
                yield (parts[i].lineno if parts else s.lineno), inner, None
        elif isinstance(s.value, ast.Dict):
            for key, value in zip(s.value.keys, s.value.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield value.lineno, target, key.value
        else:
            yield s.lineno, target, None
            if isinstance(target, ast.Subscript):  # an array that is written into, as a whole
                yield s.lineno, target.value, None
