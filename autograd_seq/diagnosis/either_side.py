"""Where a function has a kink, and its argument lies exactly on it, more than one derivative is as good as another.

relu'(0) may be 0, 1 or anything between, and of tied maxima any may have the adjoint. Each such place is
nudged to either side, in the one operation that has the kink and its own rule alone, and both passes are run again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.truth import Truth
from autograd_seq.readings.branches import decisions

NUDGE = 1e-9  # relative to the largest number beside it
MOST_PLACES = 200
SWEEPS = 300
FITS = 1e-7  # relative to each element: far above the nudge


@dataclass(frozen=True)
class Place:
    """An element of an operand on which a record's kink lies."""

    record: Tensor
    operand: int
    element: tuple[int, ...]

    def nudged(self, side: int) -> Array:
        """The operand with this element moved to one side."""
        value = np.array(self.record.inputs[self.operand]._value)
        value[self.element] += side * NUDGE * max(float(np.max(np.abs(value))), 1e-3)
        return value


class Kinks:
    """The gradients that a recorded pass has if its kinks are taken otherwise.

    Parameters
    ----------
    truth : Truth
        What was recorded.
    """

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.places = list(_places(truth))

    def allow(self, key: str, found: Array, off: Array) -> bool | None:
        """Whether a gradient is one of those at a kink; None where that cannot be told.

        Parameters
        ----------
        key : str
            Which gradient.
        found : ndarray
            What somebody's backward pass gave for it.
        off : ndarray of bool
            The elements that are not the recorded gradient's.
        """
        if not self.places:
            return False
        for uniform in self._uniform:
            if _fits(found[off], uniform[key][off]):
                return True
        if len(self.places) > MOST_PLACES:
            return None if self._between(key, found, off) else False
        base = self._uniform[0][key]
        columns = [(above[key] - below[key]).ravel() for below, above in self._singles]
        combined = base + _combined(columns, (found - base).ravel()).reshape(base.shape)
        if _fits(found[off], combined[off]):
            return True
        return None if self._nested and self._between(key, found, off) else False

    def _between(self, key: str, found: Array, off: Array) -> bool:
        """Whether every element lies between those that were seen: kinks behind kinks may give it."""
        pairs = [one for pair in self._singles for one in pair]
        seen = [gradients[key][off] for gradients in [*self._uniform, *pairs]]
        low, high = np.min(seen, axis=0), np.max(seen, axis=0)
        room = FITS * max(float(np.max(np.abs(high), initial=0)), float(np.max(np.abs(low), initial=0)))
        return bool(np.all((found[off] >= low - room) & (found[off] <= high + room)))

    @cached_property
    def _nested(self) -> bool:
        """Whether a kink lies behind another, so that their parts do not just add up."""
        behind: set[Tensor] = set()
        own = {place.record for place in self.places}
        for r in self.truth.recording.forward:
            if not behind.isdisjoint(r.inputs):
                if r in own:
                    return True
                behind.add(r)
            if r in own:
                behind.add(r)
        return False

    @cached_property
    def _uniform(self) -> list[dict[str, Array]]:
        """All kinks taken from below, and all from above."""
        return [_rerun(self.truth, [(place, side) for place in self.places]) for side in (-1, 1)]

    @cached_property
    def _singles(self) -> list[tuple[dict[str, Array], dict[str, Array]]]:
        """Each kink by itself from below and from above."""
        if len(self.places) > MOST_PLACES:
            return []
        return [(_rerun(self.truth, [(place, -1)]), _rerun(self.truth, [(place, 1)])) for place in self.places]

    def __str__(self) -> str:
        said = [f"{p.record.operation.name} at {list(p.element)}" for p in self.places[:3]]
        return ", ".join(said) + (f" and {len(self.places) - 3} more places" if len(self.places) > 3 else "")


def _places(truth: Truth) -> list[Place]:
    found = []
    for record in truth.recording.forward:
        if record.operation is None or not record.size:
            continue
        try:
            made = decisions(record)
        except Exception:  # a meaning that knows other algebras only
            continue
        if 0 in made:
            found += _of(record, made)
    return found


def _of(record: Tensor, made: list[int]) -> list[Place]:
    """The elements of a record's operands that lie on its kinks."""
    ties = None
    if record.operation.elementwise and len(made) % record.size == 0:  # one decision after another, element by element
        ties = np.any(np.reshape(made, (-1, record.size)) == 0, axis=0).reshape(record.shape)
    found = []
    for i, x in enumerate(record.inputs):
        if x.dtype.kind != "f":
            continue
        if ties is not None and x.shape == record.shape:
            where = ties
        else:  # a maximum: what is as large as it may be tied, if anything is
            where = np.isin(x._value, record._value) if record.dtype.kind == "f" else np.ones(x.shape, dtype=bool)
        places = [Place(record, i, tuple(int(n) for n in place)) for place in np.argwhere(where)]
        if ties is None and len(places) <= MOST_PLACES:
            places = [p for p in places if _is_tied(p, made)]
        found += places
        if ties is not None and x.shape == record.shape:
            break  # to move one side of a comparison is enough
    return found


def _is_tied(place: Place, made: list[int]) -> bool:
    """Whether an element takes part in a tie: moved, it leaves fewer of them."""
    values = [x._value for x in place.record.inputs]
    values[place.operand] = place.nudged(1)
    return decisions(place.record, values).count(0) < made.count(0)


def _rerun(truth: Truth, moved: list[tuple[Place, int]]) -> dict[str, Array]:
    """The gradients if some kinks are taken from a given side."""
    recording = truth.recording
    operands: dict[Tensor, dict[Tensor, Array]] = {}  # what a record, and what its rules made, see in place of others
    for place, side in moved:
        seen = operands.setdefault(place.record, {})
        x = place.record.inputs[place.operand]
        step = place.nudged(side) - x._value
        seen[x] = seen.get(x, x._value) + step
    for record, seen in list(operands.items()):
        values = [seen.get(x, x._value) for x in record.inputs]
        seen[record] = np.asarray(record.operation.value(*values, **record.settings))
        for made in recording.emitted.get(record, ()):
            operands[made] = seen
    new: dict[Tensor, Array] = {}
    with np.errstate(all="ignore"):
        for r in [*recording.forward, *recording.backward]:
            if r.operation is None or r in new:
                continue
            seen = operands.get(r, {})
            if r in seen:  # the record itself: only what it decides is another, not its value
                new[r] = seen[r] if r.dtype.kind != "f" else r._value
            elif seen or any(x in new for x in r.inputs):
                values = [seen[x] if x in seen else new.get(x, x._value) for x in r.inputs]
                new[r] = np.asarray(r.operation.value(*values, **r.settings))
    result: Mapping[str, Array] = {
        f"d{key}": new.get(recording.adjoints[x], recording.adjoints[x]._value)
        for key, x in truth.inputs.items()
        if x in recording.adjoints
    }
    return {**truth.gradients, **result}


def _combined(columns: list[Array], wanted: Array) -> Array:
    """The sum of columns, each times a number from 0 to 1, that comes nearest."""
    columns = [c for c in columns if np.any(c)]
    if not columns:
        return np.zeros_like(wanted)
    matrix = np.stack(columns, axis=1)
    weights = np.clip(np.linalg.lstsq(matrix, wanted, rcond=None)[0], 0, 1)
    lengths = np.sum(matrix**2, axis=0)
    left = wanted - matrix @ weights
    for _ in range(SWEEPS):
        for k in range(len(columns)):
            new = float(np.clip(weights[k] + matrix[:, k] @ left / lengths[k], 0, 1))
            left -= (new - weights[k]) * matrix[:, k]
            weights[k] = new
    return np.asarray(matrix @ weights)


def _fits(found: Array, allowed: Array) -> bool:
    size = np.maximum(np.abs(found), np.abs(allowed))
    return bool(np.all(np.abs(found - allowed) <= FITS * size + 1e-12 * np.max(size, initial=0)))
