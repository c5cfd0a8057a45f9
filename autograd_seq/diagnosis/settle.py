"""One gradient beside the true one, element by element: right, wrong, right in another way, or not to be told.

What rounding explains is right. Where float64 does not settle it, more digits do: *wrong* is only what differs
from the true gradient in 60 digits as well, and *undecided* what could not be followed so far.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.diagnosis.either_side import Kinks
from autograd_seq.diagnosis.in_digits import exact
from autograd_seq.diagnosis.unit_errors import EPSILON, rounding

Answer = Literal["right", "wrong", "excluded", "undecided"]

RELATIVE = 1e-11  # of each element, whatever it is made of
STEPS = 50.0  # roundings of the size of one: sums in another order, a formula of the same value
LAST = 4.0  # units in the last place of what the outputs were given: a number below is 0 beside it
LOOK = 1e3  # times what rounding explains: more than this needs no closer look
FEW = 20  # elements that are differenced
SURE = 100.0  # times what differences explain: beyond this it is wrong
DIGITS = 1e-3  # a truth that is known to fewer digits tells nothing
OF_DIFFERENCES = 1e-9  # relative to the largest


@dataclass(frozen=True)
class Settled:
    """What came of comparing one gradient.

    Attributes
    ----------
    answer : str
        ``"right"``, ``"wrong"``, ``"excluded"`` or ``"undecided"``.
    error : float
        The largest difference, relative to the largest of the terms that it was added up from.
    why : str
        Of what is excluded or undecided, the reason; of what is right, what these numbers cannot show.
    place : tuple of int or None
        Where the difference is largest beside what rounding explains.
    """

    answer: Answer
    error: float
    why: str = ""
    place: tuple[int, ...] | None = None


class Judge:
    """Settles the gradients of one case, which has at least `truth`, `true` and `found`.

    What costs time is asked for where it is needed, and once.

    Parameters
    ----------
    case : object
        With ``true`` and ``found``, ``truth`` or None, ``doubts`` (what differences may be off by, and the slopes
        to both sides), ``epsilon`` (of the numbers that were stored on the way) and ``own_rounding(epsilon)``.
    """

    def __init__(self, case: Any) -> None:
        self.case = case
        self._known: dict[str, Any] = {}

    def settle(self, key: str) -> Settled:
        """Compare one gradient."""
        true, found = self.case.true[key], self.case.found[key]
        if found.shape != true.shape or not np.all(np.isfinite(found)):
            return Settled("wrong", float("inf"))
        found = found.astype(float)
        if not true.size:
            return Settled("right", 0.0)
        epsilon = max(self.case.epsilon, _precision(self.case.found[key]))
        if self.case.truth is None:
            return self._by_differences(key, found, true, epsilon)
        gap = np.abs(found - true)
        if np.all(gap <= _relative_room(epsilon) * np.abs(true)):
            return Settled("right", _relative(gap, found, true))
        return self._recorded(key, found, true, epsilon)

    def _recorded(self, key: str, found: Array, true: Array, epsilon: float) -> Settled:
        noises = self._once(f"noise {epsilon}", lambda: rounding(self.case.truth, epsilon))
        noise = np.maximum(noises.get(key, np.zeros(true.shape)), self._without_a_way(key, epsilon))
        known = np.all(np.isfinite(noise))  # else any disturbance leaves the domain of a function
        noise = np.where(np.isfinite(noise), noise, 0.0)
        error = _relative(np.abs(found - true), found, true, noise / epsilon)
        room = np.maximum(_relative_room(epsilon) * np.abs(true), STEPS * noise)
        room = np.maximum(room, LAST * epsilon * min(float(np.max(np.abs(true))), self._given()))
        gap = np.abs(found - true)
        if np.any(gap > room):
            room = np.maximum(room, STEPS * self._own(key, epsilon, true.shape))
        if np.any(gap > room) and (not known or np.all(gap <= LOOK * np.maximum(room, epsilon * np.max(np.abs(true))))):
            precise = self._once("exact", lambda: exact(self.case.truth))
            if precise is None:
                return Settled("undecided", error, f"{key} differs by about what rounding explains")
            gap = np.minimum(gap, np.abs(found - precise[key]))
        if np.all(gap <= room):
            hidden = np.max(room) > np.max(np.abs(true))
            why = f"{key} is 0 to rounding here: a mistake in it cannot be seen" if hidden else ""
            return Settled("right", error, why)
        off = gap > room
        place = _worst(gap, room)
        kinks: Kinks = self._once("kinks", lambda: Kinks(self.case.truth))
        allowed = kinks.allow(key, found, off)
        if allowed:
            return Settled("excluded", error, f"another derivative at a kink that is met exactly ({kinks})")
        if allowed is None:
            why = f"{key} may be another derivative at kinks that are met exactly ({kinks})"
            return Settled("undecided", error, why)
        if not kinks.places and (bent := self._where_it_bends(key, found, off)) is not None:
            return replace(bent, error=error)
        unit = epsilon * self._given()
        cancelled = (found == 0) | (np.abs(found) >= unit / 8)  # as 1 - 1 / (1 + exp(x)) is, of which nothing is left
        if np.all(np.abs(found - true) <= LAST * unit) and np.all(cancelled[off]):
            return Settled("undecided", error, f"{key} is 0 beside what outputs were given: too few digits are left")
        return self._in_steps(key, off, error) or Settled("wrong", error, place=place)

    def _in_steps(self, key: str, off: Array, error: float) -> Settled | None:
        """What a program makes flat by rounding, and a student passes straight through; None where it is not flat."""
        places = [tuple(int(i) for i in place) for place in np.argwhere(off)]
        flat = not np.any(self.case.true[key][off]) and hasattr(self.case, "goes_in_steps")
        if not flat or not self.case.goes_in_steps(key, places[:FEW]):
            return None
        why = (
            f"{key} is 0 by the forward pass, which goes in steps (as round, floor and comparisons do); whether a "
            "gradient that is passed straight through them is as meant cannot be told. Write "
            "h + stop_gradient(np.round(h) - h) in forward to have it checked"
        )
        return Settled("undecided", error, why)

    def _where_it_bends(self, key: str, found: Array, off: Array) -> Settled | None:
        """What lies between the slopes to both sides, where a program decides by ``if``; None where it does not."""
        places = [tuple(int(i) for i in place) for place in np.argwhere(off)]
        if len(places) > FEW or not hasattr(self.case, "slope"):
            return None
        first = places[0]
        if self.case.seems_smooth(key, first, float(np.abs(found - self.case.true[key])[first])):
            return None
        for place in places:
            slope = self.case.slope(key, [place])
            if not slope[4] or not _between(found[place], slope):
                return None
        return self._together(key, found, places)

    def _together(self, key: str, found: Array, places: list[tuple[int, ...]]) -> Settled:
        """Elements on kinks moved together: each may lie between its slopes, and their sum be too much."""
        if len(places) > 1 and not _between(sum(found[p] for p in places), self.case.slope(key, places)):
            why = f"{key} may be another derivative at kinks that are met exactly; together its elements are too much"
            return Settled("undecided", 0.0, why)
        return Settled("excluded", 0.0, "another derivative at a kink that is met exactly")

    def _own(self, key: str, epsilon: float, shape: tuple[int, ...]) -> Array:
        """The rounding of the program's own way to its answer."""
        found = self._once(f"own {epsilon}", lambda: self.case.own_rounding(epsilon)).get(key, np.zeros(shape))
        return found if np.all(np.isfinite(found)) else np.zeros(shape)

    def _without_a_way(self, key: str, epsilon: float) -> float:
        """Where the outputs do not depend on an input, what adds up to 0 in somebody's program is 0 to rounding."""
        if np.any(self.case.true[key]):
            return 0.0
        return epsilon * self._given()

    def _given(self) -> float:
        """The largest of the adjoints that the outputs were given."""
        seeds = [seed._value for seed in self.case.truth.seeds.values()]
        return max((float(np.max(np.abs(v), initial=0)) for v in seeds), default=0.0)

    def _by_differences(self, key: str, found: Array, true: Array, epsilon: float) -> Settled:
        doubt = self.case.doubts[key]
        largest = float(np.max(np.abs(true)))
        room = 10 * doubt.error + OF_DIFFERENCES * largest + _relative_room(epsilon) * np.abs(true)
        beyond = np.maximum(doubt.low - found, found - doubt.high)  # at a kink the slopes to both sides bound it
        gap = np.where(doubt.kink, np.maximum(beyond, 0), np.abs(found - true))
        error = _relative(gap, found, true)
        if np.all(gap <= room):
            off = np.abs(found - true) > room
            if np.any(off & doubt.kink):
                places = [tuple(int(i) for i in place) for place in np.argwhere(doubt.kink)]
                return replace(self._together(key, found, places), error=error)
            if np.any(room > DIGITS * max(largest, float(np.max(np.abs(found))))) and largest > 0:
                return Settled("undecided", error, f"{key}: differences tell fewer than three digits of it")
            return Settled("right", error)
        room = np.maximum(room, STEPS * self._own(key, epsilon, true.shape))
        if np.any(gap > SURE / 10 * room):
            return self._in_steps(key, gap > room, error) or Settled("wrong", error, place=_worst(gap, room))
        return Settled("undecided", error, f"{key} differs by about what differences can be off by")

    def _once(self, name: str, make: Any) -> Any:
        if name not in self._known:
            self._known[name] = make()
        return self._known[name]


def _between(found: Any, slope: Any) -> bool:
    _, error, low, high, _ = slope
    return bool(min(low, high) - 10 * error <= found <= max(low, high) + 10 * error)


def _relative_room(epsilon: float) -> float:
    """By how much an element may be off in any case, relative to itself."""
    return max(RELATIVE, 20 * epsilon) if epsilon > EPSILON else RELATIVE


def _relative(gap: Array, found: Array, true: Array, terms: Array | float = 0.0) -> float:
    """The largest gap relative to the largest number, or to the largest term that was added up."""
    finite = np.where(np.isfinite(terms), terms, 0.0)
    largest = max(float(np.max(part, initial=0)) for part in (np.abs(true), np.abs(found), finite))
    return float(np.max(gap, initial=0)) / largest if largest else 0.0


def _worst(gap: Array, room: Array) -> tuple[int, ...]:
    """The element that lies farthest outside."""
    beyond = np.log(np.maximum(gap, 1e-300)) - np.log(np.maximum(room, 1e-300))
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(beyond)), gap.shape))


def _precision(found: Array) -> float:
    """The distance of neighbouring numbers near 1 in which an array was computed, as far as its numbers show it."""
    if found.dtype in (np.float32, np.float16):
        return float(np.finfo(found.dtype).eps)
    with np.errstate(over="ignore"):
        short = found.size > 1 and np.all(found.astype(np.float32) == found)
    return float(np.finfo(np.float32).eps) if short and np.any(found != np.round(found * 256) / 256) else EPSILON
