"""Part: an adjoint that is zero but for what an index picks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq.core.array import Array

_BASIC = frozenset((int, slice, type(None), type(Ellipsis)))  # as most parts of an index are


@dataclass(slots=True)  # not frozen: that would make it in twice the time
class Part:
    """An adjoint that is zero but for one indexed part.

    The sweep gathers the parts of one array in one buffer, so that reading T slices of an
    array costs O(T) on the way back, not O(T²).

    Attributes
    ----------
    piece : Tensor or ndarray
        The adjoint of what the index picks.
    index : Any
        The index.
    shape : tuple of int
        The shape of the whole.
    """

    piece: Any
    index: Any
    shape: tuple[int, ...]

    def add_to(self, buffer: Array) -> None:
        """Add the part to an array of the whole's shape; an element picked twice gets both."""
        if is_basic(self.index):
            buffer[self.index] += self.piece
        else:
            np.add.at(buffer, self.index, self.piece)

    def whole(self) -> Array:
        """The adjoint in full."""
        buffer = np.zeros(self.shape, self.piece.dtype)
        self.add_to(buffer)
        return buffer


def is_basic(index: Any) -> bool:
    """Whether an index is made of integers and slices only, so that it picks no element twice."""
    kinds = {*map(type, index)} if isinstance(index, tuple) else {type(index)}
    return kinds <= _BASIC or all(issubclass(kind, (int, np.integer)) and kind is not bool for kind in kinds - _BASIC)
