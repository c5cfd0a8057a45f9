"""Arrays that can be looked up by their values: is this one of the true pass?"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from autograd_seq.core.array import Array

MOST_REMEMBERED = 20_000  # arrays that were looked up
BLOCKS = (2, 3, 4)  # as many parts as there are directions or gates
ORDINARY = (0.0, 1.0, -1.0, 2.0, 0.5)  # numbers that say nothing about where they come from


class KnownValues:
    """Arrays under a number that depends on all their elements, so that one is found among many at once.

    A transposed array is the same, and so is one with further axes of length 1.

    Parameters
    ----------
    arrays : iterable of ndarray
        What is known.
    tolerance : float
        How far equal numbers may differ, relative to the largest.
    factors : sequence of float
        Numbers that an array may have to be multiplied with to be one of these.
    """

    def __init__(self, arrays: Iterable[Array], tolerance: float, factors: Sequence[float] = (1.0,)) -> None:
        self._tolerance, self._factors = tolerance, tuple(dict.fromkeys(factors))
        self._weights: dict[int, Array] = {}
        listed: dict[tuple[int, ...], list[tuple[float, int, Array]]] = {}
        for place, array in enumerate(arrays):
            for v in _ways(array):
                listed.setdefault(v.shape, []).append((self._number(v), place, v))
        self._found: dict[tuple[tuple[int, ...], bytes], int | None] = {}
        self._known: dict[tuple[int, ...], tuple[Array, list[tuple[int, Array]]]] = {}
        for shape, found in listed.items():
            found.sort(key=lambda pair: pair[0])
            self._known[shape] = np.array([number for number, _, _ in found]), [(place, v) for _, place, v in found]

    def _number(self, v: Array) -> float:
        if v.size not in self._weights:
            self._weights[v.size] = np.random.default_rng(v.size).uniform(0.5, 1.5, v.size)
        return float(self._weights[v.size] @ v.ravel())

    def __contains__(self, array: object) -> bool:
        return self.which(array) is not None

    def which(self, array: object) -> int | None:
        """The number of the first one that an array is; None if it is none of them."""
        if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
            return None
        v = np.squeeze(array)
        if v.shape not in self._known:
            return None
        key = v.shape, v.tobytes()  # a program that is run again with a change makes most of what it made before
        if key not in self._found:
            if len(self._found) > MOST_REMEMBERED:
                self._found.clear()
            self._found[key] = self._looked_up(v)
        return self._found[key]

    def _looked_up(self, v: Array) -> int | None:
        if says_nothing(v) or not np.isfinite(v).all():
            return None
        numbers, arrays = self._known[v.shape]
        number, reach = self._number(v), 2 * self._tolerance * v.size * farthest(v)
        for factor in self._factors:
            ends = factor * number - abs(factor) * reach, factor * number + abs(factor) * reach
            first, last = numbers.searchsorted(ends)
            if first < last and (found := self._first(factor * v, arrays[first:last])) is not None:
                return found
        return None

    def _first(self, v: Array, near: list[tuple[int, Array]]) -> int | None:
        return min((place for place, other in near if _equal(v, other, self._tolerance)), default=None)


def _ways(array: Array) -> list[Array]:
    if array.dtype.kind != "f" or says_nothing(array) or not np.all(np.isfinite(array)):
        return []
    v = np.squeeze(array)
    return [v, v.T] if v.ndim == 2 else [v]


def in_blocks(arrays: Iterable[Array]) -> list[Array]:
    """The equal parts of arrays, as of gates that stand side by side, and what they hold at each time step."""
    found: list[Array] = []
    for whole in arrays:
        v = np.squeeze(whole)
        steps = list(v) if v.ndim == 3 else []
        found += steps
        for part in [v, *steps]:
            for axis, count in itertools.product(range(part.ndim), BLOCKS):
                if part.shape[axis] % count == 0 and part.size > 2 * count:
                    found += np.split(part, count, axis)
    return found


def says_nothing(array: Array) -> bool:
    """Whether an array holds one number only, in every place, or is an ordinary one: it could come from anywhere."""
    return not array.size or (array.flat[0] in ORDINARY if array.size == 1 else bool((array == array.flat[0]).all()))


def is_mask(v: Array) -> bool:
    """Whether an array says of each of its places whether it counts: it is no adjoint, and of no recorded pass."""
    return bool(v.size and np.any(v) and np.all((v == 0) | (v == 1)))


def farthest(array: Array) -> float:
    """How far from 0 the element is that is farthest; 0 if there is none.

    Examples
    --------
    >>> farthest(np.array([1.0, -3.0])), farthest(np.zeros((0, 2)))
    (3.0, 0.0)
    """
    return float(np.abs(array).max(initial=0))  # np.max of it would take twice as long, and searches compare a lot


def _equal(some: Array, other: Array, tolerance: float) -> bool:
    return farthest(some - other) < tolerance * max(farthest(some), farthest(other))
