"""Plain arrays that a function reads parts of: a table of embeddings, positions, a mask of NumPy's.

``table[ids[t]]`` and ``mask[t]`` of arrays that stand outside of the function meet no tensor, so what they give is a
constant of the recording. Where all constants that one place in the program uses are parts of such an array, one for
each step or one for each integer that was read as an index, they are read from it. Other recordings tell whether that
is so for other integers and lengths.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq import operations as ops
from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.operations.lookups import GIVEN, look_up
from autograd_seq.plan.around import Name

LARGEST = 1 << 24  # bytes of an array that is kept for each recording
FEW = 3  # parts that tell of which array they are


@dataclass(frozen=True, eq=False)
class Table:
    """An array around a function.

    Attributes
    ----------
    name : str
        What the program calls it.
    array : ndarray
    leaf : Tensor
        Its record.
    """

    name: str
    array: Array
    leaf: Any

    def looked_up(self, integers: Array) -> Iterator[tuple[int, Array]]:
        """What integers give as an index of each axis."""
        for axis, n in enumerate(self.array.shape):
            if integers.size and -n <= integers.min() and integers.max() < n:
                yield axis, np.take(self.array, integers % n, axis=axis)

    def by_step(self, parts: Sequence[Array], text: str) -> tuple[int, int] | None:
        """Along which axis, and from where on, parts follow each other in it; None if they do not."""
        if len({part.tobytes() for part in parts}) < FEW and not re.search(rf"\b{self.name}\b", text):
            return None  # zeros and ones stand in many arrays
        for axis, n in enumerate(self.array.shape):
            rows = np.moveaxis(self.array, axis, 0)
            if rows[0].size != parts[0].size:
                continue
            for start in range(min(FEW, n - len(parts) + 1)):
                if all(same(rows[start + k], part) for k, part in enumerate(parts)):
                    return axis, start
        return None

    def part(self, axis: int, number: int) -> Any:
        """One of its parts, as a record."""
        return ops.getitem(self.leaf, (slice(None),) * axis + (number,))

    def rows(self, axis: int, integers: Any) -> Any:
        """The parts that integers say, as a record."""
        return look_up([self.leaf, integers], at=(slice(None),) * axis + (GIVEN,))


def tables(names: Sequence[Any]) -> list[Table]:
    """The arrays of numbers among what stands around a function."""
    found: dict[int, Table] = {}
    for name in names:
        array = name.thing if isinstance(name, Name) else None
        if isinstance(array, np.ndarray) and array.ndim and array.dtype.kind == "f" and 0 < array.nbytes <= LARGEST:
            found.setdefault(id(array), Table(name.name, array, Tensor(array, name.name)))
    return list(found.values())


def same(a: Array, b: Array) -> bool:
    """Whether two arrays hold the same numbers, axes of length 1 aside."""
    a, b = np.squeeze(a), np.squeeze(b)
    return a.dtype == b.dtype and a.shape == b.shape and bool(np.array_equal(a, b))
