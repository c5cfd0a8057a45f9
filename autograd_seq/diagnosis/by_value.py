"""Mistakes found by the values that lines should make: a line that makes the true ones instead mends what follows.

Whatever was done wrong in it, and however the line is written: each time that it runs, what it makes is replaced by
what the true pass has there. If gradients become right, or more of all that is made becomes true, it is the line that
is wrong. What is wrong with it is told by its first wrong value, beside the true one (`told_by_value`).
"""

from __future__ import annotations

import ast
import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product
from typing import Any, cast

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.callers import caller_of
from autograd_seq.diagnosis.finding import Strayed
from autograd_seq.diagnosis.in_order import MOST_HITS, MOST_WAYS, InOrder
from autograd_seq.diagnosis.line_edits import (
    RARE_RULES,
    RULES,
    brackets,
    edits,
    made_by,
    operands,
    operations,
    written_over,
)
from autograd_seq.diagnosis.line_places import Edit, holder_of, read
from autograd_seq.diagnosis.line_shapes import SHAPES
from autograd_seq.diagnosis.line_variables import shape_of
from autograd_seq.diagnosis.meeting import changes_with_true
from autograd_seq.diagnosis.own_code import Part, put
from autograd_seq.diagnosis.watched import Made, fills, instead, multiplies, watched, whole_value

TRUE = "_true_value_"  # what the function is called in their file meanwhile
MOST_OFFSETS = 6  # places in a row at which a line that runs once could begin
MOST_ROWS = 60  # that are tried for one line
MOST_ODD = 6  # lines that are looked at for one mistake
MOST_PAIRED = 3  # of them, of which two are looked at together
MOST_TOGETHER = 12  # values of each of these
MOST_MET = 300  # changes of one line, each with true values in the place of what it reads
MOST_OF_SECOND = 120  # changes of a line in which one was made
CHANGED_TWICE = (ast.Assign, ast.AugAssign)
MOST_STORED = 250  # changes of the lines that put something into a variable


@dataclass(eq=False)
class Replaced(Edit):
    """A line that makes the true values.

    Attributes
    ----------
    row, offset : int
        Which, and the place of the first of them.
    key : int
        Its number among all of them.
    name : str
        The variable that has the true values before the line reads it; empty where the line itself makes them.
    stored : tuple of stmt
        The lines that put something into this variable.
    before : int
        How often the line runs before the backward pass.
    """

    row: int = 0
    offset: int = 0
    key: int = 0
    name: str = ""
    stored: tuple[ast.stmt, ...] = ()
    before: int = 0


@dataclass(frozen=True)
class Place:
    """Where true values can be put: in the place of a node, or of a variable that the statement there reads.

    Where the statement changes an array in place, they are put into this array.
    """

    holder: Any
    slot: str
    index: int | None
    name: str = ""
    stored: tuple[ast.stmt, ...] = ()
    filled: ast.expr | None = None


@dataclass(frozen=True)
class _Now:
    """What a program makes, which of it is true, and which of the wrong gradients are right."""

    made: list[Made]
    true: dict[Made, set[int | None]]
    right: frozenset[str]
    gradients: Mapping[str, Any]

    def true_without(self, statement: ast.stmt) -> set[int | None]:
        """What other statements make that is true."""
        return set().union(*(found for m, found in self.true.items() if m.statement is not statement))


@dataclass(frozen=True)
class _Tried:
    """How much becomes right, and how much true, with true values in the place of some."""

    edit: Replaced
    right: int
    gain: int

    def __gt__(self, other: _Tried) -> bool:
        return (self.right, self.gain) > (other.right, other.gain)


class ByValue(InOrder):
    """Looks for lines that make wrong values, in the order of time.

    Parameters
    ----------
    order : InOrder
        What looks for changes of the same lines.
    values : list of ndarray
        Those of the true backward pass.
    rows : list of list of int
        Which of them belong to one line.
    factor : float
        The number that what lines make has to be multiplied with to be one of these.
    same : callable
        Whether two arrays are equal as far as rounding lets them be.
    """

    def __init__(
        self,
        order: InOrder,
        values: Sequence[Array],
        rows: Sequence[Sequence[int]],
        factor: float,
        same: Callable[[Array, Array], bool],
    ) -> None:
        super().__init__(
            order._parts, self._begun(order._run), order._forward, order._backward, order._mended,
            order._wrong, order._passed_over,
        )  # fmt: skip
        self._values, self._rows, self._same = values, rows, same
        self._factor = factor
        self._table: dict[int, Replaced] = {}
        self._lent: dict[int, list[Array]] | None = None
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
    def lent(self, rows: dict[int, list[Array]] | None = None, given: Sequence[float] = ()) -> Iterator[None]:
        """Let their functions know of the true values; of other ones, for other inputs, if such rows are given."""
        factor = self._factor
        self._lent = rows
        self._factor = given[0] if given and factor != 1 else factor
        self._turns.clear()
        with contextlib.ExitStack() as kept:
            kept.callback(vars(self).update, _lent=None, _factor=factor)
            for part in self._parts:
                part.function.__globals__[TRUE] = self._true
                kept.callback(part.function.__globals__.pop, TRUE, None)
            yield

    def strayed(self, edit: Edit) -> Strayed | None:
        """The first wrong value that a line made in the last run."""
        return self._first.get(edit.key) if isinstance(edit, Replaced) else None

    def _true(self, key: int, value: Any) -> Any:
        """What the true pass has in the place of a value."""
        edit, factor = self._table[key], self._factor
        place = self._turns[key] - edit.before + edit.offset
        self._turns[key] += 1
        row, found = self._values_of_row(edit.row), np.asarray(value, float)
        if not edit.offset <= place < len(row):
            return value
        true = _shaped_as(row[place], found)
        if key not in self._first and not self._same(factor * found, true):
            self._first[key] = Strayed(edit.row, place, factor * found)
        return true / factor if factor != 1 else true.copy()

    def _values_of_row(self, row: int) -> list[Array]:
        if self._lent is not None:
            return self._lent.get(row, [])
        return [self._values[i] for i in self._rows[row]]

    def changes(self, edit: Edit, strayed: Strayed) -> list[Edit]:
        """The changes of a line with which it makes the true value the first time that it made another."""
        assert isinstance(edit, Replaced)
        if edit.name:
            return [c for s in edit.stored for rule in RULES for c in edits(edit.part, s, rule)][:MOST_STORED]
        true = self._values[self._rows[strayed.row][strayed.place]] / self._factor
        at = Made(edit.part, edit.statement, strayed.place - edit.offset + edit.before, [])
        for rules in ([*RULES, *SHAPES], RARE_RULES):
            ways = self._ways(at, rules, MOST_WAYS)
            found = self._made(at, ways)
            hits = [i for i, made in enumerate(found) if any(self._same(v, _shaped_as(true, v)) for v in made)]
            if hits:
                return [ways[i][0] for i in hits[:MOST_HITS]]
        return []

    def _made(self, at: Made, ways: Sequence[tuple[Edit, ast.expr]]) -> list[list[Array]]:
        """What a line makes with some changes; nothing, if it comes to no such time."""
        try:
            return instead(self._run, at, [way for _, way in ways])
        except Exception:  # as where a run uses up what was kept, or fails with another change before
            return []

    def changes_with_true(self, edit: Edit, strayed: Strayed) -> Iterator[tuple[Edit, str]]:
        """The changes of a line with which it makes the true value once a variable that it reads has it, and which."""
        assert isinstance(edit, Replaced)
        at = Made(edit.part, edit.statement, strayed.place - edit.offset + edit.before, [])
        goal = self._rows[strayed.row][strayed.place]
        true = self._values[goal] / self._factor
        ways = self._ways(at, [*RULES, *SHAPES], MOST_MET)
        for place in _read_by(at):
            there = at.part.arrays.get(place.name)
            if there is not None:
                values = [_shaped_as(v, there) / self._factor for v in self._near(goal, there.shape)]
                for change in changes_with_true(
                    self._run, at, ways, place.name, values, lambda v: self._same(v, _shaped_as(true, v))
                ):
                    yield change, place.name

    def overwritten(self, over: Callable[[], bool]) -> Iterator[Edit]:
        """The changes of = and += with which all is right once a variable that the line reads has its true values."""
        now = self._seen_now()
        if now is None:
            return
        for s, m in {m.statement: m for m in reversed(now.made) if _changes_in_place(m.statement)}.items():
            reached = set() if over() else self._reached(m, now.gradients)
            if not reached or not reached <= {*self._wrong}:
                continue
            times = sum(other.statement is s for other in now.made)
            for edit in made_by(m.part, s, written_over):
                if isinstance(edit.new, ast.stmt):
                    with put(edit):
                        found = self._all_right_with(Made(m.part, edit.new, m.turn, m.values), times, now, over)
                    if found:
                        yield edit

    def _all_right_with(self, m: Made, times: int, now: _Now, over: Callable[[], bool]) -> bool:
        """Whether all is right with true values in the place of a variable that a line reads."""
        for place in _read_by(m):
            for edit in islice(self._in(m, times, place, now), MOST_TOGETHER):
                after = self._after([edit])
                if over() or (after is not None and len(after.right) == self._enough):
                    return not over()
        return False

    def two_changes(self, edit: Edit, strayed: Strayed) -> Iterator[tuple[Edit, Edit]]:
        """Two changes of a line with which it makes the true value, though with neither of them alone."""
        assert isinstance(edit, Replaced)
        at = Made(edit.part, edit.statement, strayed.place - edit.offset + edit.before, [])
        true = self._values[self._rows[strayed.row][strayed.place]] / self._factor
        for rule in (brackets, operations) if isinstance(at.statement, CHANGED_TWICE) else ():
            for one in edits(edit.part, at.statement, rule):
                with put(one):
                    ways = self._ways(at, [operands], MOST_OF_SECOND)
                    for (another, _), made in zip(ways, self._made(at, ways), strict=False):
                        if any(self._same(v, _shaped_as(true, v)) for v in made):
                            yield one, another

    def _near(self, goal: int, shape: tuple[int, ...]) -> list[Array]:
        """The other true values of a shape, the nearest in the order of the sweep first."""
        shapes = {tuple(n for n in shape if n != 1)[::way] for way in (1, -1)}
        rows = {i for s in shapes for i in self._shapes.get(s, ())}
        others = {k for i in rows for k in self._rows[i]} - {goal}
        return [self._values[k] for k in sorted(others, key=lambda k: abs(k - goal))]

    def is_in_place(self, edit: Edit, strayed: Strayed) -> ast.stmt | None:
        """The line that changed an array whose true value had been there before."""
        new: Any = edit.new
        changes = [s for s in edit.stored if _changes_in_place(s)] if isinstance(edit, Replaced) else []
        if not changes or not isinstance(new, ast.If):
            return None
        made, _ = watched(self._parts, self._run)
        first = next((i for i, m in enumerate(made) if m.statement is new.body[1]), 0)
        wanted = self._backward.which(self._values[self._rows[strayed.row][strayed.place]])
        before = [m for m in made[:first] if not _is_lent(m.statement)]
        there = wanted is not None and any(self._backward.which(v) == wanted for m in before for v in m.values)
        return changes[-1] if there else None

    # -- one line after another ---------------------------------------------------------------------------------

    def next(self, over: Callable[[], bool]) -> Edit | None:
        """The line that is wrong first; None if there is none that makes more right."""
        now = self._seen_now()
        if now is None:
            return None
        best: _Tried | None = None
        odd = list(islice(self._odd(now.made, now.gradients), MOST_ODD))
        for m in odd:
            baseline = now.true_without(m.statement)
            for edit in self._candidates(m, now):
                after = self._after([edit])
                if after is None or not now.right <= after.right:
                    continue
                tried = _Tried(edit, len(after.right), len(after.true_without(m.statement)) - len(baseline))
                if (tried.right > len(now.right) or tried.gain > 0) and (best is None or tried > best):
                    best = tried
                if over() or len(after.right) == self._enough:
                    return best.edit if best is not None else None
            if best is not None and best.right > len(now.right):
                break
        if best is not None:
            return best.edit
        return None if now.right else self._first_of_two(odd, now, over)  # costly, so for the beginning only

    def _first_of_two(self, odd: Sequence[Made], now: _Now, over: Callable[[], bool]) -> Edit | None:
        """Two lines neither of which makes anything right alone, as where two states are carried back."""
        for first, second in combinations(odd[:MOST_PAIRED], 2):
            some = list(islice(self._candidates(first, now), MOST_TOGETHER))
            others = list(islice(self._candidates(second, now), MOST_TOGETHER))
            for one, other in product(some, others):
                if one.holder is other.holder or over():
                    continue
                after = self._after([one, other])
                if after is not None and now.right < after.right:
                    return one
        return None

    def _after(self, edits: Sequence[Edit]) -> _Now | None:
        with contextlib.ExitStack() as kept:
            for edit in edits:
                kept.enter_context(put(edit))
            return self._seen_now()

    def _seen_now(self) -> _Now | None:
        """What the program makes as it is now; None where it fails, or spoils what was right."""
        try:
            made, gradients = self._watcher.run(self._run)
        except Exception:  # whatever a changed program raises
            return None
        right = self._mended(gradients)
        if right is None:
            return None
        lent = {s for s in {m.statement for m in made} if _is_lent(s)}
        made = [m for m in made if m.statement not in lent]
        true = {m: {self._backward.which(v) for v in [*m.values, *m.joined]} - {None} for m in made}
        return _Now(made, true, frozenset(right), gradients)

    def _before(self, statement: ast.stmt) -> float:
        """How often a statement runs before the backward pass."""
        return self._passed_over.get(statement, 0)

    # -- which lines, and what they should make -----------------------------------------------------------------

    def _candidates(self, m: Made, now: _Now) -> Iterator[Replaced]:
        """A line with true values in the place of its own, or of the variables that it reads."""
        times = sum(other.statement is m.statement for other in now.made)
        caller = caller_of(m, now.made)
        for other in [caller] if caller is not None else ():
            for place in self._doubtful(other, now):
                yield from self._in(other, sum(o.statement is other.statement for o in now.made), place, now)
        for place in [*self._doubtful(m, now), *_values_of(m)]:
            yield from self._in(m, times, place, now)

    def _doubtful(self, m: Made, now: _Now) -> Iterator[Place]:
        """The variables that a line reads, but for those that were made true."""
        for place in _read_by(m):
            stored = [other for other in now.made if other.statement in place.stored]
            whole = all(isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name) for s in place.stored)
            if not (stored and whole and all(now.true[other] for other in stored)):
                yield place

    def _in(self, m: Made, times: int, place: Place, now: _Now) -> Iterator[Replaced]:
        """First with the rows of which the line makes some values, as one does that is right at some of the steps."""
        have = set().union(*now.true.values())
        makers = place.stored if place.name else (m.statement,)
        own = set().union(*(now.true[other] for other in now.made if other.statement in makers))
        whole = shape_of(m.part, place.name) if place.name else None
        sizes = {v.shape for v in m.values} if whole is None else {whole}
        shapes = {tuple(n for n in size if n != 1)[::way] for size in sizes for way in (1, -1)}
        rows = [i for i in dict.fromkeys(i for s in shapes for i in self._shapes.get(s, ()))]
        fresh = [i for i in rows if not set(self._rows[i]) <= have]
        fresh.sort(key=lambda i: (own.isdisjoint(self._rows[i]), next(k for k in self._rows[i] if k not in have)))
        for i in fresh[:MOST_ROWS]:
            for offset in _offsets(len(self._rows[i]), times):
                if self._rows[i][offset] not in have or self._rows[i][-1] not in have:
                    yield self._edit(m, place, i, offset)

    def _edit(self, m: Made, place: Place, row: int, offset: int) -> Replaced:
        key = len(self._table)
        new: Any = None
        if place.filled is not None:
            made = whole_value(m.statement, m.statement.value)  # type: ignore[attr-defined]
            into = _into(m.part, ast.unparse(place.filled))
            new = ast.Assign([into], ast.Call(ast.Name(TRUE, ast.Load()), [ast.Constant(key), made], []))
        elif not place.name:
            now = getattr(place.holder, place.slot)
            old = now if place.index is None else now[place.index]
            new = ast.Call(ast.Name(TRUE, ast.Load()), [ast.Constant(key), old], [])
        else:
            first = ast.Assign([ast.Name(place.name, ast.Store())], read(f"{TRUE}({key}, {place.name})"))
            new = ast.If(ast.Constant(True), [first, m.statement], [])
        ast.copy_location(new, m.statement)
        line = place.stored[-1] if place.stored else m.statement
        words = kinds.ANOTHER_VALUE.words
        edit = Replaced(line, place.holder, place.slot, place.index, new, kinds.WRONG_VALUE, words, m.part, "", "",
                        row, offset, key, place.name, place.stored, int(self._before(m.statement)))  # fmt: skip
        self._table[key] = edit
        return edit


def _into(part: Part, text: str) -> ast.expr:
    """What to assign to, so that all that have an array find in it what is put there; a number is put anew."""
    goal: Any = read(f"{text}[...]" if shape_of(part, text) else text)
    goal.ctx = ast.Store()
    return cast(ast.expr, goal)


def _offsets(length: int, times: int) -> list[int]:
    """Where in a row that many values can begin."""
    if times > length:
        return []
    if times == 1 and length <= MOST_OFFSETS:
        return list(range(length))
    return list(dict.fromkeys([0, length - times]))


def _values_of(m: Made) -> list[Place]:
    """The values that a statement makes."""
    s: Any = m.statement
    value = s.value
    if isinstance(s, ast.Return) and not isinstance(value, ast.BinOp):
        return []  # what is returned was made before
    if multiplies(s) or fills(s) is not None:
        return [Place(*holder_of(m.part.tree, s), filled=fills(s) or s.target)]
    if isinstance(value, (ast.Tuple, ast.List)):
        return [Place(value, "elts", i) for i in range(len(value.elts))]
    if isinstance(value, ast.Dict):
        return [Place(value, "values", i) for i in range(len(value.values))]
    return [Place(s, "value", None)]


def _read_by(m: Made) -> Iterator[Place]:
    """The variables that a statement reads, each with the lines that store into it."""
    s: Any = m.statement
    stored: dict[str, list[ast.stmt]] = {}
    for other in m.part.statements():
        if isinstance(other, (ast.Assign, ast.AugAssign)) and other is not s:
            goal = other.target if isinstance(other, ast.AugAssign) else other.targets[0]
            while isinstance(goal, ast.Subscript):
                goal = goal.value
            if isinstance(goal, ast.Name):
                stored.setdefault(goal.id, []).append(other)
    for name in dict.fromkeys(n.id for n in ast.walk(s.value) if isinstance(n, ast.Name)):
        if shape_of(m.part, name) and (name in stored or name not in m.part.forward):
            before = [o for o in stored.get(name, ()) if o.lineno < s.lineno] or stored.get(name, [])
            yield Place(*holder_of(m.part.tree, s), name, tuple(before))


def _changes_in_place(s: ast.stmt) -> bool:
    return isinstance(s, ast.AugAssign) or (isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Subscript))


def _is_lent(s: Any) -> bool:
    """Whether a statement is made of true values that were put there."""
    value = s.value
    made = value.elts if isinstance(value, (ast.Tuple, ast.List)) else getattr(value, "values", None) or [value]
    return any(isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == TRUE for n in made)


def is_lent(node: ast.AST) -> bool:
    """Whether true values were put anywhere into a piece of a program."""
    return any(isinstance(n, ast.Name) and n.id == TRUE for n in ast.walk(node))


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

