"""Arithmetic: + - * / and powers, with NumPy's broadcasting."""

from __future__ import annotations

import functools
import operator
from typing import Any

import numpy as np

from autograd_seq.algebra import each
from autograd_seq.notation import POWER, PRODUCT, SUM, Form, infix, prefix
from autograd_seq.operation import operation
from autograd_seq.tensor import Array

FIT = "shapes that are equal or broadcast: each axis of equal length, or of length 1 in one of them"


@operation(
    vjp=[lambda g, y, a, b: g, lambda g, y, a, b: g],
    numpy=np.add,
    kernel=np.add,
    source=infix("+", SUM),
    latex=infix("+", SUM, right=0),
    text=infix("+", SUM, right=0),
    expects=FIT,
)
def add(a: Any, b: Any, /) -> Array:
    """a + b, with broadcasting.

    Examples
    --------
    >>> add([1.0, 2.0], 1.0)
    array([2., 3.])
    """
    return np.add(a, b)


@operation(
    vjp=[lambda g, y, a, b: g, lambda g, y, a, b: -g],
    numpy=np.subtract,
    kernel=np.subtract,
    source=infix("-", SUM),
    latex=infix("-", SUM),
    text=infix("−", SUM),
    expects=FIT,
)
def subtract(a: Any, b: Any, /) -> Array:
    """a - b, with broadcasting.

    Examples
    --------
    >>> subtract([1.0, 2.0], 1.0)
    array([0., 1.])
    """
    return np.subtract(a, b)


@operation(
    vjp=[lambda g, y, a, b: g * b, lambda g, y, a, b: g * a],
    numpy=np.multiply,
    kernel=np.multiply,
    source=infix("*", PRODUCT),
    latex=infix(r"\circ", PRODUCT, right=0),
    text=infix("∘", PRODUCT, right=0),
    expects=FIT,
)
def multiply(a: Any, b: Any, /) -> Array:
    """a ∘ b, element by element, with broadcasting.

    Examples
    --------
    >>> multiply([1.0, 2.0], [3.0, 4.0])
    array([3., 8.])
    """
    return np.multiply(a, b)


@operation(
    vjp=[lambda g, y, a, b: g / b, lambda g, y, a, b: -g * y / b],
    numpy=np.divide,
    kernel=np.divide,
    source=infix("/", PRODUCT),
    latex=Form(r"\frac{{{0}}}{{{1}}}"),
    text=infix("/", PRODUCT),
    expects=FIT,
)
def divide(a: Any, b: Any, /) -> Array:
    """a / b, element by element, with broadcasting.

    Examples
    --------
    >>> divide([1.0, 2.0], 2.0)
    array([0.5, 1. ])
    """
    return np.divide(a, b)


@operation(
    vjp=[lambda g, y, a: -g],
    numpy=np.negative,
    kernel=np.negative,
    source=prefix("-"),
    latex=prefix("-", SUM),
    text=prefix("−", SUM),
)
def negative(a: Any, /) -> Array:
    """-a.

    Examples
    --------
    >>> negative([1.0, -2.0])
    array([-1.,  2.])
    """
    return np.negative(a)


def _log_of_base(a: Any) -> Any:
    """log(a), and 0 where a = 0: the derivative of 0 ** b with respect to b > 0 is 0."""
    from autograd_seq.operations.elementwise import log, where

    return log(where(a == 0, 1.0, a))


@operation(
    vjp=[
        lambda g, y, a, b: g * b * a ** (b - 1),
        lambda g, y, a, b: g * y * _log_of_base(a),
    ],
    meaning=lambda algebra, a, b: each(algebra.power, a, b),
    numpy=(np.power, np.float_power),
    kernel=np.power,
    source=infix("**", POWER),
    latex=Form("{{{0}}}^{{{1}}}", POWER, (POWER + 1,)),
    text=infix("^", POWER),
    expects=FIT,
)
def power(a: Any, b: Any, /) -> Array:
    """a to the power b, element by element, with broadcasting.

    Examples
    --------
    >>> power([1.0, 3.0], 2.0)
    array([1., 9.])
    """
    return np.power(a, b)


@operation(
    vjp=[lambda g, y, a: g * (2 * a)],
    numpy=np.square,
    kernel=np.square,
    source="np.square",
    latex=Form("{{{0}}}^2", POWER, (POWER + 1,)),
    text=Form("{0}²", POWER, (POWER + 1,)),
)
def square(a: Any, /) -> Array:
    """a², element by element.

    Examples
    --------
    >>> square([1.0, 3.0])
    array([1., 9.])
    """
    return np.multiply(a, a)


@operation(
    vjp=lambda i, g, y, *arrays: g,
    source=Form(lambda operands, parameters: " + ".join(operands), SUM, (SUM, *(SUM + 1,) * 999)),
    latex=Form(lambda operands, parameters: " + ".join(operands), SUM),
    text=Form(lambda operands, parameters: " + ".join(operands), SUM),
    expects="arrays of one shape",
)
def accumulate(*arrays: Any) -> Array:
    """The sum of arrays of one shape: the adjoint of a record that several others use.

    Examples
    --------
    >>> import numpy as np
    >>> accumulate([np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([5.0, 6.0])])
    array([ 9., 12.])
    """
    if len({np.shape(a) for a in arrays}) != 1:
        raise ValueError("the shapes differ")
    return functools.reduce(operator.add, arrays)


_SAME = Form("{0}", SUM, (SUM,))


@operation(vjp=[lambda g, y, a: g], source=_SAME, latex=_SAME, text=_SAME)
def identity(a: Any, /) -> Array:
    """The same value under another name.

    Examples
    --------
    >>> import numpy as np
    >>> identity(np.array([1.0]))
    array([1.])
    """
    return np.asarray(a)


@operation(vjp=None, source=_SAME)
def stop_gradient(a: Any, /) -> Array:
    """The same value as a constant: no derivative passes. A cut edge of truncated BPTT.

    Examples
    --------
    >>> from autograd_seq import Tensor
    >>> stop_gradient(Tensor([1.0], requires_grad=True)).requires_grad
    False
    """
    return np.asarray(a)


@operation(
    vjp=[lambda g, y, a, dtype: astype(g, a.dtype)],
    meaning=lambda algebra, a, dtype: a,
    source=Form(lambda operands, parameters: f"{operands[0]}.astype({np.dtype(parameters['dtype']).name!r})"),
    latex=_SAME,
    text=_SAME,
)
def astype(a: Any, /, dtype: Any) -> Array:
    """The same values in another dtype.

    Examples
    --------
    >>> import numpy as np
    >>> astype(np.array([1.0]), "float32").dtype
    dtype('float32')
    """
    return np.asarray(a).astype(dtype)
