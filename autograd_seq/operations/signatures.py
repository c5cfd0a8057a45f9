"""NumPy's functions that stand for several records, or whose arguments come in another way than the operation's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_seq.core.errors import ShapeError, UsageError
from autograd_seq.core.record import Record
from autograd_seq.core.source_line import here
from autograd_seq.operations.arithmetic import divide, identity
from autograd_seq.operations.elementwise import abs, clip, log, maximum, minimum
from autograd_seq.operations.indexing import getitem, split, take
from autograd_seq.operations.joining import JOINS, append, at_least_3d
from autograd_seq.operations.linear import dot, einsum
from autograd_seq.operations.reduction import max, min, norm, std, sum, var
from autograd_seq.operations.shape import broadcast_to, moveaxis, ravel, reshape


def _clip(a: Any, a_min: Any = None, a_max: Any = None, **limits: Any) -> Any:
    low, high = limits.pop("min", a_min), limits.pop("max", a_max)
    if limits:
        raise UsageError(f"np.clip() of a tensor has no argument {', '.join(limits)}{here()}")
    if not any(isinstance(limit, Record) and limit.requires_grad for limit in (low, high)):
        return clip(a, low, high)
    a = a if low is None else maximum(a, low)
    return a if high is None else minimum(a, high)


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    vector = isinstance(axis, (int, np.integer)) or (axis is None and x.ndim == 1)
    if ord is None or (ord == "fro" and not vector) or (ord == 2 and vector):
        return norm(x, axis=axis, keepdims=keepdims)
    if vector and ord == 1:
        return sum(abs(x), axis=axis, keepdims=keepdims)
    if vector and ord == np.inf:
        return max(abs(x), axis=axis, keepdims=keepdims)
    if vector and ord == -np.inf:
        return min(abs(x), axis=axis, keepdims=keepdims)
    raise UsageError(
        f"np.linalg.norm with ord={ord!r} of an array of {x.ndim} axes has no derivative here; "
        f"the 1-, 2- and infinity-norm of vectors and the Frobenius norm have{here()}"
    )


def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    return split(ary, indices_or_sections, axis)


def _var(a: Any, axis: Any = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    return var(a, axis, keepdims, ddof)


def _std(a: Any, axis: Any = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    return std(a, axis, keepdims, ddof)


def _einsum(subscripts: str, *operands: Any, optimize: Any = False) -> Any:
    return einsum(subscripts, *operands)  # `optimize` chooses a way to the same numbers


def _inner(a: Any, b: Any) -> Any:
    if np.ndim(a) and np.ndim(b) > 1:
        b = moveaxis(b, -1, -2)  # the last axes are summed over, and dot takes the last but one of the second
    return dot(a, b)


def _tile(A: Any, reps: Any) -> Any:
    reps = (int(reps),) if np.ndim(reps) == 0 else tuple(int(n) for n in reps)
    shape = (1,) * (len(reps) - np.ndim(A)) + np.shape(A)
    reps = (1,) * (len(shape) - len(reps)) + reps
    doubled = [n for length in shape for n in (1, length)]
    repeated = [n for pair in zip(reps, shape, strict=True) for n in pair]
    result = tuple(n * length for n, length in zip(reps, shape, strict=True))
    return reshape(broadcast_to(reshape(A, tuple(doubled)), tuple(repeated)), result)


def _repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    if axis is None:
        return _repeat(ravel(a), repeats, 0)
    return take(a, np.repeat(np.arange(np.shape(a)[axis]), repeats), axis)


def _roll(a: Any, shift: int, axis: int | None = None) -> Any:
    if axis is None:
        return reshape(_roll(ravel(a), shift, 0), np.shape(a))
    return take(a, np.roll(np.arange(np.shape(a)[axis]), shift), axis)


def _at_least(axes: int) -> Callable[..., Any]:
    def lifted(*arys: Any) -> Any:
        made = tuple(a if np.ndim(a) >= axes else reshape(a, (1,) * (axes - np.ndim(a)) + np.shape(a)) for a in arys)
        return made[0] if len(made) == 1 else made

    return lifted


def _log_of_base(base: float) -> Callable[[Any], Any]:
    return lambda x: log(x) / float(np.log(base))


def _diagonal(a: Any) -> Any:
    if np.ndim(a) != 2:
        raise ShapeError(f"the diagonal is taken of a matrix, not of an array of shape {np.shape(a)}{here()}")
    n = int(np.min(np.shape(a)))
    return getitem(a, (np.arange(n), np.arange(n)))


SIGNATURES: dict[Any, Callable[..., Any]] = {
    np.append: append,
    np.atleast_1d: _at_least(1),
    np.atleast_2d: _at_least(2),
    np.atleast_3d: at_least_3d,
    np.clip: _clip,
    np.diagonal: _diagonal,
    np.dot: dot,
    np.einsum: _einsum,
    np.inner: _inner,
    np.linalg.norm: _norm,
    np.log10: _log_of_base(10.0),
    np.log2: _log_of_base(2.0),
    np.positive: identity,
    np.ravel: ravel,
    np.reciprocal: lambda x: divide(1.0, x),
    np.repeat: _repeat,
    np.roll: _roll,
    np.split: _split,
    np.std: _std,
    np.take: take,
    np.tile: _tile,
    np.trace: lambda a: sum(_diagonal(a)),
    np.var: _var,
    **JOINS,
}
