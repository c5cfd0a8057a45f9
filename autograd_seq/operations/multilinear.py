"""NumPy's other products of arrays, made of `matmul`, `einsum` and sums of elementwise products."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from string import ascii_letters
from typing import Any

import numpy as np

from autograd_seq.core.errors import ShapeError
from autograd_seq.core.source_line import here
from autograd_seq.operations.arithmetic import multiply
from autograd_seq.operations.decided import refuse
from autograd_seq.operations.indexing import getitem
from autograd_seq.operations.linear import dot, einsum, matmul
from autograd_seq.operations.reduction import sum
from autograd_seq.operations.shape import (
    axis_of,
    concatenate,
    expand_dims,
    flip,
    moveaxis,
    ravel,
    reshape,
    squeeze,
    stack,
)


def _inner(a: Any, b: Any) -> Any:
    if np.ndim(a) and np.ndim(b) > 1:
        b = moveaxis(b, -1, -2)  # the last axes are summed over, and dot takes the last but one of the second
    return dot(a, b)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Products summed over pairs of axes, as `numpy.tensordot`.

    Raises
    ------
    ShapeError
        If axes that are summed over together are not equally long.

    Examples
    --------
    >>> import numpy as np
    >>> tensordot(np.ones((2, 3, 4)), np.ones((3, 4, 5))).shape
    (2, 5)
    """
    m, n = np.ndim(a), np.ndim(b)
    if np.ndim(axes) == 0:
        axes = range(m - int(axes), m), range(int(axes))
    left, right = ([int(i) for i in np.atleast_1d(list(x) if isinstance(x, range) else x)] for x in axes)
    letters = iter(ascii_letters)
    first, second = [next(letters) for _ in range(m)], [next(letters) for _ in range(n)]
    if len(left) != len(right) or any(np.shape(a)[i] != np.shape(b)[j] for i, j in zip(left, right)):
        raise ShapeError(
            f"tensordot cannot sum {np.shape(a)} over axes {left} with {np.shape(b)} over axes {right}: "
            f"axes that are summed over together must be equally long{here()}"
        )
    for i, j in zip(left, right):
        second[j] = first[i]
    summed = {first[i] for i in left}
    kept = [letter for letter in [*first, *second] if letter not in summed]
    return einsum(f"{''.join(first)},{''.join(second)}->{''.join(kept)}", a, b)


def kron(a: Any, b: Any) -> Any:
    """The Kronecker product: a block a[i, j] b for each element of a, as `numpy.kron`.

    Examples
    --------
    >>> import numpy as np
    >>> kron(np.array([1.0, 10.0]), np.array([1.0, 2.0]))
    array([ 1.,  2., 10., 20.])
    """
    axes = max(np.ndim(a), np.ndim(b))
    a, b = (reshape(x, (1,) * (axes - np.ndim(x)) + np.shape(x)) for x in (a, b))
    shape = tuple(m * n for m, n in zip(np.shape(a), np.shape(b), strict=True))
    places = range(2 * axes)
    return reshape(multiply(expand_dims(a, tuple(places[1::2])), expand_dims(b, tuple(places[::2]))), shape)


def _vecdot(x1: Any, x2: Any, axis: int = -1) -> Any:
    return sum(multiply(x1, x2), axis=axis)


def _matvec(x1: Any, x2: Any) -> Any:
    return squeeze(matmul(x1, expand_dims(x2, -1)), -1)


def _vecmat(x1: Any, x2: Any) -> Any:
    return squeeze(matmul(expand_dims(x1, -2), x2), -2)


def _vdot(a: Any, b: Any) -> Any:
    return matmul(ravel(a), ravel(b))


def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """The cross product of vectors of 3 elements, as `numpy.cross`.

    Examples
    --------
    >>> import numpy as np
    >>> cross(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    array([0., 0., 1.])
    """
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    if np.shape(a)[axisa] != 3 or np.shape(b)[axisb] != 3:
        raise ShapeError(f"np.cross is of vectors of 3 elements, not of {np.shape(a)} and {np.shape(b)}{here()}")
    whole = slice(None)
    u = [getitem(a, (whole,) * axis_of(a, axisa) + (i,)) for i in range(3)]
    v = [getitem(b, (whole,) * axis_of(b, axisb) + (i,)) for i in range(3)]
    return stack([u[i - 2] * v[i - 1] - u[i - 1] * v[i - 2] for i in range(3)], axis=axisc)


def _multi_dot(arrays: Sequence[Any]) -> Any:
    return reduce(dot, arrays)


def _sliding(a: Any, v: Any, mode: str, function: str) -> Any:
    """Products of `v` with the parts of `a` that it slides over, both of one axis, `a` the longer."""
    n, m = np.shape(a)[0], np.shape(v)[0]
    if mode not in ("full", "same", "valid"):
        raise refuse(function, f"has no mode {mode!r}", "Write 'full', 'same' or 'valid'")
    before = {"full": m - 1, "same": m // 2, "valid": 0}[mode]
    after = {"full": m - 1, "same": m - 1 - m // 2, "valid": 0}[mode]
    zeros = [np.zeros(k, a.dtype) for k in (before, after)]
    padded = concatenate([zeros[0], a, zeros[1]]) if before or after else a
    windows = np.arange(n + before + after - m + 1)[:, None] + np.arange(m)
    return matmul(getitem(padded, windows), v)


def _vectors(function: str, *arrays: Any) -> list[Any]:
    vectors = [x if np.ndim(x) else reshape(x, (1,)) for x in arrays]
    if any(np.ndim(x) != 1 or not np.shape(x)[0] for x in vectors):
        given = " and ".join(str(np.shape(x)) for x in arrays)
        raise ShapeError(f"np.{function} is of two vectors, not of {given}{here()}")
    return [x if hasattr(x, "dtype") else np.asarray(x, float) for x in vectors]


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """The sums Σ a[i] v[k - i], as `numpy.convolve`.

    Examples
    --------
    >>> import numpy as np
    >>> convolve(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([ 1., 12., 20.])
    """
    a, v = _vectors("convolve", a, v)
    a, v = (v, a) if np.shape(v)[0] > np.shape(a)[0] else (a, v)
    return _sliding(a, flip(v), mode, "convolve")


def _correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    a, v = _vectors("correlate", a, v)
    if np.shape(v)[0] <= np.shape(a)[0]:
        return _sliding(a, v, mode, "correlate")
    return flip(_sliding(v, a, mode, "correlate"))


def _polyval(p: Any, x: Any) -> Any:
    total: Any = multiply(x, 0)
    for i in range(np.shape(p)[0]):
        total = total * x + getitem(p, i)
    return total


PRODUCTS: dict[Any, Any] = {
    np.convolve: convolve,
    np.correlate: _correlate,
    np.cross: cross,
    np.dot: dot,
    np.inner: _inner,
    np.kron: kron,
    np.linalg.cross: lambda x1, x2, *, axis=-1: cross(x1, x2, axis=axis),
    np.linalg.matmul: matmul,
    np.linalg.multi_dot: _multi_dot,
    np.linalg.outer: lambda x1, x2: multiply(expand_dims(x1, 1), x2),
    np.linalg.tensordot: lambda x1, x2, *, axes=2: tensordot(x1, x2, axes),
    np.linalg.vecdot: _vecdot,
    np.polyval: _polyval,
    np.tensordot: tensordot,
    np.vdot: _vdot,
    np.vecdot: _vecdot,
}
# Of NumPy 2.2 and later.
PRODUCTS.update({getattr(np, n): f for n, f in (("matvec", _matvec), ("vecmat", _vecmat)) if hasattr(np, n)})
