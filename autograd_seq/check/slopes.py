"""Slopes by differences in float64, each with what it may be off by: for what no exact scalars can follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd_seq.core.array import Array

FAR_APART = 1e-2  # the first step of the differences, relative to the size of the numbers
SETTLED = 1e-11  # a difference that moves no more than this, relatively, is as good as it gets
CLEAR = 1e-3  # relative: a slope that is known to this is no rounding
EPS = float(np.finfo(np.float64).eps)


class Slope(NamedTuple):
    """A derivative by differences.

    Attributes
    ----------
    value : ndarray
        The derivative of each result.
    error : ndarray
        How far the last two estimates of each are apart, and what rounding makes of them.
    """

    value: Array
    error: Array


def slope_along(function: Callable[[float], Any], scale: float) -> Slope:
    """The derivative of a function of one number at 0: Richardson's extrapolation of central differences.

    Of the extrapolations with smaller and smaller steps, for each result the one that moved least is taken.

    Parameters
    ----------
    function : callable
        Of one number, to an array.
    scale : float
        The first step is a hundredth of it.

    Examples
    --------
    >>> value, error = slope_along(lambda t: np.sin(1 + t), 1.0)
    >>> bool(abs(value - np.cos(1)) < 1e-11), bool(error < 1e-9)
    (True, True)
    """
    rows: list[list[Array]] = []
    best = moved = None
    for i in range(7):
        step = FAR_APART * scale / 2**i
        with np.errstate(all="ignore"):
            ends = [np.asarray(function(side * step), dtype=np.float64) for side in (1, -1)]
            row = [np.asarray((ends[0] - ends[1]) / (2 * step))]
            noise = EPS * np.maximum(np.abs(ends[0]), np.abs(ends[1])) / step
            for k in range(1, i + 1):
                row.append(row[-1] + (row[-1] - rows[-1][k - 1]) / (4**k - 1))
            if rows:
                change = np.abs(row[-1] - rows[-1][-1]) + noise
                change = np.where(np.isnan(change), np.inf, change)
                if best is None or moved is None:
                    best, moved = row[-1], change
                else:
                    best, moved = np.where(change < moved, row[-1], best), np.minimum(change, moved)
                if (moved <= SETTLED * np.abs(best)).all():
                    break
        rows.append(row)
    assert best is not None and moved is not None  # there are at least two steps
    stands = (rows[-1][0] == 0) & (rows[0][0] != 0)  # on the last steps nothing moved, as on a stair
    moved = np.where(stands, np.maximum(moved, np.abs(rows[0][0])), moved)
    return Slope(np.asarray(best), np.asarray(moved))


def best_slope(function: Callable[[float], Any], scales: Sequence[float]) -> Slope:
    """The slope with the smallest error over several first steps: some leave a domain, some drown in rounding."""
    best: Slope | None = None
    for scale in scales:
        try:
            found = slope_along(function, scale)
        except (ValueError, ArithmeticError):  # it left the domain
            continue
        if best is None:
            best = found
        else:
            best = _better(best, found)
        if (best.error <= 1e-9 * np.abs(best.value)).all():
            break
    if best is None:
        raise ValueError("the function takes no other numbers than these")
    return best


def _better(best: Slope, found: Slope) -> Slope:
    """The one with the smaller error; where nothing moved on the shorter steps, as on a stair, neither is sure.

    Where both cannot be true, the function is another one within the longer steps, and the shorter ones count.
    """
    apart = np.abs(best.value - found.value) > 10 * (best.error + found.error)
    better = (found.error < best.error) | (apart & (found.error <= CLEAR * np.abs(found.value)))
    stands = better & (found.value == 0) & (best.value != 0)
    error = np.where(better, found.error, best.error)
    return Slope(
        np.where(better & ~stands, found.value, best.value),
        np.where(stands, np.maximum(best.error, np.abs(best.value)), error),
    )


def scales_for(size: float) -> list[float]:
    """First steps to try around a number of some size."""
    return list(dict.fromkeys([max(size, 1e-3), size or 1.0, 1e-3 * (size or 1.0)]))


def settled(slope: Slope, found: Array, wanted: float) -> tuple[Array, Array]:
    """Where a derivative is refuted by a slope, and where the slope cannot tell.

    Parameters
    ----------
    slope : Slope
        By differences.
    found : ndarray
        The derivative to judge.
    wanted : float
        Relative tolerance.
    """
    with np.errstate(all="ignore"):
        size = np.maximum(np.abs(slope.value), np.abs(found))
        gap = np.abs(slope.value - found)
        largest = float(np.max(size, initial=0.0, where=np.isfinite(size)))
        agree = (gap <= wanted * size + 1e-9 * wanted * largest) | (gap <= 10 * slope.error)
        blurred = ~(slope.error * 10 <= 1e-3 * np.maximum(size, 1e-6 * largest))
        unknown = ~np.isfinite(slope.value)
    return ~agree & ~unknown, unknown | (blurred & (gap > wanted * size) & (gap > 0) & agree)
