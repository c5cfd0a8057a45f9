"""What goes along an axis from element to element: running products, differences, slopes, lines between points."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.core.errors import ShapeError
from autograd_seq.core.source_line import here
from autograd_seq.operations.arithmetic import astype
from autograd_seq.operations.decided import decided, is_learned, refuse
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
    parts = [None if x is None else ravel(x if hasattr(x, "ravel") else np.asarray(x, made.dtype))
             for x in (to_begin, to_end)]  # fmt: skip
    return concatenate([x for x in (parts[0], made, parts[1]) if x is not None])


def _gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    axes = range(np.ndim(f)) if axis is None else [axis] if np.ndim(axis) == 0 else axis
    spread = len(varargs) == 1 and np.ndim(varargs[0]) == 0
    spacing = list(varargs) * (len(axes) if spread else 1) or [1.0] * len(axes)
    if len(spacing) != len(axes) or edge_order not in (1, 2) or any(np.ndim(h) > 1 for h in spacing):
        raise refuse("gradient", "takes one distance for all axes, or for each axis its distance or its places, and "
                     "edge_order=1 or 2", "Write np.gradient(f, x, axis=0)")  # fmt: skip
    made = tuple(_slopes(f, axis_of(f, along), h, edge_order) for along, h in zip(axes, spacing))
    return made[0] if len(made) == 1 else made


def _slopes(f: Any, axis: int, h: Any, edge_order: int) -> Any:
    """Slopes along an axis: in the middle those of the parabola through three points, which is exact for one."""
    n = np.shape(f)[axis]
    if n < edge_order + 1 or (np.ndim(h) and np.shape(h)[0] != n):
        raise ShapeError(f"np.gradient needs {edge_order + 1} elements along axis {axis}, and as many places as there "
                         f"are elements: not {np.shape(f)} and {np.shape(h)}{here()}")  # fmt: skip
    h = reshape(diff(h), (-1,) + (1,) * (np.ndim(f) - 1 - axis)) if np.ndim(h) else h
    step = diff(f, axis=axis) / h  # the slopes between neighbours

    def of(x: Any, low: int | None, high: int | None) -> Any:
        return _along(x, 0 if x is h else axis, slice(low, high)) if np.ndim(x) else x

    before, after, first, last = of(h, None, -1), of(h, 1, None), of(step, 0, 1), of(step, -1, None)
    inner = (of(step, None, -1) * after + of(step, 1, None) * before) / (before + after)
    if edge_order == 2:  # the same parabola at its ends
        first = first + (first - of(step, 1, 2)) * of(h, 0, 1) / (of(h, 0, 1) + of(h, 1, 2))
        last = last + (last - of(step, -2, -1)) * of(h, -1, None) / (of(h, -1, None) + of(h, -2, -1))
    return concatenate([first, inner, last], axis=axis)


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
    if np.shape(xp)[0] < 2:
        raise ShapeError(f"np.interp needs two points, not {np.shape(xp)[0]}{here()}")
    xp, fp = (p if hasattr(p, "dtype") else np.asarray(p, float) for p in (xp, fp))
    if period is not None:
        x, xp, fp = _round_and_round(x, xp, fp, period)
    points, at = decided(xp), decided(x)
    i = np.clip(np.searchsorted(points, at, "right") - 1, 0, len(points) - 2)
    slope = (getitem(fp, i + 1) - getitem(fp, i)) / (getitem(xp, i + 1) - getitem(xp, i))
    inside = getitem(fp, i) + slope * (x - getitem(xp, i))
    below = where(np.less(at, points[0]), getitem(fp, 0) if left is None else left, inside)
    return where(np.greater(at, points[-1]), getitem(fp, -1) if right is None else right, below)


def _round_and_round(x: Any, xp: Any, fp: Any, period: Any) -> tuple[Any, Any, Any]:
    """Places within one period, the points in their order there, with one more at either end."""
    x, xp, period = np.remainder(x, period), np.remainder(xp, period), np.abs(period)
    order = np.argsort(decided(xp))
    xp, fp = getitem(xp, order), getitem(fp, order)
    ends = [slice(-1, None), slice(0, 1)]
    xp = concatenate([getitem(xp, ends[0]) - period, xp, getitem(xp, ends[1]) + period])
    return x, xp, concatenate([getitem(fp, ends[0]), fp, getitem(fp, ends[1])])


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None,
    axis: int = 0, *, device: Any = None,
) -> Any:  # fmt: skip
    """Equally distant places from one number to another, as `numpy.linspace`.

    Examples
    --------
    >>> import numpy as np
    >>> linspace(np.array(0.0), 1.0, 3)
    array([0. , 0.5, 1. ])
    """
    kinds = [x.dtype for x in (start, stop) if hasattr(x, "dtype")]
    parts = np.linspace(0.0, 1.0, num, endpoint, dtype=np.result_type(*kinds, 0.0))
    axes = max(np.ndim(start), np.ndim(stop))
    parts = reshape(parts, (-1,) + (1,) * axes)
    made = start * (1.0 - parts) + stop * parts
    made = made if axis in (0, -axes - 1) else np.moveaxis(made, 0, axis)
    made = made if dtype is None else astype(made, dtype)
    between = num - 1 if endpoint else num
    return (made, (stop - start) / between if between else np.nan) if retstep else made


def _unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * np.pi) -> Any:
    if is_learned((discont, period)):
        raise refuse("unwrap", "takes plain numbers for discont and period", "Write period.value")
    plain = decided(p)
    return p + (np.unwrap(plain, decided(discont), axis, period=decided(period)) - plain)


def _nan_running(function: Any, neutral: int) -> Any:
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
    np.linspace: linspace,
    np.nancumprod: _nan_running(cumprod, 1),
    np.nancumsum: _nan_running(_cumsum, 0),
    np.trapezoid: _trapezoid,
    np.unwrap: _unwrap,
}
if hasattr(np, "cumulative_sum"):  # NumPy 2.1 and later
    RUNNING.update({np.cumulative_sum: _cumulative(_cumsum, 0.0), np.cumulative_prod: _cumulative(cumprod, 1.0)})
