"""Circular and hyperbolic functions and their inverses, and the length and the angle of a pair."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.core.algebra import each
from autograd_seq.core.array import Array
from autograd_seq.core.notation import Form
from autograd_seq.core.operation import operation
from autograd_seq.operations.arithmetic import FIT, multiply
from autograd_seq.operations.elementwise import sqrt, where


@operation(
    vjp=[lambda g, y, x: g * (1 + y * y)],
    meaning=lambda algebra, x: each(lambda e: algebra.sin(e) / algebra.cos(e), x),
    numpy=np.tan,
    kernel=np.tan,
    latex=r"\tan",
)
def tan(x: Any, /) -> Array:
    """The tangent; tan' = 1 + tan².

    Examples
    --------
    >>> tan([0.0])
    array([0.])
    """
    return np.tan(x)


def _sinh_rule(g: Any, y: Any, x: Any) -> Any:
    return g * cosh(x)


@operation(
    vjp=[_sinh_rule],
    meaning=lambda algebra, x: each(lambda e: (algebra.exp(e) - algebra.exp(-e)) / 2, x),
    numpy=np.sinh,
    kernel=np.sinh,
    latex=r"\sinh",
)
def sinh(x: Any, /) -> Array:
    """The hyperbolic sine.

    Examples
    --------
    >>> sinh([0.0])
    array([0.])
    """
    return np.sinh(x)


@operation(
    vjp=[lambda g, y, x: g * sinh(x)],
    meaning=lambda algebra, x: each(lambda e: (algebra.exp(e) + algebra.exp(-e)) / 2, x),
    numpy=np.cosh,
    kernel=np.cosh,
    latex=r"\cosh",
)
def cosh(x: Any, /) -> Array:
    """The hyperbolic cosine.

    Examples
    --------
    >>> cosh([0.0])
    array([1.])
    """
    return np.cosh(x)


def _arcsine(algebra: Any, x: Any) -> Any:
    """By the half angle, which has a value at -1 and 1 as well."""
    return 2 * algebra.arctan(x / (1 + algebra.sqrt(1 - x * x)))


@operation(
    vjp=[lambda g, y, x: g / sqrt((1 - x) * (1 + x))],
    meaning=lambda algebra, x: each(lambda e: _arcsine(algebra, e), x),
    numpy=np.arcsin,
    kernel=np.arcsin,
    latex=r"\arcsin",
)
def arcsin(x: Any, /) -> Array:
    """The angle between -π/2 and π/2 whose sine is x.

    Examples
    --------
    >>> arcsin([0.0])
    array([0.])
    """
    return np.arcsin(x)


@operation(
    vjp=[lambda g, y, x: -g / sqrt((1 - x) * (1 + x))],
    meaning=lambda algebra, x: each(lambda e: 2 * algebra.arctan(1) - _arcsine(algebra, e), x),
    numpy=np.arccos,
    kernel=np.arccos,
    latex=r"\arccos",
)
def arccos(x: Any, /) -> Array:
    """The angle between 0 and π whose cosine is x.

    Examples
    --------
    >>> arccos([1.0])
    array([0.])
    """
    return np.arccos(x)


@operation(
    vjp=[lambda g, y, x: g / (1 + x * x)],
    meaning=lambda algebra, x: each(algebra.arctan, x),
    numpy=np.arctan,
    kernel=np.arctan,
    latex=r"\arctan",
)
def arctan(x: Any, /) -> Array:
    """The angle between -π/2 and π/2 whose tangent is x.

    Examples
    --------
    >>> arctan([0.0])
    array([0.])
    """
    return np.arctan(x)


def _arcsinh_rule(g: Any, y: Any, x: Any) -> Any:
    return g / hypot(1, x)


@operation(
    vjp=[_arcsinh_rule],
    meaning=lambda algebra, x: each(lambda e: algebra.log(e + algebra.sqrt(e * e + 1)), x),
    numpy=np.arcsinh,
    kernel=np.arcsinh,
    latex=r"\operatorname{arsinh}",
)
def arcsinh(x: Any, /) -> Array:
    """The number whose hyperbolic sine is x.

    Examples
    --------
    >>> arcsinh([0.0])
    array([0.])
    """
    return np.arcsinh(x)


@operation(
    vjp=[lambda g, y, x: g / (sqrt(x - 1) * sqrt(x + 1))],
    meaning=lambda algebra, x: each(lambda e: algebra.log(e + algebra.sqrt(e - 1) * algebra.sqrt(e + 1)), x),
    numpy=np.arccosh,
    kernel=np.arccosh,
    latex=r"\operatorname{arcosh}",
)
def arccosh(x: Any, /) -> Array:
    """The number, 0 or more, whose hyperbolic cosine is x.

    Examples
    --------
    >>> arccosh([1.0])
    array([0.])
    """
    return np.arccosh(x)


@operation(
    vjp=[lambda g, y, x: g / ((1 - x) * (1 + x))],
    meaning=lambda algebra, x: each(lambda e: (algebra.log(1 + e) - algebra.log(1 - e)) / 2, x),
    numpy=np.arctanh,
    kernel=np.arctanh,
    latex=r"\operatorname{artanh}",
)
def arctanh(x: Any, /) -> Array:
    """The number whose hyperbolic tangent is x.

    Examples
    --------
    >>> arctanh([0.0])
    array([0.])
    """
    return np.arctanh(x)


def _hypot_rule(g: Any, y: Any, side: Any) -> Any:
    return g * (side / where(y == 0, 1.0, y))


@operation(
    vjp=[lambda g, y, a, b: _hypot_rule(g, y, a), lambda g, y, a, b: _hypot_rule(g, y, b)],
    meaning=lambda algebra, a, b: each(lambda u, v: algebra.sqrt(u * u + v * v), a, b),
    numpy=np.hypot,
    kernel=np.hypot,
    latex=Form(r"\sqrt{{{{{0}}}^2 + {{{1}}}^2}}", operands=(60, 60)),
    expects=FIT,
)
def hypot(a: Any, b: Any, /) -> Array:
    """√(a² + b²), element by element; the derivative where it is 0 is taken as 0.

    Examples
    --------
    >>> hypot([3.0], [4.0])
    array([5.])
    """
    return np.hypot(a, b)


def _turn(a: Any, b: Any, side: Any) -> Any:
    """Side / (a² + b²), divided twice by the length: its square may be too large, or too small, for a float."""
    length = hypot(a, b)
    length = where(length == 0, 1.0, length)
    return side / length / length


@operation(
    vjp=[lambda g, y, a, b: g * _turn(a, b, b), lambda g, y, a, b: -g * _turn(a, b, a)],
    meaning=lambda algebra, a, b: each(  # by the half angle, which has no value where the angle jumps from -π to π
        lambda u, v: 2 * algebra.arctan(u / (algebra.sqrt(u * u + v * v) + v)), a, b
    ),
    numpy=np.arctan2,
    kernel=np.arctan2,
    expects=FIT,
)
def arctan2(a: Any, b: Any, /) -> Array:
    """The angle of the point (b, a), between -π and π; the derivative at the origin is taken as 0.

    Examples
    --------
    >>> arctan2([0.0], [1.0])
    array([0.])
    """
    return np.arctan2(a, b)


def _radians(x: Any) -> Any:
    return multiply(x, float(np.pi / 180))


def _degrees(x: Any) -> Any:
    return multiply(x, float(180 / np.pi))


ANGLES: dict[Any, Any] = {
    np.deg2rad: _radians,
    np.degrees: _degrees,
    np.rad2deg: _degrees,
    np.radians: _radians,
}
