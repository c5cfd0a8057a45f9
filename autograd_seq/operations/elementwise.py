"""Functions of one element: exponentials, activations, and the ones with a kink."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.core.algebra import each
from autograd_seq.core.array import Array, quietly
from autograd_seq.core.notation import COMPARISON, PRODUCT, SIGN, SUM, Form, literal
from autograd_seq.core.operation import operation
from autograd_seq.operations.arithmetic import FIT, SAME

# For rules that write into what they have made: NumPy takes 1.0 in an array for less than as a number, and its
# functions are found here sooner than in its module.
_ONE, _DOUBLE = np.ones(()), np.dtype(np.float64)
_add, _divide, _exp, _multiply, _negative, _subtract = np.add, np.divide, np.exp, np.multiply, np.negative, np.subtract


def _chosen_rule(g: Any, y: Any, c: Any, a: Any, b: Any) -> Any:
    return where(c, g, 0)


def _not_below_zero(x: Any) -> Array:
    """The condition as plain numbers, not as it is computed: programs have many ways to say it."""
    return np.asarray(getattr(x, "_value", x)) >= 0


def _other_rule(g: Any, y: Any, c: Any, a: Any, b: Any) -> Any:
    return where(c, 0, g)


@operation(
    vjp=[None, _chosen_rule, _other_rule],
    meaning=lambda algebra, c, a, b: each(algebra.select, c, a, b),
    numpy=np.where,
    latex=Form(r"\begin{{cases}}{1} & {0} \\ {2} & \text{{otherwise}}\end{{cases}}", COMPARISON),
    expects="a condition and two arrays whose shapes broadcast",
    elementwise=True,
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


@operation(
    vjp=[lambda g, y, x: g],
    meaning=lambda algebra, x: x,
    source=Form("np.nan_to_num({0}, nan=np.nan)"),
    latex=SAME,
    text=SAME,
    formula=SAME,
    elementwise=True,
)
def as_finite(x: Any, /) -> Array:
    """x, with the largest number of its kind in the place of infinity; of finite numbers, it is x itself.

    The difference of two infinite numbers of one sign is NaN; of two that are as large as numbers get, it is 0.

    Examples
    --------
    >>> import numpy as np
    >>> lowest = as_finite(np.array(-np.inf))
    >>> float(lowest - lowest)
    0.0
    """
    return np.nan_to_num(x, nan=np.nan)


@operation(
    vjp=[lambda g, y, x: g * y],
    meaning=lambda algebra, x: each(algebra.exp, x),
    numpy=np.exp,
    kernel=np.exp,
    latex=r"\exp",
    algebra="exponential",
    element="exp({0})",
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
    element="log({0})",
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
    latex=Form(r"\log(1 + {0})", operands=(SUM,)),
    text=Form("log(1 + {0})", operands=(SUM,)),
    element="np.log1p({0})",
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
    latex=Form(r"\exp({0}) - 1", SUM),
    text=Form("exp({0}) − 1", SUM),
    element="np.expm1({0})",
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
    element="np.sqrt({0})",
)
def sqrt(x: Any, /) -> Array:
    """The square root.

    Examples
    --------
    >>> sqrt([4.0])
    array([2.])
    """
    return np.sqrt(x)


def _tanh_pulled(g: Any, y: Any, x: Any) -> Any:
    if not y.ndim or g.dtype is not _DOUBLE or y.dtype is not _DOUBLE:
        return g * (1.0 - y * y)
    slope = _multiply(y, y)
    return _multiply(g, _subtract(_ONE, slope, slope), slope)


@operation(
    vjp=[lambda g, y, x: g * (1.0 - y * y)],
    pulled=_tanh_pulled,
    meaning=lambda algebra, x: each(algebra.tanh, x),
    numpy=np.tanh,
    kernel=np.tanh,
    latex=r"\tanh",
    activation=True,
    element="tanh({0})",
)
def tanh(x: Any, /) -> Array:
    """The hyperbolic tangent; tanh' = 1 - tanh².

    Examples
    --------
    >>> tanh([0.0])
    array([0.])
    """
    return np.tanh(x)


def _on_each_side(x: Any) -> Any:
    """Written in two ways, one for positive and one for negative arguments, neither of which can overflow."""
    return where(_not_below_zero(x), sigmoid(x), sigmoid(x))


def _of_size_on_each_side(x: Any) -> Any:
    return where(_not_below_zero(x), sigmoid(np.abs(x)), sigmoid(-np.abs(x)))


def _of_size_with_quotient(x: Any) -> Any:
    return where(_not_below_zero(x), sigmoid(np.abs(x)), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


def _sigmoid_pulled(g: Any, y: Any, x: Any) -> Any:
    if not y.ndim or g.dtype is not _DOUBLE or y.dtype is not _DOUBLE:
        return g * (y * (1.0 - y))
    slope = _subtract(_ONE, y)
    return _multiply(g, _multiply(y, slope, slope), slope)


@operation(
    vjp=[lambda g, y, x: g * (y * (1.0 - y))],
    pulled=_sigmoid_pulled,
    meaning=lambda algebra, x: each(algebra.sigmoid, x),
    source=Form("1 / (1 + np.exp(-{0}))", PRODUCT, (SIGN + 1,)),
    latex=r"\sigma",
    text="σ",
    formula="sigmoid",
    activation=True,
    elementwise=True,
    element="sigmoid({0})",
    longhand=[
        lambda x: 1 / (1 + np.exp(-x)),
        lambda x: np.exp(x) / (1 + np.exp(x)),
        lambda x: 0.5 * (1 + np.tanh(0.5 * x)),
        lambda x: 0.5 * (1 + np.tanh(x / 2)),
        lambda x: (1 + np.tanh(x / 2)) / 2,
        _on_each_side,
        _of_size_on_each_side,
        _of_size_with_quotient,
    ],
)
def sigmoid(x: Any, /) -> Array:
    """The sigmoid σ(x) = 1 / (1 + exp(-x)), without overflow; σ' = σ (1 - σ).

    Examples
    --------
    >>> sigmoid([0.0, -1000.0])
    array([0.5, 0. ])
    """
    return np.asarray(quietly(_sigmoid, np.asarray(x)))


def _sigmoid(x: Any) -> Any:
    if not x.ndim or x.dtype is not _DOUBLE:
        return 1 / (1 + np.exp(-x))  # where exp(-x) is infinite, its inverse is 0
    y = _negative(x)
    return _divide(_ONE, _add(_ONE, _exp(y, y), y), y)


@operation(
    vjp=[lambda g, y, x: where(x > 0, g, 0)],
    meaning=lambda algebra, x: each(lambda e: algebra.maximum(e, 0), x),
    source=Form("np.maximum({0}, 0)"),
    latex=r"\operatorname{ReLU}",
    text="ReLU",
    formula="relu",
    activation=True,
    elementwise=True,
    element="zero if {0} < zero else {0}",
    longhand=[lambda x: np.maximum(x, 0), lambda x: x * (x > 0), lambda x: where(x > 0, x, 0)],
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
    latex=Form(r"\log(1 + \exp({0}))"),
    text=Form("log(1 + exp({0}))"),
    activation=True,
    elementwise=True,
)
def softplus(x: Any, /) -> Array:
    """log(1 + exp(x)), without overflow.

    Examples
    --------
    >>> softplus([0.0, 10.0]).round(4)
    array([ 0.6931, 10.    ])
    """
    with np.errstate(under="ignore"):
        return np.logaddexp(0, np.asarray(x))


def _sin_rule(g: Any, y: Any, x: Any) -> Any:
    return g * cos(x)


@operation(
    vjp=[_sin_rule],
    meaning=lambda algebra, x: each(algebra.sin, x),
    numpy=np.sin,
    kernel=np.sin,
    latex=r"\sin",
    element="np.sin({0})",
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
    vjp=[lambda g, y, x: -g * sin(x)],
    meaning=lambda algebra, x: each(algebra.cos, x),
    numpy=np.cos,
    kernel=np.cos,
    latex=r"\cos",
    element="np.cos({0})",
)
def cos(x: Any, /) -> Array:
    """The cosine.

    Examples
    --------
    >>> cos([0.0])
    array([1.])
    """
    return np.cos(x)


def _abs_rule(g: Any, y: Any, x: Any) -> Any:
    return g * sign(x)


@operation(
    vjp=[_abs_rule],
    meaning=lambda algebra, x: each(algebra.abs, x),
    numpy=np.abs,
    kernel=np.abs,
    latex=Form(r"\left|{0}\right|"),
    text=Form("|{0}|"),
    element="np.abs({0})",
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
        lambda g, y, a, b: where(a == b, g / 2, where(a > b, g, 0)),
        lambda g, y, a, b: where(a == b, g / 2, where(a > b, 0, g)),
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
        lambda g, y, a, b: where(a == b, g / 2, where(a < b, g, 0)),
        lambda g, y, a, b: where(a == b, g / 2, where(a < b, 0, g)),
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


def _clip_meaning(algebra: Any, x: Any, low: Any, high: Any) -> Any:
    if low is not None:
        x = each(algebra.maximum, x, low)
    return x if high is None else each(algebra.minimum, x, high)


@operation(
    vjp=[lambda g, y, x, low, high: where(y == x, g, 0)],
    meaning=_clip_meaning,
    numpy=np.clip,
    source=Form(lambda operands, p: f"np.clip({operands[0]}, {literal(p['low'])}, {literal(p['high'])})"),
    elementwise=True,
)
def clip(x: Any, /, low: Any = None, high: Any = None) -> Array:
    """The value kept between `low` and `high`; the derivative is 1 where it is not cut.

    Examples
    --------
    >>> clip([-2.0, 0.5, 2.0], -1.0, 1.0)
    array([-1. ,  0.5,  1. ])
    """
    return np.clip(x, low, high)
