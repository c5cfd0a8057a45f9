"""A recorded backward pass as a program that can be run again with some of its lines changed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import AutogradError
from autograd_seq.core.names import text
from autograd_seq.core.part import is_basic
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.truth import Truth
from autograd_seq.folding.alike import alike
from autograd_seq.writer import too_deep
from autograd_seq.writer.by_hand import FormulaWriter
from autograd_seq.writer.writer import Called

Values = Callable[[Tensor], Array]
Change = Callable[[Values], Any]  # the changed value of a record, from the values of others
Changes = Mapping[Tensor, Change]
Line = tuple[Tensor, Callable[..., Any] | None, Sequence[Tensor], Sequence[Array]]
# what a line with other values in it may raise: that it cannot be so is no reason to end a search
DOES_NOT_FIT = (
    ValueError, TypeError, IndexError, KeyError, AttributeError, ArithmeticError, StopIteration, RecursionError,
    AutogradError,
)  # fmt: skip
MOST_REMEMBERED = 300  # sets of changed records


class Program:
    """The backward pass of a `Truth`, line by line.

    Attributes
    ----------
    records : list of Tensor
        What the backward pass computes, in order.
    results : dict
        Under each gradient's name the record that it is.
    roles : dict
        From each record, forward or backward, to what it does in its time step: the records of
        several time steps that do the same have the same role.
    """

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        recording = truth.recording
        self.records = [r for r in recording.backward if r.operation is not None]
        self.results = {f"d{key}": recording.adjoints[x] for key, x in truth.inputs.items() if x in recording.adjoints}
        self._positions = {r: i for i, r in enumerate(self.records)}
        self.users: dict[Tensor, list[Tensor]] = {}
        for r in self.records:
            for x in r.inputs:
                self.users.setdefault(x, []).append(r)
        self.serves = {r: node for node, made in recording.emitted.items() for r in made}
        self.roles: dict[Tensor, Hashable] = dict(alike(recording, recording.forward.scopes).roles)
        self.roles |= {r: (self.roles[r], r.operation) for r in self.serves if r in self.roles}  # a lone term: no sum
        self.T = max((r.scope.time or 0 for r in recording.forward), default=0)
        self._reach: dict[Tensor, frozenset[str]] = {}
        self._known: dict[frozenset[Tensor], list[Tensor]] = {}
        self._computed: dict[frozenset[Tensor], list[Line]] = {}
        self._rules = {r: (_rule(r), r.inputs, [x._value for x in r.inputs]) for r in self.records}
        self.work = 0  # lines that were computed again

    def time(self, r: Tensor) -> int | None:
        """The time step that a record belongs to."""
        return self.serves[r].scope.time if r in self.serves else r.scope.time

    def reach(self, r: Tensor) -> frozenset[str]:
        """Which gradients depend on a backward record."""
        if not self._reach:
            for made in reversed(self.records):
                own = {key for key, result in self.results.items() if result is made}
                self._reach[made] = frozenset(own.union(*(self._reach[u] for u in self.users.get(made, []))))
        return self._reach.get(r, frozenset())

    def run(self, changes: Changes) -> dict[str, Array]:
        """The gradients that change if some records do; everything behind those is computed again.

        Raises
        ------
        ValueError, TypeError, IndexError
            If the changed shapes do not fit together.
        """
        new = self.values(changes)
        return {key: new[self.results[key]] for key in self.results if self.results[key] in new}

    def values(self, changes: Changes) -> dict[Tensor, Array]:
        """What becomes of some changed records and of everything behind them, in order."""
        new: dict[Tensor, Array] = {}

        def value(r: Tensor) -> Array:
            return new.get(r, r._value)

        lines, now, array = self._lines(frozenset(changes)), new.get, np.ndarray
        self.work += len(lines)
        for r, rule, inputs, as_they_were in lines:  # by far the most of what a search does
            made = changes[r](value) if rule is None else rule(*map(now, inputs, as_they_were))
            new[r] = made if type(made) is array else np.asarray(made)
        return new

    def _lines(self, changed: frozenset[Tensor]) -> list[Line]:
        """The lines behind some records, each with what it computes; None of those records themselves."""
        if changed not in self._computed:
            if len(self._computed) > MOST_REMEMBERED:
                self._computed.clear()
            rules = self._rules
            self._computed[changed] = [(r, None, (), ()) if r in changed else (r, *rules[r])
                                       for r in self.behind(changed)]  # fmt: skip
        return self._computed[changed]

    def behind(self, changed: frozenset[Tensor]) -> list[Tensor]:
        """Some records and all that is computed from them, in order; remembered, as many edits are of the same."""
        if changed not in self._known:
            if len(self._known) > MOST_REMEMBERED:
                self._known.clear()
            found: set[Tensor] = set()
            first = min((self._positions[r] for r in changed), default=0)
            ordered = []
            for r in self.records[first:]:
                if r in changed or not found.isdisjoint(r.inputs):
                    found.add(r)
                    ordered.append(r)
            self._known[changed] = ordered
        return self._known[changed]

    def between(self, start: Tensor, end: Tensor) -> list[Tensor]:
        """The records on the ways from `start` to `end`, without `start`, with `end`; empty if there is no way."""
        behind = {start}
        ordered = []
        first, last = self._positions.get(start, -1), self._positions.get(end, -1)
        for r in self.records[first + 1 : last + 1]:
            if not behind.isdisjoint(r.inputs):
                behind.add(r)
                ordered.append(r)
        if end not in behind:
            return []
        before = {end}
        for r in reversed(ordered):
            if r in before:
                before.update(x for x in r.inputs if x in behind)
        return [r for r in ordered if r in before]


def _rule(r: Tensor) -> Callable[..., Any]:
    """A record's value rule, with what can be known before it is computed again and again."""
    if algebra(r) == "gathered parts" and all(map(is_basic, r.settings["indices"])):
        return partial(_gathered, r.settings["indices"], r.settings["shape"])
    if algebra(r) == "sum of uses":
        return _summed
    if algebra(r) == "name":
        return np.asarray
    return partial(r.operation.value, **r.settings) if r.settings else r.operation.value


def _summed(*terms: Array) -> Array:
    """A sum of arrays of one shape; of others there is none."""
    total = terms[0]
    for x in terms[1:]:
        if x.shape != total.shape:
            raise ValueError("the shapes differ")
        total = total + x
    return total


def _gathered(indices: Iterable[Any], shape: tuple[int, ...], *pieces: Array) -> Array:
    """Parts that no index picks twice, in one array."""
    whole = np.zeros(shape)
    for index, piece in zip(indices, pieces, strict=True):
        whole[index] += piece
    return whole


def bare(r: Tensor) -> Tensor:
    """What a record that only renames another stands for."""
    while algebra(r) == "name":
        r = r.inputs[0]
    return r


def sums_axes(r: Tensor) -> bool:
    """Whether a record is the sum of another over axes."""
    return r.operation is not None and r.operation.reduces is np.add


def evaluate(r: Tensor, value: Values) -> Array:
    """A record's value rule on given values of its inputs."""
    return np.asarray(r.operation.value(*map(value, r.inputs), **r.settings))


def along(change: Change, start: Tensor, path: Iterable[Tensor]) -> Change:
    """The value at the end of a path if `start` is changed for this path only."""
    steps = list(path)

    def changed(value: Values) -> Array:
        local: dict[Tensor, Array] = {start: np.asarray(change(value))}
        for r in steps:
            inputs = [local[x] if x in local else value(x) for x in r.inputs]
            local[r] = np.asarray(r.operation.value(*inputs, **r.settings))
        return local[steps[-1]]

    return changed


def called(r: Tensor) -> str:
    """A record in words: by name, or as a formula of named ones."""
    return _WRITER(r)


def formula(r: Tensor) -> str:
    """A record's formula in named records."""
    return _WRITER.expression(r)[0] if r.operation is not None else _WRITER(r)


def stops(r: Tensor, depth: int) -> Called:
    """Constants as what they are; and where a formula would be too long to read, nothing more of it."""
    if r.operation is not None:
        return too_deep(r, depth)
    if r.size == 1:
        return f"{float(r._value.flat[0]):.6g}"
    return f"a constant of shape {'×'.join(map(str, r.shape))}"


_WRITER = FormulaWriter("text", lambda r: text(r.name, r.scope) if r.name else None, stops)
