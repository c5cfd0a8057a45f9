"""The values of the true passes, as far as somebody's own lines are compared with them: plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.truth import Truth

Rows = list[list[Tensor]]


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
    """

    forward: list[Array]
    backward: list[Array]
    given: list[float]
    rows: list[list[int]] = field(default_factory=list)
    single: int = 0

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
        return cls(forward, [r._value for r in backward], given, found, single)

    def to_data(self) -> dict[str, Any]:
        """As lists and arrays."""
        return {"forward": self.forward, "backward": self.backward, "given": self.given, "rows": self.rows}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> TrueValues:
        """The same again."""
        rows = [list(row) for row in data.get("rows", ())]
        return cls(list(data["forward"]), list(data["backward"]), [float(x) for x in data["given"]], rows)


def adjoints_in(truth: Truth) -> list[Tensor]:
    """The records of the true passes that depend on an adjoint, in order."""
    live = set(truth.seeds.values())
    for r in truth.recording.backward:
        if any(x in live for x in r.inputs):
            live.add(r)
    return [r for r in [*truth.recording.forward, *truth.recording.backward] if r in live]
