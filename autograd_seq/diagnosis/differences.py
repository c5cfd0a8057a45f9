"""Gradients by differences, for a forward pass that cannot be recorded, with what each element may be off by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autograd_seq.core.array import Array

Slope = tuple[float, float, float, float, bool]
ROWS = 9
NEAR = 1e-5  # a step, beside the size of the numbers
FAR_NEARER = 20.0
SETTLED = 1e-10
NEARLY = 1e-6  # what a step of that size leaves out, relative to a derivative
MOVES = (0.0, -2.03, -1.07, -0.31, -0.102, -0.033, 0.029, 0.098, 0.33, 1.03, 2.07)  # beside the size of the numbers
NUDGES = (NEAR, NEAR / 100)  # the second where the first one goes over an edge
CLOSE = 32.0  # times the smallest step: where steps begin that stay on this side of a kink


@dataclass(frozen=True)
class Doubt:
    """What is known of a gradient by differences, element by element.

    Attributes
    ----------
    error : ndarray
        By how much it may be off, as far as smaller steps tell.
    low, high : ndarray
        The slopes to both sides, in order.
    kink : ndarray of bool
        Where these two do not come together as the step becomes smaller.
    """

    error: Array
    low: Array
    high: Array
    kink: Array


def gradients(
    loss: Callable[[dict[str, Array]], float], inputs: Mapping[str, Array], epsilon: float = 2.2e-16
) -> tuple[dict[str, Array], dict[str, Doubt]]:
    """Central differences with Richardson extrapolation, the steps by each element and where the function is defined.

    Parameters
    ----------
    loss : callable
        From the inputs to a number; not finite, or an exception, outside of its domain.
    inputs : dict
        Arrays; those of floats are differentiated.
    epsilon : float
        The relative distance of neighbouring numbers in which the loss is computed.

    Returns
    -------
    dict, dict
        Under ``"d" + name`` the gradients, and what they may be off by.

    Examples
    --------
    >>> import numpy as np
    >>> found, doubts = gradients(lambda a: float(np.sum(np.log(a["x"]))), {"x": np.array([0.01, 2.0])})
    >>> found["dx"].round(8), bool(np.all(doubts["dx"].error < 1e-7))
    (array([100. ,   0.5]), True)
    """
    found, doubts = {}, {}
    for name, array in inputs.items():
        if array.dtype.kind != "f":
            continue
        rows = [slope(loss, inputs, name, [place], epsilon) for place in np.ndindex(array.shape)]
        parts = [np.array([row[i] for row in rows]).reshape(array.shape) for i in range(5)]
        found[f"d{name}"] = parts[0]
        low, high = np.minimum(parts[2], parts[3]), np.maximum(parts[2], parts[3])
        doubts[f"d{name}"] = Doubt(parts[1], low, high, parts[4].astype(bool))
    return found, doubts


def slope(
    loss: Callable[[dict[str, Array]], float],
    inputs: Mapping[str, Array],
    name: str,
    places: Sequence[tuple[int, ...]],
    epsilon: float = 2.2e-16,
) -> Slope:
    """The derivative by some elements together: it, what it may be off by, that to both sides, and if they stay apart.

    Examples
    --------
    >>> import numpy as np
    >>> *_, left, right, apart = slope(lambda a: float(np.abs(a["x"])), {"x": np.array(0.0)}, "x", [()])
    >>> round(left, 8), round(right, 8), apart
    (-1.0, 1.0, True)
    """
    array = inputs[name]
    return _slope(_along(loss, inputs, name, places), float(array[places[0]]), typical(array), epsilon)


def in_steps(
    loss: Callable[[dict[str, Array]], float], inputs: Mapping[str, Array], name: str, place: tuple[int, ...]
) -> bool | None:
    """Of a loss that is flat wherever an element is moved to, whether it changes with it; None if it is not so flat.

    That which is flat here only, as ``relu`` below 0, rises elsewhere.

    Examples
    --------
    >>> import numpy as np
    >>> x = {"x": np.array(0.3)}
    >>> in_steps(lambda a: float(np.round(a["x"], 1)), x, "x", ())
    True
    >>> in_steps(lambda a: float(np.maximum(a["x"] - 0.5, 0)), x, "x", ()) is None
    True
    """
    at, size = _along(loss, inputs, name, [place]), typical(inputs[name])
    there = set()
    for move in MOVES:
        here = at(move * size)
        if not np.isfinite(here) or all(at((move + nudge) * size) != here for nudge in NUDGES):
            return None
        there.add(here)
    return len(there) > 1


def seems_smooth(
    loss: Callable[[dict[str, Array]], float],
    here: float,
    inputs: Mapping[str, Array],
    name: str,
    place: tuple[int, ...],
    gap: float,
) -> bool:
    """Whether the slopes to both sides of an element are far nearer to each other than by some gap.

    `here` is the loss at the inputs as they are, which is the same whatever element is asked about.

    Examples
    --------
    >>> import numpy as np
    >>> seems_smooth(lambda a: float(a["x"] ** 2), 0.0, {"x": np.array(0.0)}, "x", (), 0.1)
    True
    >>> seems_smooth(lambda a: float(np.abs(a["x"])), 0.0, {"x": np.array(0.0)}, "x", (), 0.1)
    False
    """
    at = _along(loss, inputs, name, [place])
    h = NEAR * typical(inputs[name])
    apart = abs(at(h) - 2 * here + at(-h)) / h
    return bool(apart < gap / FAR_NEARER)


def typical(array: Array) -> float:
    """The size of an array's numbers; 1 where they are all 0."""
    sizes = np.sort(np.abs(array[array != 0]))
    n = sizes.size
    return float(sizes[(n - 1) // 2] + sizes[n // 2]) / 2 if n else 1.0  # np.median would load masked arrays


def _along(
    loss: Callable[[dict[str, Array]], float], inputs: Mapping[str, Array], name: str, places: Sequence[tuple[int, ...]]
) -> Callable[[float], float]:
    def at(step: float) -> float:
        moved = {k: np.array(v) for k, v in inputs.items()}
        for place in places:
            moved[name][place] += step
        try:
            return loss(moved)
        except Exception:  # outside of its domain
            return float("nan")

    return at


def _slope(at: Callable[[float], float], x: float, around: float, epsilon: float) -> Slope:
    """The derivative at one element, from steps that go by it and, where they tell too little, by its neighbours."""
    here = at(0.0)
    best = _twice(at, here, 0.1 * (abs(x) or around), epsilon)
    for scale in (around, 1.0):
        if best[1] <= 1e-8 * abs(best[0]) or best[4]:
            break
        best = min(best, _twice(at, here, 0.1 * scale, epsilon), key=lambda slope: slope[1])
    return _as_near_by(at, here, abs(x) or around, epsilon, best)


def _as_near_by(at: Callable[[float], float], here: float, around: float, epsilon: float, best: Slope) -> Slope:
    """The derivative, unless steps that are as small as rounding lets them be tell another one.

    Beyond a kink not far off all the larger steps may agree, on the slope of neither side.
    """
    h = around * epsilon ** (1 / 3)
    near, rounded, left, right = _once(at, here, h, epsilon)
    margin = 10 if left == right == 0 else 2  # as flat as that is a function that goes in steps, too
    if not np.isfinite(near) or abs(near - best[0]) <= 10 * rounded + margin * best[1] + NEARLY * abs(near):
        return best
    again, doubt = _twice(at, here, CLOSE * h, epsilon), 10 * rounded + NEARLY * abs(near)
    if abs(near - again[0]) <= doubt and again[1] <= doubt:
        return again
    some, other = (_once(at, here, step, epsilon) for step in (h / CLOSE, h / CLOSE / 3))
    bend = abs(some[3] - some[2])
    if bend < abs(right - left) / 10 and abs(some[0] - other[0]) <= 10 * other[1] + bend:  # the kink lies between
        return some[0], 10 * some[1] + bend, min(some[2:]), max(some[2:]), False
    doubt = max(10 * rounded + abs(right - left), abs(near - best[0]))  # no two of them agree
    return near, doubt, min(left, right), max(left, right), again[4]


def _once(at: Callable[[float], float], here: float, h: float, epsilon: float) -> tuple[float, float, float, float]:
    """The slope by one step, what it is rounded by, and those to both sides."""
    above, below = at(h), at(-h)
    rounded = 4 * epsilon * max(abs(above), abs(below), abs(here)) / h
    return (above - below) / (2 * h), rounded, (here - below) / h, (above - here) / h


def _twice(at: Callable[[float], float], here: float, h: float, epsilon: float) -> Slope:
    """From two first steps that have no common measure: a function that goes in steps gives two answers."""
    some, other = (_extrapolated(at, here, first, epsilon) for first in (h, 0.77 * h))
    best = min(some, other, key=lambda slope: slope[1])
    return best[0], max(some[1], other[1], abs(some[0] - other[0])), best[2], best[3], some[4] and other[4]


def _extrapolated(at: Callable[[float], float], here: float, h: float, epsilon: float) -> Slope:
    """Each row removes one more even power of the step; of all of them the one that moved least is taken."""
    for _ in range(12):
        if np.isfinite(at(h)) and np.isfinite(at(-h)):
            break
        h /= 4
    rows: list[list[float]] = []
    value, least = 0.0, float("inf")
    sides: list[tuple[float, float]] = []
    for i in range(ROWS):
        above, below = at(h), at(-h)
        sides.append(((here - below) / h, (above - here) / h))
        row = [(above - below) / (2 * h)]
        for k in range(1, i + 1):
            row.append(row[-1] + (row[-1] - rows[-1][k - 1]) / (4**k - 1))
        rounded = 4 * epsilon * max(abs(above), abs(below)) / h
        for k in range(1, i + 1):
            error = max(abs(row[k] - row[k - 1]), abs(row[k] - rows[-1][k - 1])) + rounded
            if error < least:
                value, least = row[k], error
        if i > 2 and (least <= SETTLED * abs(value) or rounded > least):
            break
        rows.append(row)
        h /= 2
    bent = _bent([abs(right - left) for left, right in sides], rounded)
    if bent:  # the slope to one side comes nearer by about as much as it came nearer last
        least = max(least, *(2 * abs(now - before) for now, before in zip(sides[-1], sides[-2], strict=True)))
    return value, least, *sides[-1], bent


def _bent(bends: list[float], rounded: float) -> bool:
    """Whether the slopes to both sides stay apart as the step is halved; where it is smooth, they come together."""
    return bends[-1] > 100 * rounded and bends[-1] > 0.8 * bends[-3]
