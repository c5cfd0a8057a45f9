"""Products: an adjoint of a weight, as products that have not been multiplied yet."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.core.array import Array

ROOM = 2  # how many times as many numbers as the weight has may wait to be multiplied


class Products:
    """A sum of products of matrices, of which many are taken at once.

    T uses of one weight give g<1> x<1>ᵀ + … + g<T> x<T>ᵀ to its adjoint, which is one product,
    [g<1> … g<T>] [x<1> … x<T>]ᵀ. That is the same number of multiplications, but the adjoint is written once, not T
    times. When much is waiting, what is there is multiplied.

    Examples
    --------
    >>> g, x = np.array([[1.0], [2.0]]), np.array([[3.0, 4.0]])
    >>> products = Products(g, x)
    >>> products.take(10 * g, x)
    >>> products.whole()
    array([[33., 44.],
           [66., 88.]])
    """

    __slots__ = ("_lefts", "_many", "_rights", "_sum", "_waiting")
    _sum: Array | None

    def __init__(self, left: Array, right: Array) -> None:
        self._lefts, self._rights, self._sum = [left], [right], None
        (rows, between), (_, columns) = left.shape, right.shape
        self._waiting, self._many = between * (rows + columns), ROOM * rows * columns

    def take(self, left: Array, right: Array) -> None:
        """Add the product of two matrices."""
        self._lefts.append(left)
        self._rights.append(right)
        self._waiting += left.size + right.size
        if self._waiting > self._many:
            self._multiply()

    def add(self, array: Any) -> None:
        """Add a matrix as it is."""
        self._sum = np.array(array) if self._sum is None else self._sum + array

    def whole(self) -> Array:
        """The adjoint as an array."""
        self._multiply()
        assert self._sum is not None
        return self._sum

    def _multiply(self) -> None:
        lefts, rights = self._lefts, self._rights
        if len(lefts) > 1:
            product = np.concatenate(lefts, axis=1) @ np.concatenate(rights)
        elif lefts:
            product = lefts[0] @ rights[0]
        else:
            return
        if self._sum is None:
            self._sum = product
        else:
            self._sum += product
        self._lefts, self._rights, self._waiting = [], [], 0


def worth_waiting(left: Array, right: Array) -> bool:
    """Whether a product of two matrices has so many more numbers than they have that to copy these is the quicker way.

    Examples
    --------
    >>> worth_waiting(np.ones((50, 1)), np.ones((1, 77))), worth_waiting(np.ones((2, 50)), np.ones((50, 2)))
    (True, False)
    """
    rows, between = left.shape
    columns = right.shape[1]
    return rows * columns > 2 * between * (rows + columns)
