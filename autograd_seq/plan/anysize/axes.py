"""Which lengths of the arguments are sizes: those that can be others, and the function still gives a loss."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np

from autograd_seq.plan.anysize.size import LEAST, NotGeneralError
from autograd_seq.plan.arguments import Given

Axes = tuple[tuple[int, int], ...]
"""Axes that have one length: of each the number of the argument, and which of its axes it is."""

SMALL = 4  # steps of the smallest recording: a first, a last, and two between them
FAR = 12  # how far lengths are looked for that no parameter has
TRIALS = 12


def length(axes: Axes, values: Sequence[Given]) -> int:
    """The length of some axes."""
    number, axis = axes[0]
    return values[number].shape[axis]  # type: ignore[union-attr]


def resized(values: Sequence[Given], lengths: Mapping[Axes, int]) -> list[Given]:
    """Arguments with other lengths: what is there, cut off or again from the beginning; integers in another order."""
    made = list(values)
    for axes, n in lengths.items():
        for number, axis in axes:
            array: Any = made[number]
            made[number] = np.ascontiguousarray(np.take(array, np.arange(n) % array.shape[axis], axis=axis))
    return [_drawn(array, given, number) for number, (array, given) in enumerate(zip(made, values, strict=True))]


def _drawn(array: Given, given: Given, number: int) -> Given:
    """Integers of the same shape, drawn from those that are given: no two arguments or recordings have the same."""
    if not isinstance(array, np.ndarray) or not isinstance(given, np.ndarray) or array.dtype.kind not in "iu":
        return array
    known = np.unique(given)
    drawn = np.random.default_rng([number, *array.shape]).integers(0, known.size, array.shape)
    return known[drawn].astype(array.dtype) if known.size > 1 else array


def small(
    chosen: Sequence[Axes], values: Sequence[Given], more: int = 0, fixed: Collection[int] = ()
) -> dict[Axes, int]:
    """Small lengths for some sizes, no two alike, and none that it has already: that would try nothing.

    Nor is one of them, or the next two, the length of a parameter, unless all are: what is of such a shape would be
    taken for what has an axis of the size.
    """
    made: dict[Axes, int] = {}
    for axes in chosen:
        n = SMALL + 2 * len(made)
        lengths = range(n, n + FAR)
        apart = (n for n in lengths if not {n, n + 1, n + 2} & set(fixed) and _new(n, axes, made, values))
        made[axes] = next(apart, next(n for n in lengths if _new(n, axes, made, values)))
    return {axes: n + more for axes, n in made.items()}


def _new(n: int, axes: Axes, made: Mapping[Axes, int], values: Sequence[Given]) -> bool:
    return n not in made.values() and n != length(axes, values)


def free_axes(values: Sequence[Given], fixed: Iterable[int], works: Callable[[dict[Axes, int]], bool]) -> list[Axes]:
    """The axes that can have other lengths.

    Parameters
    ----------
    values : list
        The arguments.
    fixed : collection of int
        Lengths of parameters: axes that have one of these probably meet them in a product.
    works : function
        Whether the function gives a loss with some lengths for some axes.

    Raises
    ------
    NotGeneralError
        If there are none.
    """
    known = set(fixed)
    groups = _of_one_length(values)
    if not groups:
        raise NotGeneralError("no argument has an axis that could be longer")
    groups.sort(key=lambda axes: -length(axes, values))  # the longest is probably time, and gets the fewest steps
    likely = [axes for axes in groups if length(axes, values) not in known]
    doubtful = [axes for axes in groups if length(axes, values) in known]
    trials = iter(range(TRIALS))
    chosen: list[Axes] = []
    for candidate in _most_first(likely):
        if not candidate or next(trials, None) is None:
            break
        if works(small(candidate, values, 0, known)):
            chosen = candidate
            break
    merged = [tuple(sorted(p for axes in doubtful if length(axes, values) == n for p in axes)) for n in sorted(known)]
    for axes in [part for whole in doubtful for part in (whole, *_by_place(whole))] + [
        part for whole in merged for part in _one_of_each(whole)
    ]:
        taken = {place for known_axes in chosen for place in known_axes}
        if not taken & set(axes) and next(trials, None) is not None and works(small([*chosen, axes], values, 0, known)):
            chosen = [*chosen, axes]
    if not chosen:
        raise NotGeneralError("with shorter arguments of the same kind the function gives no loss")
    return chosen


def _of_one_length(values: Sequence[Given]) -> list[Axes]:
    """Axes of arguments by their length; two of one argument are told apart by their place."""
    found: dict[int, list[tuple[int, int]]] = {}
    for number, array in enumerate(values):
        if isinstance(array, np.ndarray):
            for axis, n in enumerate(array.shape):
                if n >= LEAST:
                    found.setdefault(n, []).append((number, axis))
    groups: list[Axes] = []
    for places in found.values():
        once = len({number for number, _ in places}) == len(places)
        groups += [tuple(places)] if once else _by_place(tuple(places))
    return groups


def _by_place(axes: Axes) -> list[Axes]:
    """Axes that are the first, second … of their arguments; nothing if all are in one place."""
    places = sorted({axis for _, axis in axes})
    return [tuple(p for p in axes if p[1] == axis) for axis in places] if len(places) > 1 else []


def _one_of_each(axes: Axes) -> list[Axes]:
    """Axes of several arguments, one of each: m is the second axis of x and the first of a mask."""
    arguments: dict[int, list[tuple[int, int]]] = {}
    for place in axes:
        arguments.setdefault(place[0], []).append(place)
    return list(product(*arguments.values())) if len(arguments) > 1 else []


def equal_by_chance(values: Sequence[Given]) -> bool:
    """Whether an argument has several axes of one length, so that nobody can tell which of them others share."""
    shapes = [array.shape for array in values if isinstance(array, np.ndarray)]
    return any(len({n for n in shape if n >= LEAST}) < sum(n >= LEAST for n in shape) for shape in shapes)


def _most_first(groups: Sequence[Axes]) -> Iterator[list[Axes]]:
    for count in range(len(groups), 0, -1):
        for chosen in combinations(groups, count):
            yield list(chosen)
