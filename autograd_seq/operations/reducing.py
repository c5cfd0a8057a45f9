"""NumPy's reductions with all the arguments that NumPy's have, and those that leave NaN out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_seq.core.errors import ShapeError
from autograd_seq.core.operation import Operation
from autograd_seq.core.protocols import written
from autograd_seq.core.source_line import here
from autograd_seq.operations.arithmetic import add, astype, floating, multiply, square
from autograd_seq.operations.comparison import all as all_
from autograd_seq.operations.comparison import any as any_
from autograd_seq.operations.comparison import isnan, logical_and, logical_not
from autograd_seq.operations.decided import decided, is_learned, refuse
from autograd_seq.operations.elementwise import abs, maximum, minimum, sqrt, where
from autograd_seq.operations.indexing import getitem
from autograd_seq.operations.ordering import asked_parts, lying_between, take_along_axis
from autograd_seq.operations.reduction import axes_of, count, max, mean, min, norm, prod, std, sum, var
from autograd_seq.operations.shape import expand_dims, moveaxis, ravel, reshape, transpose
from autograd_seq.operations.singular import singular_values
from autograd_seq.operations.solving import inv


def _is_given(value: Any) -> bool:
    return value is not None and value is not np._NoValue


def _into(out: Any, result: Any, function: str) -> Any:
    return written(out[0] if isinstance(out, tuple) else out, result, function)


def _flag(keepdims: Any) -> bool:
    return keepdims if _is_given(keepdims) else False


def _adding(operation: Operation, join: Operation, neutral: int, name: str) -> Callable[..., Any]:
    """A sum or a product, of chosen elements, from a beginning on, in another dtype."""

    def reduced(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = None,
        where: Any = True,
    ) -> Any:  # fmt: skip
        a = a if dtype is None else astype(a, dtype)
        a = a if where is True or not _is_given(where) else _chosen(where, a, neutral)
        total = operation.call(a, axis=axis, keepdims=keepdims if type(keepdims) is bool else _flag(keepdims))
        answer = join(initial, total) if _is_given(initial) else total
        return answer if out is None else _into(out, answer, name)

    return reduced


def _chosen(condition: Any, a: Any, otherwise: Any) -> Any:
    return where(condition, a, otherwise)


def _largest(operation: Operation, join: Operation, name: str) -> Callable[..., Any]:
    """A maximum or a minimum, of chosen elements, from a beginning on."""

    def reduced(
        a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = None, where: Any = True
    ) -> Any:
        if where is not True and _is_given(where):
            if not _is_given(initial):
                raise refuse(name, "with where= needs initial=, the value of no elements", "Give initial=0.0")
            a = _chosen(where, a, initial)
        if _is_given(initial) and not np.size(a):
            answer = add(initial, sum(a, axis=axis, keepdims=_flag(keepdims)))  # of no elements the sum is 0
        else:
            top = operation(a, axis=axis, keepdims=_flag(keepdims))
            answer = join(initial, top) if _is_given(initial) else top
        return answer if out is None else _into(out, answer, name)

    return reduced


def _truth(operation: Operation, neutral: bool, name: str) -> Callable[..., Any]:
    def reduced(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True) -> Any:
        if where is not True and _is_given(where):
            a = _chosen(where, a, neutral)
        answer = operation(a, axis=axis, keepdims=_flag(keepdims))
        return answer if out is None else _into(out, answer, name)

    return reduced


def _count(condition: Any, a: Any, axis: Any) -> Any:
    """How many elements were chosen, with the axes kept."""
    ones = np.ones(np.shape(a), a.dtype if a.dtype.kind == "f" else float)
    return sum(where(condition, ones, 0), axis=axis, keepdims=True)


def _mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True
) -> Any:
    a = a if dtype is None else astype(a, dtype)
    if where is True or not _is_given(where):
        answer = mean(a, axis=axis, keepdims=_flag(keepdims))
        return answer if out is None else _into(out, answer, "mean")
    result = sum(_chosen(where, a, 0), axis=axis, keepdims=True) / _count(where, a, axis)
    answer = _without(result, a, axis, keepdims)
    return answer if out is None else _into(out, answer, "mean")


def _without(result: Any, a: Any, axis: Any, keepdims: Any) -> Any:
    """A reduced array without the axes of length 1, unless they are to stay."""
    if _flag(keepdims):
        return result
    axes = axes_of(a, axis)
    return reshape(result, tuple(n for i, n in enumerate(np.shape(a)) if i not in axes))


def _squared(a: Any, axis: Any, keepdims: Any, less: float, where: Any, center: Any) -> Any:
    """The variance of chosen elements, about a given mean."""
    where = True if not _is_given(where) else where
    if where is True and not _is_given(center):
        return var(a, axis, _flag(keepdims), less)
    squares = square(_deviations(a, axis, where, center))
    return _without(sum(squares, axis=axis, keepdims=True) / _freedom(a, axis, less, where), a, axis, keepdims)


def _root(a: Any, axis: Any, keepdims: Any, less: float, where: Any, center: Any) -> Any:
    """The standard deviation of chosen elements, about a given mean; with a derivative of 0 where it is 0."""
    where = True if not _is_given(where) else where
    if where is True and not _is_given(center):
        return std(a, axis, _flag(keepdims), less)
    length = norm(_deviations(a, axis, where, center), axis=axis, keepdims=True)
    return _without(length / sqrt(_freedom(a, axis, less, where)), a, axis, keepdims)


def _deviations(a: Any, axis: Any, where: Any, center: Any) -> Any:
    center = center if _is_given(center) else _mean(a, axis, None, None, True, where=where)
    return _chosen(where, a - center, 0)


def _freedom(a: Any, axis: Any, less: float, where: Any) -> Any:
    return maximum(_count(where, a, axis) - less, 0.0)


def _spread(root: bool, name: str) -> Callable[..., Any]:
    def reduced(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False, *,
        where: Any = True, mean: Any = None, correction: Any = None,
    ) -> Any:  # fmt: skip
        a = a if dtype is None else astype(a, dtype)
        less = correction if _is_given(correction) else ddof
        answer = (_root if root else _squared)(a, axis, keepdims, less, where, mean)
        return answer if out is None else _into(out, answer, name)

    return reduced


def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False) -> Any:
    """The mean, weighted on demand, as `numpy.average`.

    Examples
    --------
    >>> import numpy as np
    >>> float(average(np.array([1.0, 4.0]), weights=np.array([2.0, 1.0])))
    2.0
    """
    if weights is None:
        made = _mean(a, axis, keepdims=keepdims)
        total = np.full(np.shape(made), np.size(a) / np.size(made), made.dtype)
    else:
        weights = weights if hasattr(weights, "shape") else np.asarray(weights, float)
        weights = _along_axes(weights, a, axis)
        total = sum(multiply(weights, np.ones(np.shape(a), weights.dtype)), axis=axis, keepdims=_flag(keepdims))
        made = sum(multiply(a, weights), axis=axis, keepdims=_flag(keepdims)) / total
    return (made, total) if returned else made


def _along_axes(weights: Any, a: Any, axis: Any) -> Any:
    """Weights of the axes that are averaged over, with axes of length 1 for the others."""
    shape, axes = np.shape(a), axes_of(a, axis)
    if weights.shape == shape:
        return weights
    if axis is None or weights.shape != tuple(shape[i] for i in axes):
        raise ShapeError(f"np.average takes weights of the shape {shape}, or of the axes that it averages over, "
                         f"not {weights.shape}{here()}")  # fmt: skip
    order = tuple(int(i) for i in np.argsort(axes))
    return reshape(transpose(weights, order), tuple(n if i in axes else 1 for i, n in enumerate(shape)))


def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    """The largest element less the smallest, as `numpy.ptp`.

    Examples
    --------
    >>> import numpy as np
    >>> float(ptp(np.array([1.0, 4.0])))
    3.0
    """
    kept = _flag(keepdims)
    answer = max(a, axis=axis, keepdims=kept) - min(a, axis=axis, keepdims=kept)
    return answer if out is None else _into(out, answer, "ptp")


def _nan_sum(function: Any, neutral: int) -> Callable[..., Any]:
    def reduced(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **others: Any
    ) -> Any:
        return function(where(isnan(a), neutral, a), axis, dtype, out, keepdims, **others)

    return reduced


def _nan_largest(function: Any, neutral: float) -> Callable[..., Any]:
    """A maximum or a minimum of what is no NaN, and NaN where nothing else is."""

    def reduced(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, **others: Any) -> Any:
        if a.dtype.kind != "f":  # whole numbers: none is NaN
            return function(a, axis, out, keepdims, **others)
        top = function(where(isnan(a), neutral, a), axis, None, keepdims, **others)
        empty = all_(isnan(a), axis=axis, keepdims=_flag(keepdims))
        answer = where(empty, np.full((), np.nan, a.dtype), top)
        return answer if out is None else _into(out, answer, "nanmax")

    return reduced


def _numbers_in(a: Any, chosen: Any) -> Any:
    """Which of the chosen elements are no NaN."""
    numbers = logical_not(isnan(a))
    return numbers if chosen is True or not _is_given(chosen) else logical_and(numbers, chosen)


def _nan_mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True
) -> Any:
    numbers = _numbers_in(a, where)
    return _mean(_chosen(numbers, a, 0), axis, dtype, out, keepdims, where=numbers)


def _nan_spread(function: Any) -> Callable[..., Any]:
    def reduced(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False, *,
        where: Any = True, mean: Any = None, correction: Any = None,
    ) -> Any:  # fmt: skip
        numbers = _numbers_in(a, where)
        return function(_chosen(numbers, a, 0), axis, dtype, out, ddof, keepdims, where=numbers, mean=mean,
                        correction=correction)  # fmt: skip

    return reduced


def _nan_quantile(scale: float, fixed: float | None, name: str) -> Callable[..., Any]:
    """Quantiles of what is no NaN, however many that is in each row."""

    def reduced(
        a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, method: str = "linear",
        keepdims: Any = False,
    ) -> Any:  # fmt: skip
        a, parts = asked_parts(a, np.true_divide(decided(q), scale) if not is_learned(q) else q, method, name)
        axes, shape = axes_of(a, axis), np.shape(a)
        rest = tuple(n for i, n in enumerate(shape) if i not in axes)
        rows = reshape(moveaxis(a, axes, tuple(range(-len(axes), 0))), (int(np.prod(rest, dtype=int)), count(a, axis)))
        if not np.shape(rows)[1]:
            raise refuse(name, "of no elements has no value", "Give it an array that is not empty")
        result = _nan_rows(rows, parts.ravel(), method)
        kept = tuple(1 if i in axes else n for i, n in enumerate(shape)) if _flag(keepdims) else rest
        return reshape(result, (*parts.shape, *kept))

    def median(
        a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: Any = False
    ) -> Any:
        return reduced(a, fixed, axis, out, overwrite_input, "linear", keepdims)

    return reduced if fixed is None else median


def _nan_rows(rows: Any, parts: Any, method: str) -> Any:
    """For each part the quantile of each row; NaN lies behind all numbers."""
    counts = np.sum(~np.isnan(decided(rows)), axis=1)
    ordered = take_along_axis(rows, np.argsort(decided(rows), axis=1, kind="stable"), 1)
    low, high, weight = lying_between(parts[:, None], counts, method)
    places = np.arange(np.shape(rows)[0])
    result = getitem(ordered, (places, low))
    if np.any(low != high):
        result = result + (getitem(ordered, (places, high)) - result) * weight.astype(rows.dtype)
    return result


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    x, axes = floating(x), axes_of(x, axis)
    vector = isinstance(axis, (int, np.integer)) or len(axes) == 1
    if ord is None or (ord == "fro" and len(axes) == 2) or (ord == 2 and vector):
        return norm(x, axis=axis, keepdims=keepdims)
    if vector and ord != "fro" and ord != "nuc":
        return _vector_norm(x, ord, axis, keepdims)
    if len(axes) == 2 and ord in (1, -1, np.inf, -np.inf):
        summed, kept = axes if np.abs(ord) == 1 else axes[::-1]
        lines = sum(abs(x), axis=summed, keepdims=True)
        return _without((max if ord > 0 else min)(lines, axis=kept, keepdims=True), x, axes, keepdims)
    if len(axes) == 2 and ord in (2, -2, "nuc"):
        last = axes == (np.ndim(x) - 2, np.ndim(x) - 1)
        values = singular_values(x if last else moveaxis(x, axes, (-2, -1)))
        made = sum(values, axis=-1) if ord == "nuc" else values[..., 0 if ord > 0 else -1]
        return expand_dims(made, tuple(sorted(axes))) if keepdims else made
    raise refuse(
        "linalg.norm", f"with ord={ord!r} of an array of {np.ndim(x)} axes is not a norm",
        "Of a vector, ord is a number; of a matrix, it is 'fro', 'nuc', 1, -1, 2, -2, np.inf or -np.inf",
    )  # fmt: skip


def _vector_norm(x: Any, ord: Any, axis: Any, keepdims: bool) -> Any:
    if ord == np.inf:
        return max(abs(x), axis=axis, keepdims=keepdims)
    if ord == -np.inf:
        return min(abs(x), axis=axis, keepdims=keepdims)
    if ord == 0:
        return np.sum(decided(x) != 0, axis=axis, keepdims=keepdims, dtype=x.dtype)  # a constant
    if ord == 1:
        return sum(abs(x), axis=axis, keepdims=keepdims)
    return sum(abs(x) ** ord, axis=axis, keepdims=keepdims) ** (1.0 / ord)


def _cond(x: Any, p: Any = None) -> Any:
    if p in (None, 2, -2):
        values = singular_values(x)
        ends = values[..., 0], values[..., -1]
        return ends[1] / ends[0] if p == -2 else ends[0] / ends[1]
    return _norm(x, p, (-2, -1)) * _norm(inv(x), p, (-2, -1))


def _svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    if compute_uv:
        raise refuse("linalg.svd", "has no derivative here with its vectors", "Write np.linalg.svdvals(x), or x.value")
    return singular_values(a)


def _linalg_vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    if axis is None and not keepdims:
        return _norm(ravel(x), ord)
    if ord == 2:
        return norm(x, axis=axis, keepdims=keepdims)
    return _vector_norm(x, ord, axis, keepdims)


REDUCED: dict[Any, Any] = {
    np.all: _truth(all_, True, "all"),
    np.any: _truth(any_, False, "any"),
    np.average: average,
    np.linalg.cond: _cond,
    np.linalg.matrix_norm: lambda x, /, *, keepdims=False, ord="fro": _norm(x, ord, (-2, -1), keepdims),
    np.linalg.norm: _norm,
    np.linalg.svd: _svd,
    np.linalg.svdvals: singular_values,
    np.linalg.vector_norm: _linalg_vector_norm,
    np.max: _largest(max, maximum, "max"),
    np.mean: _mean,
    np.min: _largest(min, minimum, "min"),
    np.nanmax: _nan_largest(_largest(max, maximum, "nanmax"), -np.inf),
    np.nanmean: _nan_mean,
    np.nanmedian: _nan_quantile(1, 0.5, "nanmedian"),
    np.nanmin: _nan_largest(_largest(min, minimum, "nanmin"), np.inf),
    np.nanpercentile: _nan_quantile(100, None, "nanpercentile"),
    np.nanprod: _nan_sum(_adding(prod, multiply, 1, "nanprod"), 1),
    np.nanquantile: _nan_quantile(1, None, "nanquantile"),
    np.nanstd: _nan_spread(_spread(True, "nanstd")),
    np.nansum: _nan_sum(_adding(sum, add, 0, "nansum"), 0),
    np.nanvar: _nan_spread(_spread(False, "nanvar")),
    np.prod: _adding(prod, multiply, 1, "prod"),
    np.ptp: ptp,
    np.std: _spread(True, "std"),
    np.sum: _adding(sum, add, 0, "sum"),
    np.var: _spread(False, "var"),
}
for _name, _same in (("amax", np.max), ("amin", np.min)):
    REDUCED[getattr(np, _name)] = REDUCED[_same]
