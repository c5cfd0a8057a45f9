"""Sorting and what rests on it: the order is read off the numbers, the elements are picked and keep their gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.operations.decided import decided, is_learned, refuse
from autograd_seq.operations.elementwise import where
from autograd_seq.operations.indexing import fixed, getitem
from autograd_seq.operations.reduction import axes_of
from autograd_seq.operations.shape import axis_of, moveaxis, ravel, reshape


def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    """For each place along an axis the element that an array of indices says, as `numpy.take_along_axis`.

    Examples
    --------
    >>> import numpy as np
    >>> take_along_axis(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1], [0]]))
    array([[2.],
           [3.]])
    """
    indices = fixed(indices)
    if axis is None:
        return getitem(ravel(arr), indices)
    axis = axis_of(arr, axis)
    shape = np.shape(arr)
    along = [np.arange(n).reshape((1,) * i + (-1,) + (1,) * (len(shape) - i - 1)) for i, n in enumerate(shape)]
    return getitem(arr, tuple(indices if i == axis else places for i, places in enumerate(along)))


def sort(a: Any, axis: int | None = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    """The elements from the smallest to the largest, as `numpy.sort`; each takes its gradient along.

    Examples
    --------
    >>> import numpy as np
    >>> sort(np.array([3.0, 1.0, 2.0]))
    array([1., 2., 3.])
    """
    if axis is None:
        return sort(ravel(a), 0, kind, order, stable=stable)
    return take_along_axis(a, np.argsort(decided(a), axis, kind, order, stable=stable), axis)


def _partition(a: Any, kth: Any, axis: int | None = -1) -> Any:
    if axis is None:
        return _partition(ravel(a), kth, 0)
    return take_along_axis(a, np.argpartition(decided(a), kth, axis), axis)


_METHODS = ("linear", "lower", "higher", "nearest", "midpoint")


def quantile(
    a: Any, q: Any, axis: Any = None, out: None = None, overwrite_input: bool = False, method: str = "linear",
    keepdims: bool = False,
) -> Any:  # fmt: skip
    """The value below which a part q of the elements lies, between two of them, as `numpy.quantile`.

    Examples
    --------
    >>> import numpy as np
    >>> float(quantile(np.array([1.0, 2.0, 4.0]), 0.25))
    1.5
    """
    if is_learned(q) or method not in _METHODS:
        raise refuse("quantile", f"takes plain numbers for q and a method of {', '.join(_METHODS)}", "Write q.value")
    parts = np.asarray(decided(q), float)
    if np.any((parts < 0) | (parts > 1)):
        raise refuse("quantile", "takes parts between 0 and 1", "For percentages, write np.percentile")
    axes = axes_of(a, axis)
    kept = tuple(1 if i in axes else n for i, n in enumerate(np.shape(a)))
    rest = tuple(n for i, n in enumerate(np.shape(a)) if i not in axes)
    rows = sort(reshape(moveaxis(a, axes, tuple(range(len(axes)))), (-1, *rest)), 0)
    n = np.shape(rows)[0]
    if not n:
        raise refuse("quantile", "of no elements has no value", "Give it an array that is not empty")
    places = parts * (n - 1)
    low, high = np.floor(places).astype(int), np.ceil(places).astype(int)
    weight = {
        "linear": places - low,
        "lower": 0 * places,
        "higher": 0 * places + 1,
        "midpoint": np.where(low == high, 0.0, 0.5),
        "nearest": np.rint(places) - low,
    }[method]
    lower, upper = getitem(rows, low), getitem(rows, high)
    weight = weight.reshape(weight.shape + (1,) * len(rest)).astype(rows.dtype)
    result = lower + (upper - lower) * weight
    unordered = np.isnan(decided(rows)).any(0)
    if unordered.any():
        result = where(unordered, np.full((), np.nan, rows.dtype), result)
    return reshape(result, (*parts.shape, *kept)) if keepdims else result


def percentile(
    a: Any, q: Any, axis: Any = None, out: None = None, overwrite_input: bool = False, method: str = "linear",
    keepdims: bool = False,
) -> Any:  # fmt: skip
    """`quantile` of parts in hundredths, as `numpy.percentile`.

    Examples
    --------
    >>> import numpy as np
    >>> float(percentile(np.array([1.0, 2.0, 4.0]), 50))
    2.0
    """
    if is_learned(q):
        raise refuse("percentile", "takes plain numbers for q", "Write q.value")
    return quantile(a, np.true_divide(decided(q), 100), axis, None, False, method, keepdims)


def median(a: Any, axis: Any = None, out: None = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """The element in the middle, or the mean of the two there, as `numpy.median`.

    Examples
    --------
    >>> import numpy as np
    >>> float(median(np.array([1.0, 9.0, 2.0])))
    2.0
    """
    return quantile(a, 0.5, axis, None, False, "linear", keepdims)


def _unique(ar: Any, *arguments: Any, **keywords: Any) -> Any:
    if is_learned(ar):
        raise refuse(
            "unique", "of a tensor with a gradient would lose it",
            "Write np.unique(x.value) for plain numbers, or pick them: _, i = np.unique(x.value, return_index=True); "
            "np.ravel(x)[i]",
        )  # fmt: skip
    return np.unique(decided(ar), *arguments, **keywords)


def _histogram(a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    if is_learned(weights) or is_learned(bins):
        raise refuse(
            "histogram", "of learned weights or bins would lose their gradient",
            "Write x.value for plain numbers, or np.sum(weights * (x >= low) * (x < high)) for each bin",
        )  # fmt: skip
    return np.histogram(decided(a), decided(bins), decided(range), density, decided(weights))


ORDERED: dict[Any, Any] = {
    np.histogram: _histogram,
    np.median: median,
    np.partition: _partition,
    np.percentile: percentile,
    np.quantile: quantile,
    np.sort: sort,
    np.take_along_axis: take_along_axis,
    np.unique: _unique,
}
