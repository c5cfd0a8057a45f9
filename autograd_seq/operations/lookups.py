"""Lookups: reading an array where integers say that are data, as an embedding's rows are by the numbers of words.

While a program is compiled, such integers are inputs: it is right for all of them. Elsewhere an index is a setting.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.notation import ATOM, Form, literal, subscript
from autograd_seq.core.operation import Shared, operation

GIVEN = "given"
"""What stands in an index for each array of integers that is an input."""


def index_of(at: Sequence[Any], integers: Sequence[Any]) -> tuple[Any, ...]:
    """The index of a lookup."""
    arrays = iter(integers)
    return tuple([next(arrays) if isinstance(part, str) else part for part in at])


def _bracket(at: Sequence[Any], integers: Sequence[str]) -> str:
    """The index as it stands between brackets."""
    texts = iter(integers)
    return ", ".join(next(texts) if isinstance(part, str) else subscript(part) for part in at)


def _looked_up(operands: Sequence[str], settings: Any) -> str:
    return f"{operands[0]}[{_bracket(settings['at'], operands[1:])}]"


def _places(at: Sequence[Any], integers: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """Of each element that a lookup reads, the places where it may stand: their numbers, and what must equal what."""
    rows = np.broadcast_arrays(*integers)
    count = rows[0].size
    numbers = np.arange(count).reshape(rows[0].shape)
    given = [axis for axis, part in enumerate(at) if isinstance(part, str)]
    wide = [count if axis in given else n for axis, n in enumerate(shape)]
    read = [places[index_of(at, [numbers] * len(given))] for places in np.indices(wide)]
    for where in np.ndindex(read[0].shape):
        known = [int(places[where]) for places in read]
        asked = [row.ravel()[known[given[0]]] for row in rows]
        yield where, [
            (tuple(k[given.index(a)] if a in given else known[a] for a in range(len(shape))), list(zip(asked, k)))
            for k in np.ndindex(*(shape[axis] for axis in given))
        ]


def _if_all(algebra: Any, equal: Sequence[tuple[Any, int]], value: Any, n: Sequence[int]) -> Any:
    """A value where all integers are what they must be, counted from either end; else 0."""
    for (asked, k), length in zip(equal, n, strict=True):
        try:
            value = value if int(asked) % length == k else 0
        except TypeError:
            from_the_end = algebra.select(algebra.compare("==", asked, k - length), value, 0)
            value = algebra.select(algebra.compare("==", asked, k), value, from_the_end)
    return value


def _look_up_meaning(algebra: Any, x: Any, *integers: Any, at: Any) -> Any:
    n = [length for part, length in zip(at, np.shape(x)) if isinstance(part, str)]
    found = {
        where: sum(_if_all(algebra, equal, x[place], n) for place, equal in places)
        for where, places in _places(at, integers, np.shape(x))
    }
    return _filled(found)


def _filled(found: dict[tuple[int, ...], Any]) -> Any:
    """An array with what is to stand where."""
    result = np.empty([1 + max(places) for places in zip(*found)], dtype=object)
    for where, value in found.items():
        result[where] = value
    return result


def _put_back_meaning(algebra: Any, *arrays: Any, at: Any, shape: Any) -> Any:
    steps = _steps(len(arrays), at)
    n = [length for part, length in zip(at, shape) if isinstance(part, str)]
    result = np.full(shape, 0, dtype=object)
    for t in range(steps):
        for where, places in _places(at, arrays[steps + t :: steps], shape):
            for place, equal in places:
                result[place] = result[place] + _if_all(algebra, equal, arrays[t][where], n)
    return result


def _look_up_rule(g: Any, y: Any, x: Any, *integers: Any, at: Any) -> Any:
    return lambda i: None if i else put_back([g, *integers], at=at, shape=x.shape)


@operation(
    vjp=Shared(_look_up_rule),
    source=Form(_looked_up, operands=(ATOM,)),
    text=Form(_looked_up, operands=(ATOM,)),
    latex=Form(_looked_up, operands=(ATOM,)),
    meaning=_look_up_meaning,
    expects="integers that lie within the array",
    algebra="looked up",
)
def look_up(*arrays: Any, at: tuple[Any, ...]) -> Array:
    """``x[i, j]`` of an array and the integers that say where.

    Examples
    --------
    >>> import numpy as np
    >>> look_up([np.array([[1.0, 2.0, 3.0]]), np.array([2, 0])], at=(slice(None), GIVEN))
    array([[3., 1.]])
    """
    x, *integers = arrays
    return np.asarray(x)[index_of(at, integers)]


def _steps(count: int, at: Sequence[Any]) -> int:
    """Of how many steps pieces and integers are."""
    return count // (1 + sum(isinstance(part, str) for part in at))


def _put_back_text(operands: Sequence[str], settings: Any) -> str:
    steps = _steps(len(operands), settings["at"])
    added = [f"[{_bracket(settings['at'], operands[steps + t :: steps])}] += {operands[t]}" for t in range(steps)]
    return f"(0; {'; '.join(added)})"


_PUT_BACK = """\
def put_back(pieces, indices, shape):
    result = np.zeros(shape, np.result_type(*pieces))
    for piece, index in zip(pieces, indices):
        np.add.at(result, index, piece)
    return result
"""


def _put_back_source(operands: Sequence[str], settings: Any) -> str:
    steps = _steps(len(operands), settings["at"])
    indices = ", ".join(f"np.s_[{_bracket(settings['at'], operands[steps + t :: steps])}]" for t in range(steps))
    return f"put_back([{', '.join(operands[:steps])}], [{indices}], {literal(settings['shape'])})"


def _pieces_rule(g: Any, y: Any, *arrays: Any, at: Any, shape: Any) -> Any:
    steps = _steps(len(arrays), at)
    return lambda t: look_up([g, *arrays[steps + t :: steps]], at=at) if t < steps else None


@operation(
    vjp=Shared(_pieces_rule),
    source=Form(_put_back_source, operands=(ATOM,), helper=_PUT_BACK),
    text=Form(_put_back_text),
    latex=Form(_put_back_text),
    meaning=_put_back_meaning,
    algebra="put back",
)
def put_back(*arrays: Any, at: tuple[Any, ...], shape: tuple[int, ...]) -> Array:
    """What was looked up, added into an array of zeros where it stood: the adjoint of a lookup.

    Of many steps, all pieces come first, then the integers of all of them.

    Examples
    --------
    >>> import numpy as np
    >>> put_back([np.ones((1, 3)), np.array([2, 0, 2])], at=(slice(None), GIVEN), shape=(1, 4))
    array([[1., 0., 2., 0.]])
    """
    steps = _steps(len(arrays), at)
    pieces = [np.asarray(piece) for piece in arrays[:steps]]
    places = np.arange(prod(shape)).reshape(shape)
    found = [places[index_of(at, arrays[steps + t :: steps])] for t in range(steps)]
    dtype = np.result_type(*(piece.dtype for piece in pieces))
    if dtype not in (np.float64, np.float32):  # of objects too: exact zeros
        result = np.zeros(places.size, dtype)
        for where, piece in zip(found, pieces, strict=True):
            np.add.at(result, where, piece)
        return result.reshape(shape)
    where, added = (np.concatenate([np.ravel(x) for x in row]) for row in (found, pieces))
    return np.bincount(where, added, places.size).astype(dtype, copy=False).reshape(shape)
