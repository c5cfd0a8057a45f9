"""Rounding, and what is left of a division: constant in steps, so that only the rest has a derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.core.algebra import each
from autograd_seq.core.array import Array
from autograd_seq.core.notation import Form
from autograd_seq.core.operation import operation
from autograd_seq.operations.arithmetic import FIT, floating, subtract
from autograd_seq.operations.decided import decided

_QUOTIENTS = ("np.floor_divide({0}, {1})", "np.rint(({0} - np.fmod({0}, {1})) / ({1}))")
_REMAINDERS = ("np.remainder({0}, {1})", "np.fmod({0}, {1})")


def floor_divide(a: Any, b: Any) -> Any:
    """How often b goes into a, as `numpy.floor_divide`; a constant, since it changes in steps.

    Examples
    --------
    >>> floor_divide(7.0, 2.0)
    np.float64(3.0)
    """
    return np.floor_divide(decided(a), decided(b))


def _whole(algebra: Any, a: Any, b: Any, truncated: bool) -> Any:
    """How often b goes into a: of numbers, with the jump from one count to the next as a decision."""

    def counted(x: Any, y: Any) -> Any:
        q = x / y
        try:
            toward_zero = int(q)
        except (ValueError, OverflowError):  # by 0, or of infinity: not a number
            return q - q
        below = toward_zero if truncated else toward_zero - 1
        return algebra.select(algebra.compare("<=", toward_zero, q), toward_zero, below)

    return each(counted, a, b)


@operation(
    vjp=None,
    meaning=lambda algebra, a, b, truncated: _whole(algebra, a, b, truncated),
    source=Form(lambda operands, settings: _QUOTIENTS[settings["truncated"]].format(*operands)),
    expects=FIT,
    elementwise=True,
)
def whole_quotient(a: Any, b: Any, /, truncated: bool = False) -> Array:
    """How often b goes into a, or, truncated, into it towards 0; without derivative.

    Examples
    --------
    >>> whole_quotient(-7.0, 2.0), whole_quotient(-7.0, 2.0, truncated=True)
    (np.float64(-4.0), np.float64(-3.0))
    """
    return np.rint((a - np.fmod(a, b)) / b) if truncated else np.floor_divide(a, b)


def _by_divisor(g: Any, y: Any, a: Any, b: Any, truncated: bool) -> Any:
    return -g * whole_quotient(a, b, truncated=truncated)


@operation(
    vjp=[lambda g, y, a, b, truncated: g, _by_divisor],
    meaning=lambda algebra, a, b, truncated: a - b * _whole(algebra, a, b, truncated),
    source=Form(lambda operands, settings: _REMAINDERS[settings["truncated"]].format(*operands)),
    expects=FIT,
    elementwise=True,
)
def remainder(a: Any, b: Any, /, truncated: bool = False) -> Array:
    """What is left of a when b was taken off as often as it goes, with the sign of b; truncated, with that of a.

    Examples
    --------
    >>> remainder(-7.0, 2.0), remainder(-7.0, 2.0, truncated=True)
    (np.float64(1.0), np.float64(-1.0))
    """
    return np.fmod(a, b) if truncated else np.remainder(a, b)


def divmod(a: Any, b: Any) -> tuple[Any, Any]:
    """`floor_divide` and `remainder`, as `numpy.divmod`.

    Examples
    --------
    >>> divmod(7.0, 2.0)
    (np.float64(3.0), np.float64(1.0))
    """
    return floor_divide(a, b), remainder(a, b)


def _fmod(a: Any, b: Any) -> Any:
    return remainder(a, b, truncated=True)


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
