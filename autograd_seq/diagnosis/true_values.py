"""The values of the true passes, as far as somebody's own lines are compared with them: plain data."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.truth import Truth

Rows = list[list[Tensor]]
FEW, MOST_ADDED = 5, 12  # terms of a sum of which any may stand together, and those of which only neighbours do


@dataclass(frozen=True)
class TrueValues:
    """What the true passes are made of.

    Attributes
    ----------
    forward, backward : list of ndarray
        The values that depend on no adjoint, such as the forward pass's and 1 - a², and those that do.
    given : list of float
        The adjoints that were given and are one number each: a loss may be given its 1 in the end only.
    rows : list of list of int
        The places in `backward` of what does the same at all time steps, in the order in which it is made.
    single : int
        How many of the first of them are of one quantity each.
    sums : list of ndarray
        What some of the terms of an adjoint make together, as a function has it that adds the others elsewhere.
    lines : set of (str, int)
        The files and numbers of the lines of the forward pass.
    """

    forward: list[Array]
    backward: list[Array]
    given: list[float]
    rows: list[list[int]] = field(default_factory=list)
    single: int = 0
    sums: list[Array] = field(default_factory=list)
    lines: frozenset[tuple[str, int]] = frozenset()

    @classmethod
    def of(cls, truth: Truth | None, rows: Rows | None = None, single: int = 0) -> TrueValues:
        """Those of a recording; none where there is none."""
        if truth is None:
            return cls([], [], [])
        backward = adjoints_in(truth)
        live = set(backward)
        forward = [r._value for r in [*truth.recording.forward, *truth.recording.backward] if r not in live]
        given = [float(seed._value) for seed in truth.seeds.values() if seed.size == 1]
        places = {r: i for i, r in enumerate(backward)}
        found = [[places[r] for r in row] for row in rows or ()]
        sums = list(_partial_sums(backward))
        return cls(forward, [r._value for r in backward], given, found, single, sums, truth.lines)

    def to_data(self) -> dict[str, Any]:
        """As lists and arrays."""
        return {
            "forward": self.forward, "backward": self.backward, "given": self.given, "rows": self.rows,
            "sums": self.sums, "lines": [list(line) for line in self.lines],
        }  # fmt: skip

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> TrueValues:
        """The same again."""
        rows = [list(row) for row in data.get("rows", ())]
        given = [float(x) for x in data["given"]]
        lines = frozenset((str(file), int(line)) for file, line in data["lines"])
        return cls(list(data["forward"]), list(data["backward"]), given, rows, sums=list(data["sums"]), lines=lines)


def adjoints_in(truth: Truth) -> list[Tensor]:
    """The records of the true passes that depend on an adjoint, in order."""
    live = set(truth.seeds.values())
    for r in truth.recording.backward:
        if any(x in live for x in r.inputs):
            live.add(r)
    return [r for r in [*truth.recording.forward, *truth.recording.backward] if r in live]


def _partial_sums(backward: Sequence[Tensor]) -> Iterator[Array]:
    """What some of the terms of each adjoint make together: any of a few, or neighbours in the order of the sweep."""
    for r in backward:
        terms = [x._value for x in r.inputs] if algebra(r) == "sum of uses" else []
        if any(term.shape != r.shape for term in terms):
            continue  # a part of it, which is added to some rows only
        for count in range(2, len(terms)):
            together = itertools.combinations(terms, count) if len(terms) <= FEW else _neighbours(terms, count)
            yield from (sum(some[1:], start=some[0]) for some in together)


def _neighbours(terms: Sequence[Array], count: int) -> Iterator[Sequence[Array]]:
    """So many of them, one after another."""
    yield from (terms[i : i + count] for i in range(len(terms) - count + 1) if len(terms) <= MOST_ADDED)
