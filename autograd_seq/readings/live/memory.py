"""One long row of numbers for everything that a machine computes, and the instructions that fill it.

What only shows numbers in other places, such as a transpose or a row, takes no instruction: a
tensor is known by the positions of its elements. Positions that recur at every step, less the
first of them, are kept once.
"""

from __future__ import annotations

from base64 import b64encode
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_seq.core.array import Array

NOWHERE = -1  # the position of what is 0 without anybody having computed it


class Memory:
    """The row, and the instructions so far.

    Attributes
    ----------
    size : int
        How many numbers there are.
    words : list of str
        What instructions can say.
    code : list of int
        All instructions: the word, how many results, where the first is put, and then for each operand where its
        first number is and how the others are found: -1 - n for every n-th from there, else the map with that number.
    maps : list of array
        Distances from the first number.
    constants : dict of int to array
        What stands in the row before the first instruction, by position.

    Examples
    --------
    >>> import numpy as np
    >>> memory = Memory()
    >>> x = memory.constant(np.array([1.0, 2.0]))
    >>> memory.compute("add", 2, [x, x[::-1]]), memory.words, memory.code
    (array([2, 3]), ['add'], [0, 2, 2, 0, -2, 1, 0])
    >>> [distances.tolist() for distances in memory.maps]
    [[0, -1]]
    """

    def __init__(self) -> None:
        self.size = 0
        self.words: list[str] = []
        self.code: list[int] = []
        self.maps: list[Array] = []
        self.constants: dict[int, Array] = {}
        self._words: dict[str, int] = {}
        self._maps: dict[bytes, int] = {}
        self._made: dict[tuple[Any, ...], int] = {}
        self._numbers: dict[str, int] = {}
        self._rows: list[int] = []  # where each array begins

    def room(self, size: int) -> Array:
        """The positions of so many new numbers."""
        self._rows.append(self.size)
        self.size += size
        return np.arange(self.size - size, self.size)

    def constant(self, values: Array) -> Array:
        """The positions of numbers that stand there from the start."""
        positions = self.room(values.size)
        self.constants[int(self.size - values.size)] = np.asarray(values, dtype=float).ravel()
        return positions.reshape(values.shape)

    def number(self, x: float) -> int:
        """The position of one number, kept once."""
        if repr(x) not in self._numbers:
            self._numbers[repr(x)] = int(self.constant(np.asarray([x]))[0])
        return self._numbers[repr(x)]

    def compute(self, word: str, size: int, operands: Sequence[Array], *more: int) -> Array:
        """The positions of what one instruction makes; the same one is not given twice."""
        said: list[int] = []
        for positions in operands:
            said += self.found(positions)
        key = (word, size, *said, *more)
        if key not in self._made:
            result = self.room(size)
            self._made[key] = int(result[0]) if size else self.size
            if size:
                self.code += [self._word(word), size, self._made[key], *said, *more]
        return np.arange(self._made[key], self._made[key] + size)

    def gathered(self, positions: Array) -> Array:
        """Positions in one array: as they are if they lie in one already, else those of a copy."""
        flat = positions.ravel()
        if flat.size and flat.min() >= 0 and self._row(flat.min()) == self._row(flat.max()):
            return positions
        key = ("gathered", flat.tobytes())
        if key not in self._made:
            result = self.room(flat.size)
            self._made[key] = int(result[0]) if flat.size else self.size
            rows = np.array([self._row(p) if p >= 0 else NOWHERE for p in flat.tolist()])
            for row in sorted(set(rows[rows >= 0].tolist())):
                there = np.flatnonzero(rows == row)
                where, what = self.found(result[there]), self.found(flat[there])
                self.code += [self._word("put"), len(there), *where, *what]
        return np.arange(self._made[key], self._made[key] + flat.size).reshape(positions.shape)

    def data(self) -> dict[str, Any]:
        """Everything, ready for JSON; numbers in base64, little-endian: float64 what stands there, int32 the rest."""
        lengths = [len(distances) for distances in self.maps]
        return {
            "size": self.size, "words": self.words, "code": packed(self.code, "<i4"), "lengths": lengths,
            "maps": packed(np.concatenate([*self.maps, np.zeros(0, int)]), "<i4"),
            "at": packed([x for start, a in self.constants.items() for x in (start, len(a))], "<i4"),
            "constants": packed(np.concatenate([*self.constants.values(), np.zeros(0)]), "<f8"),
        }  # fmt: skip

    def _row(self, position: int) -> int:
        return bisect_right(self._rows, position)

    def _word(self, word: str) -> int:
        if word not in self._words:
            self._words[word] = len(self.words)
            self.words.append(word)
        return self._words[word]

    def found(self, positions: Array) -> tuple[int, int]:
        """Where the first number is, and how the others are found from there."""
        flat = self.gathered(positions).ravel()
        if not flat.size:
            return 0, -1
        first = int(flat[0])
        distances = flat - first
        stride = int(distances[1]) if flat.size > 1 else 0
        if stride >= 0 and np.array_equal(distances, stride * np.arange(flat.size)):
            return first, -1 - stride
        return first, self.map(distances)

    def map(self, distances: Array) -> int:
        """The number of a list of distances, kept once."""
        key = distances.astype(np.int64).tobytes()
        if key not in self._maps:
            self._maps[key] = len(self.maps)
            self.maps.append(distances)
        return self._maps[key]


def packed(numbers: Any, dtype: str) -> str:
    """Numbers in base64."""
    return b64encode(np.asarray(numbers).astype(dtype).tobytes()).decode()
