"""The values of the true passes, as far as somebody's own lines are compared with them: plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograd_seq.core.array import Array
from autograd_seq.diagnosis.truth import Truth


@dataclass(frozen=True)
class TrueValues:
    """What the true passes are made of.

    Attributes
    ----------
    forward, backward : list of ndarray
        The values that depend on no adjoint, such as the forward pass's and 1 - a², and those that do.
    given : list of float
        The adjoints that were given and are one number each: a loss may be given its 1 in the end only.
    """

    forward: list[Array]
    backward: list[Array]
    given: list[float]

    @classmethod
    def of(cls, truth: Truth | None) -> TrueValues:
        """Those of a recording; none where there is none."""
        if truth is None:
            return cls([], [], [])
        live = set(truth.seeds.values())
        for r in truth.recording.backward:
            if any(x in live for x in r.inputs):
                live.add(r)
        both = [*truth.recording.forward, *truth.recording.backward]
        forward = [r._value for r in both if r not in live]
        given = [float(seed._value) for seed in truth.seeds.values() if seed.size == 1]
        return cls(forward, [r._value for r in both if r in live], given)

    def to_data(self) -> dict[str, Any]:
        """As lists and arrays."""
        return {"forward": self.forward, "backward": self.backward, "given": self.given}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> TrueValues:
        """The same again."""
        return cls(list(data["forward"]), list(data["backward"]), [float(x) for x in data["given"]])
