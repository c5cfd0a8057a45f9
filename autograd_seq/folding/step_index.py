"""Numbers in an operation's settings that count with the step, as the t in x[:, :, t], or that data give for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

import numpy as np

from autograd_seq.folding.provenance import DATA, RULES, Origin


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


@dataclass(frozen=True, slots=True, eq=False)
class GivenIndex:
    """An index that data give for each step, as targets[t] does in p[targets[t]].

    Attributes
    ----------
    words : str or None
        What the program calls the data.
    values : tuple of (int or None, index)
        By step; of a record outside of time one, at None.
    place : int or None
        Which record outside of time it belongs to.
    shift : int
        How many steps later it is given than it is used.
    more : int
        What the program adds to it.
    """

    words: str | None
    values: tuple[tuple[int | None, Any], ...]
    place: int | None = None
    shift: int = 0
    more: int = 0

    def at(self, time: int) -> Any:
        """The index at a step; the one that there is, where it belongs to none."""
        known = dict(self.values)
        given = known[None] if None in known else known[time + self.shift]
        return given + self.more if self.more else given

    @property
    def data(self) -> GivenIndex:
        """What is given, as it is given."""
        return replace(self, shift=0, more=0)

    def agrees(self, other: GivenIndex) -> bool:
        """Whether both can be of the same data: they give the same wherever both give something."""
        mine, its = dict(self.values), dict(other.values)
        return self.words == other.words and all(_same(mine[time], its[time]) for time in mine.keys() & its.keys())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GivenIndex):
            return False
        mine = self.words, self.place, self.shift, self.more
        return mine == (other.words, other.place, other.shift, other.more) and _same(self.values, other.values)

    def __hash__(self) -> int:
        return hash((self.words, len(self.values)))

    def __repr__(self) -> str:
        return (self.words or "index") + "<t>" * (self.values[0][0] is not None)


@dataclass(frozen=True, slots=True)
class GivenAt:
    """What data gave for one step, by the step that it was given for."""

    index: GivenIndex
    time: int


def unify_index(values: dict[int, Any], default: Any, origins: tuple[Origin, ...], shift: int = 0) -> Any:
    """As `unify`, of an index whose parts have origins: what is data is given, whatever the numbers happen to be.

    With `shift`, data are given for a step that many steps later.

    Examples
    --------
    >>> unify_index({1: (3, 0), 2: (4, 0)}, None, (Origin("counter"), Origin("code")))
    (t + 2, 0)
    >>> unify_index({1: (3, 0), 2: (4, 0)}, None, (Origin("data", "targets"), Origin("code")))
    (targets<t>, 0)
    """
    found = list(values.values())
    if all(type(value) is tuple for value in found) and len({len(value) for value in found}) == 1:
        count = len(found[0])
        known = origins if len(origins) == count else (None,) * count
        parts = [_unify_part({t: v[i] for t, v in values.items()}, known[i], shift) for i in range(count)]
        return default if any(part is _MISSING for part in parts) else tuple(parts)
    part = _unify_part(values, origins[0] if len(origins) == 1 else None, shift)
    return default if part is _MISSING else part


def _unify_part(values: dict[int, Any], origin: Origin | None, shift: int) -> Any:
    """One part of an index; of what has no origin that is known, only what is the same at all steps is a rule."""
    if origin is not None and origin.kind in RULES:
        return unify(values, _MISSING)
    found = list(values.values())
    if origin is not None and origin.ends and all(isinstance(value, slice) for value in found):
        ends = [
            _unify_part({t: getattr(value, end) for t, value in values.items()}, known, shift)
            for end, known in zip(ENDS, origin.ends, strict=True)
        ]
        return _MISSING if any(end is _MISSING for end in ends) else slice(*ends)
    same = all(_same(found[0], value) for value in found[1:])
    if same and (origin is None or not isinstance(found[0], (int, np.ndarray, slice))):
        return found[0]
    kinds = {(type(value), value.shape if isinstance(value, np.ndarray) else ()) for value in found}
    if len(kinds) > 1 or not isinstance(found[0], _GIVEN):
        return _MISSING
    words, more = _called(origin, found)
    steps = sorted(values.items(), key=itemgetter(0))
    return GivenIndex(words, tuple((t + shift, v - more if more else v) for t, v in steps), None, shift, more)


def _called(origin: Origin | None, found: list[Any]) -> tuple[str | None, int]:
    """What the program calls the data that an index is made of, and what it adds to them."""
    if origin is None:
        return None, 0
    counted = all(type(value) is int for value in found)
    return origin.beside if origin.beside is not None and counted else (origin.words, 0)


def given_at(part: Any, origin: Origin, place: int, time: int | None) -> Any:
    """What data gave for one record, at a step or outside of any."""
    words, more = _called(origin, [part])
    index = GivenIndex(words, ((time, part - more if more else part),), place, 0, more)
    return index if time is None else GivenAt(index, time)


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
        ends = [unify({t: getattr(v, end) for t, v in values.items()}, _MISSING) for end in ENDS]
        return default if any(end is _MISSING for end in ends) else slice(*ends)
    return default


_MISSING = object()
_GIVEN = int, slice, np.ndarray  # parts of an index that data may give
ENDS = "start", "stop", "step"


def given_in(part: Any, origin: Origin, given: Callable[[Any, Origin], Any]) -> Any:
    """A part of an index with what stands for what data give in it: the part, or one of the ends of a slice."""
    if origin.ends and isinstance(part, slice):
        return slice(*(given_in(getattr(part, end), of, given) for end, of in zip(ENDS, origin.ends, strict=True)))
    named = origin.given or (origin.kind == DATA and origin.beside is not None)
    return given(part, origin) if named and isinstance(part, _GIVEN) else part


def at_step(value: Any, time: int) -> Any:
    """A unified setting at one step."""
    if isinstance(value, (StepIndex, GivenIndex)):
        return value.at(time)
    if isinstance(value, GivenAt):
        return replace(value.index, shift=0).at(value.time)
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
