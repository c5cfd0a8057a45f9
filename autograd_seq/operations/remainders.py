"""Rounding, and what is left of a division: constant in steps, so that only the rest has a derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.operations.arithmetic import floating, multiply, subtract
from autograd_seq.operations.decided import decided


def floor_divide(a: Any, b: Any) -> Any:
    """How often b goes into a, as `numpy.floor_divide`; a constant, since it changes in steps.

    Examples
    --------
    >>> floor_divide(7.0, 2.0)
    np.float64(3.0)
    """
    return np.floor_divide(decided(a), decided(b))


def remainder(a: Any, b: Any) -> Any:
    """What is left of a when b was taken off as often as it goes, as `numpy.remainder`; it has the sign of b.

    Examples
    --------
    >>> remainder(7.0, 2.0)
    np.float64(1.0)
    """
    return subtract(a, multiply(b, floor_divide(a, b)))


def divmod(a: Any, b: Any) -> tuple[Any, Any]:
    """`floor_divide` and `remainder`, as `numpy.divmod`.

    Examples
    --------
    >>> divmod(7.0, 2.0)
    (np.float64(3.0), np.float64(1.0))
    """
    return floor_divide(a, b), remainder(a, b)


def _fmod(a: Any, b: Any) -> Any:
    x, y = decided(a), decided(b)
    return subtract(a, multiply(b, np.rint((x - np.fmod(x, y)) / y)))


def _modf(x: Any) -> tuple[Any, Any]:
    x = floating(x)
    whole = np.trunc(decided(x))
    return subtract(x, whole), whole


ROUNDED: dict[Any, Any] = {
    np.divmod: divmod,
    np.floor_divide: floor_divide,
    np.fmod: _fmod,
    np.modf: _modf,
    np.remainder: remainder,
}
