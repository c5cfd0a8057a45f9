"""Mistakes found by the values that lines should make: a line that makes the true ones instead mends what follows.

Whatever was done wrong in it, and however the line is written: each time that it runs, what it makes is replaced by
what the true pass has there. If gradients become right, or more of all that is made becomes true, it is the line that
is wrong. What is wrong with it is told by its first wrong value, beside the true one (`told_by_value`).
"""

from __future__ import annotations

import ast
import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.diagnosis.in_order import InOrder
from autograd_seq.diagnosis.kinds import WRONG_VALUE
from autograd_seq.diagnosis.line_places import Edit, holder_of, read, target
from autograd_seq.diagnosis.line_variables import shape_of
from autograd_seq.diagnosis.search import Strayed
from autograd_seq.diagnosis.watched import Made

TRUE = "_true_value_"  # what the function is called in their file meanwhile
MOST_OFFSETS = 6  # places in a row at which a line that runs once could begin
MOST_ROWS = 60  # that are tried for one line


@dataclass(eq=False)
class Replaced(Edit):
    """A line that makes the true values.

    Attributes
    ----------
    row, offset : int
        Which, and the place of the first of them.
    key : int
        Its number among all of them.
    """

    row: int = 0
    offset: int = 0
    key: int = 0


class ByValue(InOrder):
    """Looks for lines that make wrong values, in the order of time.

    Parameters
    ----------
    order : InOrder
        What looks for changes of the same lines.
    enough : int
        How many gradients are wrong.
    values : list of ndarray
        Those of the true backward pass.
    rows : list of list of int
        Which of them belong to one line.
    factors : list of float
        Numbers that an array may have to be multiplied with to be one of these.
    same : callable
        Whether two arrays are equal as far as rounding lets them be.
    """

    def __init__(
        self,
        order: InOrder,
        enough: int,
        values: Sequence[Array],
        rows: Sequence[Sequence[int]],
        factors: Sequence[float],
        same: Callable[[Array, Array], bool],
    ) -> None:
        super().__init__(order._parts, self._begun(order._run), order._forward, order._backward, order._mended, enough)
        self._values, self._rows, self._same = values, rows, same
        self._factors = list(dict.fromkeys(factors))
        self._table: dict[int, tuple[Replaced, float]] = {}
        self._turns: Counter[int] = Counter()
        self._first: dict[int, Strayed] = {}
        self._shapes: dict[tuple[int, ...], list[int]] = {}
        for i, row in enumerate(rows):
            for shape in {np.squeeze(values[k]).shape for k in row}:
                self._shapes.setdefault(shape, []).append(i)

    def _begun(self, run: Callable[[], Any]) -> Callable[[], Any]:
        def begun() -> Any:
            self._turns.clear()
            self._first.clear()
            return run()

        return begun

    def run(self) -> Any:
        """Run the program with what was put into it."""
        return self._run()

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Let their functions know of the true values."""
        with contextlib.ExitStack() as kept:
            for part in self._parts:
                part.function.__globals__[TRUE] = self._true
                kept.callback(part.function.__globals__.pop, TRUE, None)
            yield

    def strayed(self, edit: Edit) -> Strayed | None:
        """The first wrong value that a line made in the last run."""
        return self._first.get(edit.key) if isinstance(edit, Replaced) else None

    def _true(self, key: int, value: Any) -> Any:
        """What the true pass has in the place of a value."""
        edit, factor = self._table[key]
        place = self._turns[key] + edit.offset
        self._turns[key] += 1
        row, found = self._rows[edit.row], np.asarray(value, float)
        if place >= len(row):
            return value
        true = _shaped_as(self._values[row[place]], found)
        if key not in self._first and not self._same(factor * found, true):
            self._first[key] = Strayed(edit.row, place, factor * found)
        return true / factor if factor != 1 else true.copy()

    # -- which lines, and what they should make -----------------------------------------------------------------

    def _all_hits(self, suspects: Sequence[Made]) -> Iterator[Edit]:
        """The lines with true values in the place of theirs."""
        made = self._made_now
        times = Counter(m.statement for m in made)
        have = {self._backward.which(v) for m in made for v in m.values}
        factor = self._likely(made)
        for m in suspects:
            for place in _places(m):
                yield from self._in(m, times[m.statement], place, have, factor)

    def _likely(self, made: Sequence[Made]) -> float:
        """The number by which their values differ from the true ones."""
        known = [f for m in made for v in m.values if (f := self._backward.factor_of(v)) is not None]
        return Counter(known).most_common(1)[0][0] if known else 1.0

    def _in(self, m: Made, times: int, place: Any, have: set[int | None], factor: float) -> Iterator[Edit]:
        whole = shape_of(m.part, place[3]) if place[3] else None
        sizes = {v.shape for v in m.values} if whole is None else {whole}
        shapes = {tuple(n for n in size if n != 1)[::way] for size in sizes for way in (1, -1)}
        rows = [i for i in dict.fromkeys(i for s in shapes for i in self._shapes.get(s, ()))]
        fresh = [i for i in rows if not set(self._rows[i]) <= have]
        fresh.sort(key=lambda i: next(k for k in self._rows[i] if k not in have))
        for i in fresh[:MOST_ROWS]:
            for offset in _offsets(len(self._rows[i]), times):
                if self._rows[i][offset] not in have or self._rows[i][-1] not in have:
                    yield self._edit(m, place, i, offset, factor)

    def _edit(self, m: Made, place: Any, row: int, offset: int, factor: float) -> Replaced:
        holder, slot, index, name = place
        key = len(self._table)
        new: Any = None
        if name is None:
            old = getattr(holder, slot) if index is None else getattr(holder, slot)[index]
            new = ast.Call(ast.Name(TRUE, ast.Load()), [ast.Constant(key), old], [])
        else:  # after the line, in the whole of what it adds to or writes into
            after = ast.Assign([ast.Name(name, ast.Store())], read(f"{TRUE}({key}, {name})"))
            new = ast.If(ast.Constant(True), [m.statement, after], [])
        ast.copy_location(new, m.statement)
        words = f"with another value in {target(m.statement)}"
        edit = Replaced(m.statement, holder, slot, index, new, WRONG_VALUE, words, m.part, "", row, offset, key)
        self._table[key] = edit, factor
        return edit


def _offsets(length: int, times: int) -> list[int]:
    """Where in a row that many values can begin."""
    if times > length:
        return []
    if times == 1 and length <= MOST_OFFSETS:
        return list(range(length))
    return list(dict.fromkeys([0, length - times]))


def _places(m: Made) -> list[tuple[Any, str, int | None, str | None]]:
    """The values that a statement makes; the variable whose array it changes."""
    s: Any = m.statement
    value = s.value
    if isinstance(value, (ast.Tuple, ast.List)):
        return [(value, "elts", i, None) for i in range(len(value.elts))]
    if isinstance(value, ast.Dict):
        return [(value, "values", i, None) for i in range(len(value.values))]
    found: list[tuple[Any, str, int | None, str | None]] = [(s, "value", None, None)]
    goal = s.target if isinstance(s, ast.AugAssign) else s.targets[0] if isinstance(s, ast.Assign) else None
    inside = isinstance(goal, ast.Subscript) or isinstance(s, ast.AugAssign)
    while isinstance(goal, ast.Subscript):
        goal = goal.value
    if inside and isinstance(goal, ast.Name):
        found.append((*holder_of(m.part.tree, s), goal.id))
    return found


def _shaped_as(true: Array, found: Array) -> Array:
    """A true value with the axes that stand there."""
    if true.shape == found.shape:
        return true
    if true.T.shape == found.shape:
        return true.T
    for way in (true, true.T):
        if np.squeeze(way).shape == np.squeeze(found).shape:
            return way.reshape(found.shape)
    return true  # what stands there has the wrong shape

