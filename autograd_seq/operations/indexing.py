"""Indexing: reading parts of an array, and writing into parts of one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from operator import getitem as python_getitem
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import ShapeError
from autograd_seq.core.notation import ATOM, Form, literal, subscript
from autograd_seq.core.operation import BY_NUMPY, Shared, operation, settled
from autograd_seq.core.part import Part
from autograd_seq.core.record import Record
from autograd_seq.core.scope import watched
from autograd_seq.core.source_line import here
from autograd_seq.operations.elementwise import where
from autograd_seq.operations.lookups import GIVEN, look_up
from autograd_seq.operations.shape import axis_of, reshape, stack

_NUMBERS = frozenset((int, type(None), type(Ellipsis)))


def fixed(index: Any) -> Any:
    """An index as a record keeps it: lists become arrays, arrays are copied, tensors give their values."""
    if type(index) in _NUMBERS:
        return index
    if isinstance(index, tuple):
        return tuple([fixed(part) for part in index])
    if isinstance(index, slice):
        ends = index.start, index.stop, index.step
        return index if _NUMBERS.issuperset(map(type, ends)) else slice(*map(fixed, ends))
    if isinstance(index, Record):
        value = settled(index)
        return value if np.ndim(value) or not float(value).is_integer() or isinstance(value, bool) else int(value)
    if isinstance(index, np.integer):
        return int(index)
    if isinstance(index, list) and not index:
        return np.array([], dtype=int)
    return np.array(index) if isinstance(index, (list, np.ndarray)) else index


def _given(index: Any) -> tuple[tuple[Any, ...], list[Any]] | None:
    """The index of a lookup, and the integers that are data in it; None if there are none."""
    parts = index if isinstance(index, tuple) else (index,)
    listed = [isinstance(part, list) and bool(part) and all(map(stays_data, part)) for part in parts]
    parts = tuple([stack(part) if of_data else part for part, of_data in zip(parts, listed, strict=True)])
    if not any(map(stays_data, parts)):
        return None
    at: list[Any] = []
    integers: list[Any] = []
    for part in parts:
        known = part.record if stays_data(part) else fixed(part)
        is_array = isinstance(known, Record) or (isinstance(known, np.ndarray) and known.dtype.kind in "iu")
        at.append(GIVEN if is_array else known)
        integers += [known] if is_array else []
    return tuple(at), integers


def stays_data(part: Any) -> bool:
    """Whether a part of an index is a tensor of integers, in a program that is compiled for all of them."""
    return isinstance(part, Record) and part.dtype.kind in "iu" and not part.requires_grad and watched()


def _bracket(operands: Sequence[str], settings: Any) -> str:
    return f"{operands[0]}[{subscript(settings['index'])}]"


@operation(
    vjp=[lambda g, y, x, index: Part(g, index, x.shape)],
    source=Form(_bracket, operands=(ATOM,)),
    text=Form(_bracket, operands=(ATOM,)),
    latex=Form(_bracket, operands=(ATOM,)),
    expects="an index that lies within the array",
    rearranges=True,
    algebra="part",
)
def _getitem(x: Any, /, index: Any) -> Array:
    return np.asarray(x)[index]


_getitem.name = "getitem"


def getitem(x: Any, index: Any) -> Any:
    """``x[index]``, with NumPy's basic and advanced indexing.

    Examples
    --------
    >>> import numpy as np
    >>> getitem(np.array([1.0, 2.0, 3.0]), slice(0, 2))
    array([1., 2.])
    """
    if (given := _given(index)) is not None:
        return look_up([x, *given[1]], at=given[0])
    return _getitem.call(x, index=fixed(index))


BY_NUMPY[python_getitem] = getitem


def _indices(settings: Any) -> str:
    return ", ".join(f"np.s_[{subscript(i)}]" for i in settings["indices"])


def _scattered(operands: Sequence[str], settings: Any) -> str:
    steps = (f"[{subscript(i)}] += {piece}" for i, piece in zip(settings["indices"], operands, strict=True))
    return f"(0; {'; '.join(steps)})"


_SCATTER = """\
def scatter(pieces, indices, shape):
    result = np.zeros(shape, np.result_type(*pieces))
    for piece, index in zip(pieces, indices):
        np.add.at(result, index, piece)
    return result
"""
_ASSIGN = """\
def assign(base, values, indices):
    result = np.array(base)
    for value, index in zip(values, indices):
        result[index] = value
    return result
"""


@operation(
    vjp=Shared(lambda g, y, *pieces, indices, shape: lambda i: getitem(g, indices[i])),
    source=Form(
        lambda operands, settings: (
            f"scatter([{', '.join(operands)}], [{_indices(settings)}], {literal(settings['shape'])})"
        ),
        helper=_SCATTER,
    ),
    latex=Form(_scattered),
    text=Form(_scattered),
    algebra="gathered parts",
)
def scatter(*pieces: Any, indices: Sequence[Any], shape: tuple[int, ...]) -> Array:
    """Pieces added into an array of zeros, each at its index: the adjoint of an array that was read in parts.

    Examples
    --------
    >>> import numpy as np
    >>> scatter([np.array(1.0), np.array(5.0)], (0, 2), (3,))
    array([1., 0., 5.])
    """
    dtype = np.result_type(*(np.asarray(piece).dtype for piece in pieces))
    buffer = np.zeros(shape, dtype)  # of objects too: exact zeros
    for piece, index in zip(pieces, indices, strict=True):
        Part(piece, index, shape).add_to(buffer)
    return buffer


def _assign_rule(g: Any, y: Any, base: Any, *values: Any, indices: Any, visible: Any) -> Any:
    def part(i: int) -> Any:
        seen = visible[i]
        shown = g if i == 0 else getitem(g, indices[i - 1])
        if seen is not None:
            shown = where(seen, shown, 0)
        if i and values[i - 1].ndim > shown.ndim:  # (1, 3) may be assigned to a part of shape (3,)
            shown = reshape(shown, (1,) * (values[i - 1].ndim - shown.ndim) + shown.shape)
        return shown

    return part


def _assigned(operands: Sequence[str], settings: Any) -> str:
    steps = (f"[{subscript(i)}] = {v}" for i, v in zip(settings["indices"], operands[1:], strict=True))
    return f"({operands[0]}; {'; '.join(steps)})"


@operation(
    vjp=Shared(_assign_rule),
    source=Form(
        lambda operands, settings: (
            f"assign({operands[0]}, [{', '.join(operands[1:])}], [{_indices(settings)}])"
        ),
        helper=_ASSIGN,
    ),
    latex=Form(_assigned),
    text=Form(_assigned),
    expects="values that broadcast to the parts that they are assigned to",
    algebra="replaced parts",
)
def assign(*arrays: Any, indices: Sequence[Any], visible: Sequence[Any]) -> Array:
    """An array after assignments: ``base[indices[0]] = values[0]``, and so on, in order.

    Parameters
    ----------
    *arrays : array_like
        The array to begin with, then the value of each assignment.
    indices : sequence
        The index of each assignment.
    visible : sequence
        For each of `arrays`, which of its elements the result shows, as an array of booleans; None for
        all. A later assignment hides an earlier one. See `visibility`.

    Examples
    --------
    >>> import numpy as np
    >>> assign([np.zeros(3), np.array(7.0)], indices=(1,), visible=visibility((3,), (1,)))
    array([0., 7., 0.])
    """
    base, *values = arrays
    result = np.array(base)
    for index, value in zip(indices, values, strict=True):
        result[index] = value[()] if isinstance(value, np.ndarray) else value  # one of objects holds objects, no array
    return result


def visibility(shape: tuple[int, ...], indices: Sequence[Any]) -> tuple[Any, ...]:
    """Which elements of an array, and of each value assigned into it, can still be seen after all assignments.

    Examples
    --------
    >>> visibility((2,), (0, 0))
    (array([False,  True]), array(False), None)
    """
    owner = np.full(shape, -1)  # for each element the number of the assigned element that it shows
    numbers = []
    first = 0
    for index in indices:
        part = owner[index]
        numbers.append(np.arange(first, first + part.size).reshape(part.shape))
        owner[index] = numbers[-1]
        first += part.size
    shown = [owner == -1, *(owner[index] == number for index, number in zip(indices, numbers, strict=True))]
    return tuple(None if np.all(mask) else np.asarray(mask) for mask in shown)


def take(x: Any, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise") -> Any:
    """Elements by index along an axis, as `numpy.take`: how a word's column is looked up.

    With the mode ``"wrap"`` an index goes round and round, with ``"clip"`` it stays at the ends.

    Examples
    --------
    >>> import numpy as np
    >>> take(np.array([[1.0, 2.0, 3.0]]), np.array([2, 0]), axis=1)
    array([[3., 1.]])
    """
    if axis is None:
        return take(x if np.ndim(x) == 1 else reshape(x, -1), indices, 0, None, mode)
    if mode != "raise":
        length = np.shape(x)[axis_of(x, axis)]
        indices = np.remainder(fixed(indices), length) if mode == "wrap" else np.clip(fixed(indices), 0, length - 1)
    return getitem(x, (slice(None),) * axis_of(x, axis) + (indices,))


def split(x: Any, sections: Any, axis: int = 0) -> list[Any]:
    """Parts along an axis, as `numpy.split`: equal ones, or cut before each index of a list.

    Examples
    --------
    >>> import numpy as np
    >>> [part.shape for part in split(np.ones((6, 2)), 3)]
    [(2, 2), (2, 2), (2, 2)]
    """
    axis = axis_of(x, axis)
    length = np.shape(x)[axis]
    if isinstance(sections, (int, np.integer)):
        if sections < 1 or length % sections:
            raise ShapeError(f"split cannot cut axis {axis} of {np.shape(x)} into {sections} equal parts{here()}")
        cuts = [length // int(sections) * i for i in range(int(sections) + 1)]
    else:
        cuts = [0, *(int(c) for c in sections), length]
    before = (slice(None),) * axis
    return [getitem(x, (*before, slice(a, b))) for a, b in pairwise(cuts)]
