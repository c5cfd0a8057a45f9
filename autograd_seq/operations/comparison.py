"""Comparisons: remembered, so that a decision on data can be seen; they have no derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.core.algebra import each
from autograd_seq.core.array import Array
from autograd_seq.core.notation import COMPARISON, infix
from autograd_seq.core.operation import Operation, operation
from autograd_seq.operations.arithmetic import FIT


def _comparison(ufunc: np.ufunc, symbol: str, latex: str, text: str) -> Operation:
    def compare(a: Any, b: Any, /) -> Array:
        return np.asarray(ufunc(a, b))

    compare.__name__ = ufunc.__name__
    compare.__module__ = __name__
    compare.__doc__ = f"""a {symbol} b, element by element; without derivative.

    Examples
    --------
    >>> {ufunc.__name__}([1.0, 2.0, 3.0], 2.0)
    {ufunc([1.0, 2.0, 3.0], 2.0)!r}
    """
    level = COMPARISON
    return operation(
        vjp=None,
        meaning=lambda algebra, a, b: each(lambda x, y: algebra.compare(symbol, x, y), a, b),
        numpy=ufunc,
        kernel=ufunc,
        source=infix(symbol, level, 1),
        latex=infix(latex, level, 1),
        text=infix(text, level, 1),
        expects=FIT,
    )(compare)


equal = _comparison(np.equal, "==", "=", "=")
not_equal = _comparison(np.not_equal, "!=", r"\neq", "≠")
less = _comparison(np.less, "<", "<", "<")
less_equal = _comparison(np.less_equal, "<=", r"\leq", "≤")
greater = _comparison(np.greater, ">", ">", ">")
greater_equal = _comparison(np.greater_equal, ">=", r"\geq", "≥")


@operation(vjp=None, numpy=np.logical_and, elementwise=True)
def logical_and(a: Any, b: Any, /) -> Array:
    """Whether both are true, element by element; without derivative.

    Examples
    --------
    >>> logical_and([True, True], [True, False])
    array([ True, False])
    """
    return np.logical_and(a, b)


@operation(vjp=None, numpy=np.logical_or, elementwise=True)
def logical_or(a: Any, b: Any, /) -> Array:
    """Whether one is true, element by element; without derivative.

    Examples
    --------
    >>> logical_or([True, False], [False, False])
    array([ True, False])
    """
    return np.logical_or(a, b)


@operation(vjp=None, numpy=np.logical_not, elementwise=True)
def logical_not(a: Any, /) -> Array:
    """Whether it is false, element by element; without derivative.

    Examples
    --------
    >>> logical_not([True, False])
    array([False,  True])
    """
    return np.logical_not(a)


def _is_nan(x: Any) -> bool:
    """Whether an exact scalar is NaN; a symbol stands for a number."""
    try:
        return bool(np.isnan(float(x)))
    except (TypeError, OverflowError):
        return False


def _is_finite(x: Any) -> bool:
    try:
        number = float(x)
    except (TypeError, OverflowError):
        return True
    return bool(np.isfinite(number)) or bool(np.isinf(number) and x != x / 2)  # what is too large for a float


@operation(
    vjp=None,
    meaning=lambda algebra, x: each(_is_finite, x),
    numpy=np.isfinite,
    elementwise=True,
)
def isfinite(x: Any, /) -> Array:
    """Whether it is neither infinite nor NaN, element by element; without derivative.

    Examples
    --------
    >>> import numpy as np
    >>> isfinite(np.array([1.0, np.inf, np.nan]))
    array([ True, False, False])
    """
    return np.isfinite(x)


@operation(vjp=None, meaning=lambda algebra, x: each(_is_nan, x), numpy=np.isnan, elementwise=True)
def isnan(x: Any, /) -> Array:
    """Whether it is NaN, not a number, element by element; without derivative.

    Examples
    --------
    >>> import numpy as np
    >>> isnan(np.array([1.0, np.inf, np.nan]))
    array([False, False,  True])
    """
    return np.isnan(x)


@operation(vjp=None, numpy=np.any, along=True)
def any(a: Any, /, axis: Any = None, keepdims: bool = False) -> Array:
    """Whether an element is true; without derivative.

    Examples
    --------
    >>> import numpy as np
    >>> bool(any(np.array([False, True])))
    True
    """
    return np.any(a, axis=axis, keepdims=keepdims)


@operation(vjp=None, numpy=np.all, along=True)
def all(a: Any, /, axis: Any = None, keepdims: bool = False) -> Array:
    """Whether all elements are true; without derivative.

    Examples
    --------
    >>> import numpy as np
    >>> bool(all(np.array([False, True])))
    False
    """
    return np.all(a, axis=axis, keepdims=keepdims)


def _place_of(relation: str) -> Any:
    """Where the element stands that has the relation to all before it: the first one, at a tie."""

    def meaning(algebra: Any, x: Any, axis: int | None, keepdims: bool) -> Any:
        rows = np.ravel(x) if axis is None else np.moveaxis(x, axis, 0)
        best, place = np.asarray(rows[0], dtype=object), np.zeros(np.shape(rows[0]), dtype=object)
        for i, row in enumerate(rows[1:], start=1):
            better = each(lambda a, b: algebra.compare(relation, a, b), row, best)
            best, place = each(algebra.select, better, row, best), each(algebra.select, better, i, place)
        if not keepdims:
            return place
        return place.reshape((1,) * x.ndim) if axis is None else np.expand_dims(place, axis)

    return meaning


@operation(vjp=None, meaning=_place_of(">"), numpy=np.argmax)
def argmax(a: Any, /, axis: int | None = None, keepdims: bool = False) -> Array:
    """Where the largest element is; without derivative.

    Examples
    --------
    >>> import numpy as np
    >>> argmax(np.array([[0.1, 0.7], [0.9, 0.3]]), axis=0)
    array([1, 0])
    """
    return np.argmax(a, axis=axis, keepdims=keepdims)


@operation(vjp=None, meaning=_place_of("<"), numpy=np.argmin)
def argmin(a: Any, /, axis: int | None = None, keepdims: bool = False) -> Array:
    """Where the smallest element is; without derivative.

    Examples
    --------
    >>> import numpy as np
    >>> argmin(np.array([[0.1, 0.7], [0.9, 0.3]]), axis=0)
    array([0, 1])
    """
    return np.argmin(a, axis=axis, keepdims=keepdims)
