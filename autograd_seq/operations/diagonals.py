"""Diagonals and triangles of matrices."""

from __future__ import annotations

from collections.abc import Callable
from operator import index
from typing import Any

import numpy as np

from autograd_seq.core.errors import ShapeError
from autograd_seq.core.source_line import here
from autograd_seq.operations.elementwise import where
from autograd_seq.operations.indexing import getitem, scatter
from autograd_seq.operations.reduction import sum
from autograd_seq.operations.shape import moveaxis, ravel


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The elements a[i, i + offset] of two axes, along a last axis, as `numpy.diagonal`.

    Raises
    ------
    ShapeError
        For an array of fewer than two axes.

    Examples
    --------
    >>> import numpy as np
    >>> diagonal(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([1., 4.])
    """
    if np.ndim(a) < 2:
        raise ShapeError(f"the diagonal is taken of a matrix, not of an array of shape {np.shape(a)}{here()}")
    if (axis1 % np.ndim(a), axis2 % np.ndim(a)) != (np.ndim(a) - 2, np.ndim(a) - 1):
        a = moveaxis(a, (axis1, axis2), (-2, -1))
    offset = index(offset)  # a tensor says that its gradient would be lost
    m, n = np.shape(a)[-2:]
    i = np.arange(max(0, -offset), max(0, -offset, min(m, n - offset)))
    return getitem(a, (..., i, i + offset))


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Any:
    """The sum of a diagonal, as `numpy.trace`.

    Examples
    --------
    >>> import numpy as np
    >>> float(trace(np.array([[1.0, 2.0], [3.0, 4.0]])))
    5.0
    """
    line = diagonal(a, offset, axis1, axis2)
    return sum(line if dtype is None else line.astype(dtype), axis=-1)


def diag(v: Any, k: int = 0) -> Any:
    """A vector as a diagonal matrix, or the diagonal of a matrix, as `numpy.diag`.

    Examples
    --------
    >>> import numpy as np
    >>> diag(np.array([1.0, 2.0]))
    array([[1., 0.],
           [0., 2.]])
    """
    if np.ndim(v) != 1:
        return diagonal(v, k)
    n = np.shape(v)[0] + abs(k)
    i = np.arange(np.shape(v)[0])
    return scatter([v], indices=((i + max(0, -k), i + max(0, k)),), shape=(n, n))


def _triangle(a: Any, inside: Callable[[Any, Any], Any]) -> Any:
    if np.ndim(a) < 2:
        raise ShapeError(f"a triangle is taken of a matrix, not of an array of shape {np.shape(a)}{here()}")
    return where(inside(*np.ogrid[: np.shape(a)[-2], : np.shape(a)[-1]]), a, 0)


def tril(m: Any, k: int = 0) -> Any:
    """The elements on and below a diagonal, 0 above, as `numpy.tril`.

    Examples
    --------
    >>> import numpy as np
    >>> tril(np.ones((2, 2)))
    array([[1., 0.],
           [1., 1.]])
    """
    return _triangle(m, lambda rows, columns: rows + k >= columns)


def triu(m: Any, k: int = 0) -> Any:
    """The elements on and above a diagonal, 0 below, as `numpy.triu`.

    Examples
    --------
    >>> import numpy as np
    >>> triu(np.ones((2, 2)))
    array([[1., 1.],
           [0., 1.]])
    """
    return _triangle(m, lambda rows, columns: rows + k <= columns)


DIAGONALS: dict[Any, Any] = {
    np.diag: diag,
    np.diagflat: lambda v, k=0: diag(ravel(v), k),
    np.diagonal: diagonal,
    np.linalg.diagonal: lambda x, /, *, offset=0: diagonal(x, offset, -2, -1),
    np.linalg.trace: lambda x, /, *, offset=0, dtype=None: trace(x, offset, -2, -1, dtype),
    np.trace: trace,
    np.tril: tril,
    np.triu: triu,
}
