"""What goes along an axis from element to element: running products, differences, slopes, lines between points."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.core.errors import ShapeError
from autograd_seq.core.source_line import here
from autograd_seq.operations.arithmetic import astype
from autograd_seq.operations.decided import decided, refuse
from autograd_seq.operations.elementwise import where
from autograd_seq.operations.indexing import getitem
from autograd_seq.operations.reduction import cumsum, sum
from autograd_seq.operations.shape import axis_of, concatenate, ravel, reshape, stack


def _along(x: Any, axis: int, part: Any) -> Any:
    """The part of an array that an index picks along one axis."""
    return getitem(x, (slice(None),) * axis_of(x, axis) + (part,))


def running(step: Any) -> Any:
    """A function that repeats an operation of two arrays along an axis, as ``numpy.ufunc.accumulate``.

    Examples
    --------
    >>> import numpy as np
    >>> running(np.multiply)(np.array([2.0, 3.0, 4.0]))
    array([ 2.,  6., 24.])
    """

    def accumulate(x: Any, axis: int = 0, dtype: Any = None) -> Any:
        x = x if dtype is None else astype(x, dtype)
        axis = axis_of(x, axis)
        if not np.shape(x)[axis]:
            return x
        results = [_along(x, axis, 0)]
        for i in range(1, np.shape(x)[axis]):
            results.append(step(results[-1], _along(x, axis, i)))
        return stack(results, axis=axis)

    return accumulate


_PRODUCTS = running(np.multiply)


def cumprod(a: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The running product along an axis, as `numpy.cumprod`.

    Examples
    --------
    >>> import numpy as np
    >>> cumprod(np.array([2.0, 3.0, 4.0]))
    array([ 2.,  6., 24.])
    """
    return _PRODUCTS(ravel(a), 0, dtype) if axis is None else _PRODUCTS(a, axis, dtype)


def _cumsum(a: Any, axis: int | None = None, dtype: Any = None) -> Any:
    return cumsum(a if dtype is None else astype(a, dtype), axis=axis)


def _cumulative(function: Any, start: float) -> Any:
    def cumulative(x: Any, /, *, axis: Any = None, dtype: Any = None, include_initial: bool = False) -> Any:
        if axis is None and np.ndim(x) > 1:
            raise ShapeError(f"of an array of {np.ndim(x)} axes, say which: np.cumulative_sum(x, axis=0){here()}")
        axis = 0 if axis is None else axis
        result = function(x, axis, dtype)
        if not include_initial:
            return result
        shape = list(np.shape(result))
        shape[axis] = 1
        return concatenate([np.full(shape, start, result.dtype), result], axis=axis)

    return cumulative


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Each element less the one before, as `numpy.diff`.

    Examples
    --------
    >>> import numpy as np
    >>> diff(np.array([1.0, 4.0, 9.0]))
    array([3., 5.])
    """
    axis = axis_of(a, axis)

    def fitted(x: Any) -> Any:
        return reshape(np.asarray(x) if not hasattr(x, "shape") else x, (1,) * np.ndim(a)) + np.zeros(
            [1 if i == axis else m for i, m in enumerate(np.shape(a))]
        ) if np.ndim(x) == 0 else x

    ends = [fitted(x) for x in (prepend,) if x is not None], [fitted(x) for x in (append,) if x is not None]
    if ends[0] or ends[1]:
        a = concatenate([*ends[0], a, *ends[1]], axis=axis)
    for _ in range(n):
        a = _along(a, axis, slice(1, None)) - _along(a, axis, slice(None, -1))
    return a


def _ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    made = diff(ravel(ary))
    parts = [None if x is None else ravel(x if hasattr(x, "ravel") else np.asarray(x)) for x in (to_begin, to_end)]
    return concatenate([x for x in (parts[0], made, parts[1]) if x is not None])


def _gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    axes = range(np.ndim(f)) if axis is None else [axis] if np.ndim(axis) == 0 else axis
    spacing = list(varargs) * (len(axes) if len(varargs) == 1 else 1) or [1.0] * len(axes)
    if edge_order != 1 or len(spacing) != len(axes) or any(np.ndim(h) for h in spacing):
        raise refuse("gradient", "is recorded for equal distances, one number for each axis, and edge_order=1",
                     "Write np.diff(f) / np.diff(x) for others")  # fmt: skip
    made = []
    for along, h in zip(axes, spacing):
        if np.shape(f)[along] < 2:
            raise ShapeError(f"np.gradient needs two elements along axis {along}, but {np.shape(f)} has fewer{here()}")
        step = diff(f, axis=along)
        inner = (_along(f, along, slice(2, None)) - _along(f, along, slice(None, -2))) / 2
        ends = _along(step, along, slice(0, 1)), _along(step, along, slice(-1, None))
        made.append(concatenate([ends[0], inner, ends[1]], axis=along) / h)
    return made[0] if len(made) == 1 else tuple(made)


def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    axis = axis_of(y, axis)
    width = dx
    if x is not None:
        width = diff(x) if np.ndim(x) == 1 else diff(x, axis=axis)
        if np.ndim(x) == 1:
            width = reshape(width, (-1,) + (1,) * (np.ndim(y) - axis - 1))
    return sum((_along(y, axis, slice(1, None)) + _along(y, axis, slice(None, -1))) * width / 2, axis=axis)


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """The line through the points (xp, fp) at x, as `numpy.interp`; flat beyond the ends.

    Examples
    --------
    >>> import numpy as np
    >>> interp(np.array([0.5, 9.0]), np.array([0.0, 1.0]), np.array([10.0, 20.0]))
    array([15., 20.])
    """
    if period is not None:
        raise refuse("interp", "with period= is not recorded", "Write np.interp(x % period, xp, fp)")
    if np.shape(xp)[0] < 2:
        raise ShapeError(f"np.interp needs two points, not {np.shape(xp)[0]}{here()}")
    xp, fp = (p if hasattr(p, "dtype") else np.asarray(p, float) for p in (xp, fp))
    points, at = decided(xp), decided(x)
    i = np.clip(np.searchsorted(points, at, "right") - 1, 0, len(points) - 2)
    slope = (getitem(fp, i + 1) - getitem(fp, i)) / (getitem(xp, i + 1) - getitem(xp, i))
    inside = getitem(fp, i) + slope * (x - getitem(xp, i))
    below = where(np.less(at, points[0]), getitem(fp, 0) if left is None else left, inside)
    return where(np.greater(at, points[-1]), getitem(fp, -1) if right is None else right, below)




def _nan_running(function: Any, neutral: float) -> Any:
    def without(a: Any, axis: Any = None, dtype: Any = None) -> Any:
        return function(where(np.isnan(decided(a)), neutral, a), axis, dtype)

    return without


RUNNING: dict[Any, Any] = {
    np.cumprod: cumprod,
    np.cumsum: _cumsum,
    np.diff: diff,
    np.ediff1d: _ediff1d,
    np.gradient: _gradient,
    np.interp: interp,
    np.nancumprod: _nan_running(cumprod, 1.0),
    np.nancumsum: _nan_running(_cumsum, 0.0),
    np.trapezoid: _trapezoid,
}
if hasattr(np, "cumulative_sum"):  # NumPy 2.1 and later
    RUNNING.update({np.cumulative_sum: _cumulative(_cumsum, 0.0), np.cumulative_prod: _cumulative(cumprod, 1.0)})
