"""More of powers, roots, logarithms, and functions with cases, mostly made of simpler ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_seq.core.algebra import each
from autograd_seq.core.array import Array
from autograd_seq.core.notation import Form
from autograd_seq.core.operation import operation
from autograd_seq.core.protocols import written
from autograd_seq.operations.arithmetic import FIT, floating, multiply, power
from autograd_seq.operations.comparison import equal, greater, isnan, less, logical_and
from autograd_seq.operations.decided import decided, is_learned, refuse
from autograd_seq.operations.elementwise import abs, as_finite, log, maximum, minimum, sigmoid, sin, where


def _cube_root(algebra: Any, e: Any) -> Any:
    root = algebra.exp(algebra.log(algebra.abs(e)) / 3)
    return algebra.select(algebra.compare("<", e, 0), -root, root)


@operation(
    vjp=[lambda g, y, x: g / (3 * (y * y))],
    meaning=lambda algebra, x: each(lambda e: _cube_root(algebra, e), x),
    numpy=np.cbrt,
    kernel=np.cbrt,
    latex=Form(r"\sqrt[3]{{{0}}}"),
    text="∛",
)
def cbrt(x: Any, /) -> Array:
    """The cube root, of negative numbers too.

    Examples
    --------
    >>> cbrt([-8.0])
    array([-2.])
    """
    return np.cbrt(x)


@operation(
    vjp=[
        lambda g, y, a, b: g * sigmoid(as_finite(a) - as_finite(b)),
        lambda g, y, a, b: g * sigmoid(as_finite(b) - as_finite(a)),
    ],
    meaning=lambda algebra, a, b: each(lambda u, v: algebra.log(algebra.exp(u) + algebra.exp(v)), a, b),
    numpy=np.logaddexp,
    kernel=np.logaddexp,
    latex=Form(r"\log(\exp({0}) + \exp({1}))"),
    text=Form("log(exp({0}) + exp({1}))"),
    expects=FIT,
)
def logaddexp(a: Any, b: Any, /) -> Array:
    """log(exp a + exp b), element by element, without overflow.

    The two share the adjoint as exp a : exp b; those that are equal have a half each, two that are -inf (which no path
    has reached) as well, as two very low numbers would.

    Examples
    --------
    >>> logaddexp([1000.0], [1000.0]).round(4)
    array([1000.6931])
    """
    return np.logaddexp(a, b)


def _log_of_base(base: float) -> Callable[[Any], Any]:
    return lambda x: log(x) / float(np.log(base))


def _logaddexp2(a: Any, b: Any) -> Any:
    two = float(np.log(2.0))
    return logaddexp(multiply(a, two), multiply(b, two)) / two


_NEAR = 0.1  # where the derivative of sin(a) / a is a small difference of large numbers, and a short series exact


def sinc(x: Any) -> Any:
    """sin(π x) / (π x), and 1 at 0, as `numpy.sinc`; its second derivative there is right too.

    Examples
    --------
    >>> import numpy as np
    >>> sinc(np.array([0.0, 0.5])).round(4)
    array([1.    , 0.6366])
    """
    angle = multiply(x, float(np.pi))
    near = logical_and(less(-_NEAR, angle), less(angle, _NEAR))
    divisor, small = where(near, 1.0, angle), where(near, angle, 0.0)
    square = small * small
    series = 1 - square / 6 * (1 - square / 20 * (1 - square / 42 * (1 - square / 72)))
    return where(near, series, sin(divisor) / divisor)


def _dtype(x: Any) -> np.dtype[Any]:
    return x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype


def _heaviside(x: Any, at_zero: Any) -> Any:
    low, high, neither = (np.full((), value, _dtype(x)) for value in (0.0, 1.0, np.nan))
    return where(equal(x, 0), at_zero, where(greater(x, 0), high, where(less(x, 0), low, neither)))


def _copysign(a: Any, b: Any) -> Any:
    a, negative = floating(a), np.signbit(decided(b))
    return where(negative, -abs(a), abs(a))


def _fmax(a: Any, b: Any) -> Any:
    return maximum(where(isnan(a), b, a), where(isnan(b), a, b))


def _fmin(a: Any, b: Any) -> Any:
    return minimum(where(isnan(a), b, a), where(isnan(b), a, b))


def _nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    if is_learned((nan, posinf, neginf)):
        raise refuse("nan_to_num", "takes plain numbers as nan, posinf, neginf", "Write np.where(np.isnan(x), y, x)")
    if not copy:
        return written(x, _nan_to_num(x, True, nan, posinf, neginf), "nan_to_num, with copy=False,")
    if _dtype(x).kind != "f":
        return x
    most = np.finfo(_dtype(x))
    number = _dtype(x).type
    x = where(isnan(x), number(nan), x)
    x = where(equal(x, np.inf), number(most.max if posinf is None else posinf), x)
    return where(equal(x, -np.inf), number(most.min if neginf is None else neginf), x)


def _ldexp(x: Any, exponent: Any) -> Any:
    return multiply(x, np.ldexp(np.ones((), _dtype(x)), decided(exponent)))


EXPONENTIALS: dict[Any, Any] = {
    np.copysign: _copysign,
    np.exp2: lambda x: power(2.0, x),
    np.fmax: _fmax,
    np.fmin: _fmin,
    np.heaviside: _heaviside,
    np.ldexp: _ldexp,
    np.log10: _log_of_base(10.0),
    np.log2: _log_of_base(2.0),
    np.logaddexp2: _logaddexp2,
    np.nan_to_num: _nan_to_num,
    np.sinc: sinc,
}
