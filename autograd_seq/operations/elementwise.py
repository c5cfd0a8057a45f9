"""Functions of one element: exponentials, activations, and the ones with a kink."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.algebra import each
from autograd_seq.notation import PRODUCT, SIGN, Form
from autograd_seq.operation import operation
from autograd_seq.operations.arithmetic import FIT
from autograd_seq.tensor import Array


@operation(
    vjp=[lambda g, y, x: g * y],
    meaning=lambda algebra, x: each(algebra.exp, x),
    numpy=np.exp,
    kernel=np.exp,
    latex=r"\exp",
)
def exp(x: Any, /) -> Array:
    """The exponential.

    Examples
    --------
    >>> exp([0.0])
    array([1.])
    """
    return np.exp(x)


@operation(
    vjp=[lambda g, y, x: g / x],
    meaning=lambda algebra, x: each(algebra.log, x),
    numpy=np.log,
    kernel=np.log,
    latex=r"\log",
)
def log(x: Any, /) -> Array:
    """The natural logarithm.

    Examples
    --------
    >>> log([1.0])
    array([0.])
    """
    return np.log(x)


@operation(
    vjp=[lambda g, y, x: g / (1 + x)],
    meaning=lambda algebra, x: each(lambda e: algebra.log(1 + e), x),
    numpy=np.log1p,
    kernel=np.log1p,
)
def log1p(x: Any, /) -> Array:
    """log(1 + x), accurate near 0.

    Examples
    --------
    >>> log1p([0.0])
    array([0.])
    """
    return np.log1p(x)


@operation(
    vjp=[lambda g, y, x: g * (y + 1)],
    meaning=lambda algebra, x: each(lambda e: algebra.exp(e) - 1, x),
    numpy=np.expm1,
    kernel=np.expm1,
)
def expm1(x: Any, /) -> Array:
    """exp(x) - 1, accurate near 0.

    Examples
    --------
    >>> expm1([0.0])
    array([0.])
    """
    return np.expm1(x)


@operation(
    vjp=[lambda g, y, x: g / (2 * y)],
    meaning=lambda algebra, x: each(algebra.sqrt, x),
    numpy=np.sqrt,
    kernel=np.sqrt,
    latex=Form(r"\sqrt{{{0}}}"),
    text="√",
)
def sqrt(x: Any, /) -> Array:
    """The square root.

    Examples
    --------
    >>> sqrt([4.0])
    array([2.])
    """
    return np.sqrt(x)


@operation(
    vjp=[lambda g, y, x: g * (1.0 - y * y)],
    meaning=lambda algebra, x: each(algebra.tanh, x),
    numpy=np.tanh,
    kernel=np.tanh,
    latex=r"\tanh",
)
def tanh(x: Any, /) -> Array:
    """The hyperbolic tangent; tanh' = 1 - tanh².

    Examples
    --------
    >>> tanh([0.0])
    array([0.])
    """
    return np.tanh(x)


# exp overflows past these; sigmoid is 0 to rounding long before.
_LOWEST = {np.dtype(np.float32): np.float32(-88.0), np.dtype(np.float64): np.float64(-709.0)}


@operation(
    vjp=[lambda g, y, x: g * (y * (1.0 - y))],
    meaning=lambda algebra, x: each(algebra.sigmoid, x),
    source=Form("1 / (1 + np.exp(-{0}))", PRODUCT, (SIGN + 1,)),
    latex=r"\sigma",
    text="σ",
)
def sigmoid(x: Any, /) -> Array:
    """σ(x) = 1 / (1 + exp(-x)), without overflow; σ' = σ (1 - σ).

    Examples
    --------
    >>> sigmoid([0.0, -1000.0])
    array([0.5, 0. ])
    """
    x = np.asarray(x)
    return 1 / (1 + np.exp(-np.maximum(x, _LOWEST.get(x.dtype, -709.0))))


@operation(
    vjp=[lambda g, y, x: g * (x > 0)],
    meaning=lambda algebra, x: each(lambda e: algebra.maximum(e, 0), x),
    source=Form("np.maximum({0}, 0)"),
    latex=r"\operatorname{ReLU}",
    text="ReLU",
)
def relu(x: Any, /) -> Array:
    """max(x, 0); the derivative at 0 is taken as 0.

    Examples
    --------
    >>> relu([-1.0, 2.0])
    array([0., 2.])
    """
    return np.maximum(x, 0)


@operation(
    vjp=[lambda g, y, x: g * sigmoid(x)],
    meaning=lambda algebra, x: each(lambda e: algebra.log(1 + algebra.exp(e)), x),
    source=Form("np.logaddexp(0, {0})"),
)
def softplus(x: Any, /) -> Array:
    """log(1 + exp(x)), without overflow.

    Examples
    --------
    >>> softplus([0.0, 1000.0]).round(4)
    array([   0.6931, 1000.    ])
    """
    return np.logaddexp(0, np.asarray(x))


@operation(
    vjp=[lambda g, y, x: g * cos(x)],
    meaning=lambda algebra, x: each(algebra.sin, x),
    numpy=np.sin,
    kernel=np.sin,
    latex=r"\sin",
)
def sin(x: Any, /) -> Array:
    """The sine.

    Examples
    --------
    >>> sin([0.0])
    array([0.])
    """
    return np.sin(x)


@operation(
    vjp=[lambda g, y, x: -(g * sin(x))],
    meaning=lambda algebra, x: each(algebra.cos, x),
    numpy=np.cos,
    kernel=np.cos,
    latex=r"\cos",
)
def cos(x: Any, /) -> Array:
    """The cosine.

    Examples
    --------
    >>> cos([0.0])
    array([1.])
    """
    return np.cos(x)


@operation(
    vjp=[lambda g, y, x: g * sign(x)],
    meaning=lambda algebra, x: each(algebra.abs, x),
    numpy=(np.abs, np.fabs),
    kernel=np.abs,
    latex=Form(r"\left|{0}\right|"),
    text=Form("|{0}|"),
)
def abs(x: Any, /) -> Array:
    """The absolute value; the derivative at 0 is taken as 0.

    Examples
    --------
    >>> abs([-2.0])
    array([2.])
    """
    return np.abs(x)


@operation(
    vjp=None,
    meaning=lambda algebra, x: each(algebra.sign, x),
    numpy=np.sign,
    kernel=np.sign,
)
def sign(x: Any, /) -> Array:
    """-1, 0 or 1; constant wherever it has a derivative.

    Examples
    --------
    >>> sign([-2.0, 0.0, 3.0])
    array([-1.,  0.,  1.])
    """
    return np.sign(x)


@operation(
    vjp=[
        lambda g, y, a, b: g * ((a > b) + 0.5 * (a == b)),
        lambda g, y, a, b: g * ((b > a) + 0.5 * (a == b)),
    ],
    meaning=lambda algebra, a, b: each(algebra.maximum, a, b),
    numpy=np.maximum,
    kernel=np.maximum,
    latex=r"\max",
    text="max",
    expects=FIT,
)
def maximum(a: Any, b: Any, /) -> Array:
    """The larger, element by element; at a tie each gets half of the adjoint.

    Examples
    --------
    >>> maximum([1.0, 5.0], [2.0, 3.0])
    array([2., 5.])
    """
    return np.maximum(a, b)


@operation(
    vjp=[
        lambda g, y, a, b: g * ((a < b) + 0.5 * (a == b)),
        lambda g, y, a, b: g * ((b < a) + 0.5 * (a == b)),
    ],
    meaning=lambda algebra, a, b: each(algebra.minimum, a, b),
    numpy=np.minimum,
    kernel=np.minimum,
    latex=r"\min",
    text="min",
    expects=FIT,
)
def minimum(a: Any, b: Any, /) -> Array:
    """The smaller, element by element; at a tie each gets half of the adjoint.

    Examples
    --------
    >>> minimum([1.0, 5.0], [2.0, 3.0])
    array([1., 3.])
    """
    return np.minimum(a, b)


@operation(
    vjp=[None, lambda g, y, c, a, b: where(c, g, 0), lambda g, y, c, a, b: where(c, 0, g)],
    meaning=lambda algebra, c, a, b: each(algebra.select, c, a, b),
    numpy=np.where,
    expects="a condition and two arrays whose shapes broadcast",
)
def where(condition: Any, a: Any, b: Any, /) -> Array:
    """`a` where the condition holds, `b` elsewhere.

    Examples
    --------
    >>> import numpy as np
    >>> where(np.array([True, False]), 1.0, 2.0)
    array([1., 2.])
    """
    return np.where(condition, a, b)


def _clip_meaning(algebra: Any, x: Any, low: Any, high: Any) -> Any:
    if low is not None:
        x = each(algebra.maximum, x, low)
    return x if high is None else each(algebra.minimum, x, high)


@operation(
    vjp=[lambda g, y, x, low, high: g * (y == x)],
    meaning=_clip_meaning,
    numpy=np.clip,
    source=Form("np.clip({0}, {low!r}, {high!r})"),
)
def clip(x: Any, /, low: Any = None, high: Any = None) -> Array:
    """x kept between `low` and `high`; the derivative is 1 where it is not cut.

    Examples
    --------
    >>> clip([-2.0, 0.5, 2.0], -1.0, 1.0)
    array([-1. ,  0.5,  1. ])
    """
    return np.clip(x, low, high)
