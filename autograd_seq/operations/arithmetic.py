"""Arithmetic: + - * / and powers, with NumPy's broadcasting."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_seq.core.algebra import each
from autograd_seq.core.array import Array, holds_numbers
from autograd_seq.core.errors import DtypeError
from autograd_seq.core.notation import POWER, PRODUCT, SIGN, SUM, Form, Total, infix, literal, prefix
from autograd_seq.core.operation import BY_NUMPY, Shared, operation
from autograd_seq.core.record import Record
from autograd_seq.core.source_line import here

FIT = "shapes that are equal or broadcast: each axis of equal length, or of length 1 in one of them"


@operation(
    vjp=[lambda g, y, a, b: g, lambda g, y, a, b: g],
    numpy=np.add,
    kernel=np.add,
    source=infix("+", SUM),
    latex=Total(),
    text=Total(),
    expects=FIT,
    adds=True,
    algebra="sum",
    element="{0} + {1}",
)
def add(a: Any, b: Any, /) -> Array:
    """The sum a + b, with broadcasting.

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
    algebra="difference",
    element="{0} - {1}",
)
def subtract(a: Any, b: Any, /) -> Array:
    """The difference a - b, with broadcasting.

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
    algebra="product",
    element="{0} * {1}",
)
def multiply(a: Any, b: Any, /) -> Array:
    """The product a ∘ b, element by element, with broadcasting.

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
    latex=Form(r"\frac{{{0}}}{{{1}}}", SIGN),
    text=infix("/", PRODUCT),
    expects=FIT,
    algebra="quotient",
    element="{0} / {1}",
)
def divide(a: Any, b: Any, /) -> Array:
    """The quotient a / b, element by element, with broadcasting.

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
    algebra="negative",
    element="-{0}",
)
def negative(a: Any, /) -> Array:
    """-a.

    Examples
    --------
    >>> negative([1.0, -2.0])
    array([-1.,  2.])
    """
    return np.negative(a)


def _base_rule(g: Any, y: Any, a: Any, b: Any) -> Any:
    """Rule g b a^(b - 1); where a and b are 0, the last factor is kept finite, so that the derivative is 0."""
    if not b.ndim and (not isinstance(b, Record) or (b.operation is None and not b._name and not b.requires_grad)):
        exponent = b.item()  # a number, such as the 3 of x ** 3
        return g * b * a ** (exponent - 1 if exponent else 0)
    exponents = b - 1
    return g * b * a ** np.where(a == 0, np.where(b == 0, 0.0, exponents), exponents)


def _exponent_rule(g: Any, y: Any, a: Any, b: Any) -> Any:
    """Rule g a^b log a; log of 1 where a = 0: the derivative of 0^b with respect to b > 0 is 0."""
    return g * y * np.log(np.where(a == 0, 1.0, a))


def _raised(operands: Sequence[str], settings: Any) -> str:
    """The first power, which the rule of a square has, is what is raised."""
    base, exponent = operands
    return base if exponent == "1" else f"{base} ^ {exponent}"


@operation(
    vjp=[_base_rule, _exponent_rule],
    meaning=lambda algebra, a, b: each(algebra.power, a, b),
    numpy=np.power,
    kernel=np.power,
    source=Form("{0} ** {1}", POWER, (POWER + 1, SIGN)),
    latex=Form("{{{0}}}^{{{1}}}", POWER, (POWER + 1,)),
    text=Form(_raised, POWER, (POWER + 1, POWER + 1)),
    expects=FIT,
    element="{0} ** {1}",
)
def power(a: Any, b: Any, /) -> Array:
    """The power a^b, element by element, with broadcasting.

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
    source=Form("{0} ** 2", POWER, (POWER + 1,)),
    latex=Form("{{{0}}}^2", POWER, (POWER + 1,)),
    text=Form("{0}²", POWER, (POWER + 1,)),
    element="{0} * {0}",
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
    vjp=Shared(lambda g, y, *arrays: lambda i: g),
    source=Form(lambda operands, settings: " + ".join(operands), SUM, (SUM, *(SUM + 1,) * 999)),
    latex=Total(),
    text=Total(),
    expects="arrays of one shape",
    adds=True,
    algebra="sum of uses",
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


SAME = Form("{0}")


@operation(vjp=[lambda g, y, a: g], source=SAME, latex=SAME, text=SAME, adds=True, algebra="name")
def identity(a: Any, /) -> Array:
    """The same value under another name.

    Examples
    --------
    >>> import numpy as np
    >>> identity(np.array([1.0]))
    array([1.])
    """
    return np.asarray(a)


@operation(vjp=None, source=SAME, cuts=True, elementwise=True)
def stop_gradient(a: Any, /) -> Array:
    """The same value as a constant: no derivative passes. A cut edge of truncated BPTT.

    Examples
    --------
    >>> from autograd_seq import Tensor
    >>> stop_gradient(Tensor([1.0], requires_grad=True)).requires_grad
    False
    """
    return np.asarray(a)


_AS = Form(lambda operands, settings: f"{literal(np.dtype(settings['dtype']))}({operands[0]})")


def _astype_rule(g: Any, y: Any, a: Any, dtype: Any) -> Any:
    return as_float(g, a.dtype)


@operation(vjp=[_astype_rule], meaning=lambda algebra, a, dtype: a, source=_AS, latex=SAME, text=SAME, elementwise=True)
def as_float(a: Any, /, dtype: Any) -> Array:
    """The same values as floats of another precision; see `astype`.

    Examples
    --------
    >>> import numpy as np
    >>> as_float(np.array([0.5]), "float32")
    array([0.5], dtype=float32)
    """
    return np.asarray(a).astype(dtype)


@operation(
    vjp=None,
    meaning=lambda algebra, a, dtype: each(bool if np.dtype(dtype).kind == "b" else int, a),
    source=_AS,
    expects="a dtype of integers or truth values",
    elementwise=True,
)
def as_integer(a: Any, /, dtype: Any) -> Array:
    """The values cut to integers (or to true and false), without derivative; see `astype`.

    Examples
    --------
    >>> import numpy as np
    >>> as_integer(np.array([1.7, -1.7]), "int64")
    array([ 1, -1])
    """
    return np.asarray(a).astype(dtype)


def real(dtype: Any) -> np.dtype[Any]:
    """A dtype of real numbers.

    Raises
    ------
    DtypeError
        For every other.

    Examples
    --------
    >>> real("float32")
    dtype('float32')
    """
    try:
        meant = np.dtype(dtype)
    except TypeError:
        meant = None
    if meant is None or meant.kind == "u" or not holds_numbers(meant):
        raise DtypeError(f"a tensor holds real numbers: float, int or bool, not {dtype!r}{here()}")
    return meant


def astype(
    a: Any, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True
) -> Any:
    """The same values in another dtype, as `numpy.ndarray.astype`; integers carry no gradient.

    Raises
    ------
    DtypeError
        For a dtype that does not hold real numbers.

    Examples
    --------
    >>> import numpy as np
    >>> astype(np.array([1.0]), "float32").dtype
    dtype('float32')
    """
    kind = real(dtype).kind
    return as_float(a, dtype=dtype) if kind == "f" else as_integer(a, dtype=dtype)


def floating(a: Any) -> Any:
    """Numbers as floats, if they are whole ones or truth values.

    Examples
    --------
    >>> import numpy as np
    >>> floating(np.array([1, 2]))
    array([1., 2.])
    """
    a = a if hasattr(a, "dtype") else np.asarray(a)
    return a if a.dtype.kind == "f" else astype(a, float)


def _float_power(a: Any, b: Any) -> Any:
    wide = np.result_type(np.float64, *(x.dtype for x in (a, b) if hasattr(x, "dtype")))
    return power(astype(a, wide) if hasattr(a, "dtype") else a, astype(b, wide) if hasattr(b, "dtype") else b)


BY_NUMPY[np.float_power] = _float_power
BY_NUMPY[np.ndarray.astype] = astype
