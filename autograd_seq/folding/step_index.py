"""Numbers in an operation's settings that count with the time step, as the t in x[:, :, t]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class StepIndex:
    """The number t + shift, at step t.

    Examples
    --------
    >>> StepIndex(-1), StepIndex(0), StepIndex(-1).at(3)
    (t - 1, t, 2)
    """

    shift: int

    def at(self, time: int) -> int:
        """Its value at a step."""
        return time + self.shift

    def __repr__(self) -> str:
        return "t" if not self.shift else f"t {'-' if self.shift < 0 else '+'} {abs(self.shift)}"


def unify(values: dict[int, Any], default: Any) -> Any:
    """One setting for several steps: the value itself if all are equal, with a `StepIndex` where it counts with t.

    Parameters
    ----------
    values : dict
        From the step to the value there.
    default
        The answer if the values have nothing in common.

    Examples
    --------
    >>> unify({1: (slice(None), 0), 2: (slice(None), 1)}, None)
    (slice(None, None, None), t - 1)
    >>> unify({1: 5, 2: 7}, None) is None
    True
    """
    found = list(values.values())
    first = found[0]
    if all(_same(first, value) for value in found[1:]):
        return first
    kinds = {type(value) for value in found}
    if kinds == {int}:
        shifts = {value - time for time, value in values.items()}
        return StepIndex(shifts.pop()) if len(shifts) == 1 else default
    if kinds == {tuple} and len({len(value) for value in found}) == 1:
        parts = [unify({t: v[i] for t, v in values.items()}, _MISSING) for i in range(len(first))]
        return default if any(part is _MISSING for part in parts) else tuple(parts)
    if kinds == {slice}:
        ends = [unify({t: getattr(v, end) for t, v in values.items()}, _MISSING) for end in ("start", "stop", "step")]
        return default if any(end is _MISSING for end in ends) else slice(*ends)
    return default


_MISSING = object()


def at_step(value: Any, time: int) -> Any:
    """A unified setting at one step."""
    if isinstance(value, StepIndex):
        return value.at(time)
    if isinstance(value, tuple):
        return tuple(at_step(part, time) for part in value)
    if isinstance(value, slice):
        return slice(*(at_step(part, time) for part in (value.start, value.stop, value.step)))
    return value


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return type(a) is type(b) and np.array_equal(a, b)
    if type(a) is not type(b):
        return False
    if isinstance(a, tuple):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)
