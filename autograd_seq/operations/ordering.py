"""Sorting and what rests on it: the order is read off the numbers, the elements are picked and keep their gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.notation import Form, call
from autograd_seq.core.operation import operation
from autograd_seq.operations.arithmetic import floating
from autograd_seq.operations.comparison import any, isnan
from autograd_seq.operations.decided import decided, is_learned, refuse
from autograd_seq.operations.elementwise import where
from autograd_seq.operations.indexing import fixed, getitem, stays_data
from autograd_seq.operations.reduction import axes_of, max, min
from autograd_seq.operations.shape import axis_of, expand_dims, moveaxis, ravel, reshape


def _rows(x: Any, axis: int) -> Any:
    """The lines along an axis, one below the other."""
    moved = np.moveaxis(x, axis, -1)
    return moved.reshape(-1, moved.shape[-1])


def _back(rows: Any, shape: tuple[int, ...], axis: int) -> Any:
    """Lines as an array of a shape, along an axis of it."""
    kept = (*shape[: axis % len(shape)], *shape[axis % len(shape) + 1 :])
    return np.moveaxis(rows.reshape(*kept, rows.shape[-1]), -1, axis)


def _order_meaning(algebra: Any, x: Any, axis: int) -> Any:
    """The place of the element that has k before it: those that are smaller, and the equal ones before it."""

    def ordered(row: Any) -> list[Any]:
        n = len(row)
        smaller = [
            [algebra.compare("<=" if j < i else "<", row[j], row[i]) for j in range(n) if j != i] for i in range(n)
        ]
        ranks = [sum(algebra.select(s, 1, 0) for s in line) for line in smaller]
        if None not in map(_known, ranks):
            return [ranks.index(k) for k in range(n)]
        return [sum(i * algebra.select(algebra.compare("==", ranks[i], k), 1, 0) for i in range(n)) for k in range(n)]

    rows = [ordered(row) for row in _rows(x, axis)]
    return _back(np.array(rows, dtype=object).reshape(-1, x.shape[axis]), x.shape, axis)


@operation(
    vjp=None,
    meaning=_order_meaning,
    source=Form("np.argsort({0}, axis={axis!r}, stable=True)"),  # of equal numbers the first, as recorded
)
def argsort(x: Any, /, axis: int = -1) -> Array:
    """The places of the elements along an axis, of the smallest first; without derivative.

    Examples
    --------
    >>> argsort(np.array([3.0, 1.0, 2.0]))
    array([1, 2, 0])
    """
    return np.argsort(x, axis=axis, kind="stable")


def _known(place: Any) -> int | None:
    """A place that is a number, of whatever kind; None if it is an expression."""
    try:
        return int(place)
    except TypeError:
        return None


def _pick_meaning(algebra: Any, x: Any, places: Any, axis: int) -> Any:
    def picked(row: Any, place: Any) -> Any:
        if (k := _known(place)) is not None:
            return row[k]
        return sum(algebra.select(algebra.compare("==", place, k), row[k], 0) for k in range(len(row)))

    lines = zip(_rows(x, axis), _rows(places, axis), strict=True)
    rows = np.array([[picked(row, place) for place in line] for row, line in lines], dtype=object)
    return _back(rows.reshape(-1, places.shape[axis]), places.shape, axis)


def _spread_rule(g: Any, y: Any, x: Any, places: Any, axis: int) -> Any:
    return spread(g, places, axis=axis, length=x.shape[axis])


@operation(
    vjp=[_spread_rule, None],
    meaning=_pick_meaning,
    source="np.take_along_axis",
    expects="places that the axis has, in an array of the same other axes",
)
def pick(x: Any, places: Any, /, axis: int) -> Array:
    """For each place along an axis the element there, as `numpy.take_along_axis`.

    Examples
    --------
    >>> pick(np.array([3.0, 1.0, 2.0]), np.array([1, 2, 0]), axis=0)
    array([1., 2., 3.])
    """
    return np.take_along_axis(np.asarray(x), np.asarray(places), axis)


_SPREAD = """\
def spread(pieces, places, axis, length):
    shape = np.shape(pieces)
    axis = axis % len(shape)
    result = np.zeros((*shape[:axis], length, *shape[axis + 1:]), np.result_type(pieces))
    rows = np.indices(shape)
    np.add.at(result, (*rows[:axis], places, *rows[axis + 1:]), pieces)
    return result
"""


def _spread_meaning(algebra: Any, pieces: Any, places: Any, axis: int, length: int) -> Any:
    def part(piece: Any, place: Any, k: int) -> Any:
        known = _known(place)
        if known is None:
            return algebra.select(algebra.compare("==", place, k), piece, 0)
        return piece if known % length == k else 0

    def added(line: Any, at: Any, k: int) -> Any:
        return sum(part(piece, place, k) for piece, place in zip(line, at, strict=True))

    lines = zip(_rows(pieces, axis), _rows(places, axis), strict=True)
    rows = np.array([[added(line, at, k) for k in range(length)] for line, at in lines], dtype=object)
    return _back(rows.reshape(-1, length), pieces.shape, axis)


@operation(
    vjp=[lambda g, y, pieces, places, axis, length: pick(g, places, axis=axis), None],
    meaning=_spread_meaning,
    source=call("spread", helper=_SPREAD),
)
def spread(pieces: Any, places: Any, /, axis: int, length: int) -> Array:
    """Pieces added into zeros along an axis, each at its place: the adjoint of what was picked from there.

    Examples
    --------
    >>> spread(np.array([5.0, 7.0]), np.array([2, 0]), axis=0, length=3)
    array([7., 0., 5.])
    """
    pieces = np.asarray(pieces)
    shape = list(pieces.shape)
    shape[axis] = length
    result = np.zeros(shape, pieces.dtype)
    index: list[Any] = list(np.indices(pieces.shape))
    index[axis] = places
    np.add.at(result, tuple(index), pieces)
    return result


def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    """For each place along an axis the element that an array of indices says, as `numpy.take_along_axis`.

    Examples
    --------
    >>> import numpy as np
    >>> take_along_axis(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1], [0]]))
    array([[2.],
           [3.]])
    """
    indices = indices if stays_data(indices) else fixed(indices)
    if axis is None:
        return getitem(ravel(arr), indices)
    axis = axis_of(arr, axis)
    shape = np.shape(arr)
    if stays_data(indices) and np.delete(np.shape(indices), axis).tolist() == np.delete(shape, axis).tolist():
        return pick(arr, indices, axis=axis)
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
        return sort(ravel(a), 0)
    axis = axis_of(a, axis)
    return pick(a, argsort(a, axis=axis), axis=axis)


def _partition(a: Any, kth: Any, axis: int | None = -1) -> Any:
    if axis is None:
        return _partition(ravel(a), kth, 0)
    return take_along_axis(a, np.argpartition(decided(a), kth, axis), axis)


# Where a part q of n elements lies among them: n q + a + q (1 - a - b) - 1, as NumPy has it from Hyndman and Fan.
_LYING = {
    "linear": (1.0, 1.0), "hazen": (0.5, 0.5), "weibull": (0.0, 0.0), "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8), "interpolated_inverted_cdf": (0.0, 1.0),
}  # fmt: skip
_METHODS = ("lower", "higher", "nearest", "midpoint", *_LYING)
_WHOLE = ("lower", "higher", "nearest")  # the quantile is one of the elements


def lying_between(parts: Any, n: Any, method: str) -> tuple[Any, Any, Any]:
    """For parts of n elements the places below and above, and the weight of the one above.

    Examples
    --------
    >>> lying_between(np.array(0.25), 4, "linear")
    (array(0), array(1), np.float64(0.75))
    """
    a, b = _LYING.get(method, (1.0, 1.0))
    places = parts * (n - 1) if (a, b) == (1.0, 1.0) else n * parts + (a + parts * (1 - a - b)) - 1
    places = np.clip(places, 0, np.maximum(np.subtract(n, 1), 0))
    low, high = np.asarray(np.floor(places)).astype(int), np.asarray(np.ceil(places)).astype(int)
    weight = {
        "lower": 0 * places,
        "higher": 0 * places + 1,
        "midpoint": np.where(low == high, 0.0, 0.5),
        "nearest": np.rint(places) - low,
    }.get(method, places - low)
    return low, high, weight


def asked_parts(a: Any, q: Any, method: str, name: str) -> tuple[Any, Any]:
    """The elements, floats where what is asked for may lie between two, and the parts as plain numbers.

    Raises
    ------
    UsageError
        If the parts are learned or not between 0 and 1, or the method is not recorded.
    """
    if is_learned(q):
        raise refuse(name, "takes plain numbers for q", "Write q.value")
    if method not in _METHODS:
        raise refuse(name, f"with method={method!r} is not recorded", f"Write one of {', '.join(_METHODS)}")
    parts = np.asarray(decided(q), float)
    if np.any((parts < 0) | (parts > 1)):
        raise refuse(name, "takes parts between 0 and 1", "For percentages, write np.percentile")
    return (a if method in _WHOLE else floating(a)), parts


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
    a, parts = asked_parts(a, q, method, "quantile")
    if np.ndim(a) > 1 and (axis is None or np.ndim(axis)):
        axes, shape = axes_of(a, axis), np.shape(a)
        kept = tuple(1 if i in axes else n for i, n in enumerate(shape))
        rest = tuple(n for i, n in enumerate(shape) if i not in axes)
        result = _quantile(reshape(moveaxis(a, axes, tuple(range(len(axes)))), (-1, *rest)), parts, 0, method)
        return reshape(result, (*parts.shape, *kept)) if keepdims else result
    along = axis_of(a, 0 if axis is None else axis)
    result = _quantile(a, parts, along, method)
    return expand_dims(result, parts.ndim + along) if keepdims else result


def _quantile(a: Any, parts: Any, along: int, method: str) -> Any:
    """Quantiles along one axis; those for several parts lie along the first axes."""
    n = np.shape(a)[along]
    if not n:
        raise refuse("quantile", "of no elements has no value", "Give it an array that is not empty")
    if parts.ndim and along:
        a, along = moveaxis(a, along, 0), 0
    rows = sort(a, along)
    before = (slice(None),) * along
    low, high, weight = lying_between(parts, n, method)
    result = getitem(rows, (*before, low if low.ndim else int(low)))
    if np.any(low != high):
        weight = weight.reshape(weight.shape + (1,) * (np.ndim(rows) - 1)).astype(rows.dtype)
        result = result + (getitem(rows, (*before, high if high.ndim else int(high))) - result) * weight
    if rows.dtype.kind != "f":
        return result
    return where(any(isnan(a), axis=along), np.full((), np.nan, rows.dtype), result)


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
    a = np.stack(a) if isinstance(a, (list, tuple)) and is_learned(a) else a
    counts, edges = np.histogram(decided(a), decided(bins), decided(range), density, decided(weights))
    if not is_learned(a) or range is not None or np.ndim(bins) or not a.size or edges[0] != np.min(decided(a)):
        return counts, edges
    edges = _spread_edges(a, len(edges) - 1)  # which lie between the smallest and the largest element
    if density:
        counts, _ = np.histogram(decided(a), len(edges) - 1, None, None, decided(weights))
        counts = counts / (counts.sum() * (getitem(edges, slice(1, None)) - getitem(edges, slice(None, -1))))
    return counts, edges


def _spread_edges(a: Any, parts: int) -> Any:
    places = np.linspace(0.0, 1.0, parts + 1)
    return min(a) * (1 - places) + max(a) * places


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
