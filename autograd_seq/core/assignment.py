"""Arrays that can be written into: assignments are logged, and materialised once when the array is read.

T assignments of one step each cost T log entries and one copy, not T copies. What NumPy
answers with a view is one here: a part, a part of a part, a transpose or another shape show
what is assigned later. Of just what one assignment wrote, its record is the assigned tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Self, cast

import numpy as np

import autograd_seq.operations as ops
from autograd_seq.core.array import Array
from autograd_seq.core.errors import DtypeError, GraphLostError, ShapeError, out_of_range
from autograd_seq.core.operation import Operation
from autograd_seq.core.part import is_basic
from autograd_seq.core.program_names import NOWHERE, Origin, PutInto, callers
from autograd_seq.core.source_line import here, user_frame
from autograd_seq.core.tensor import Handle, Tensor, as_tensor
from autograd_seq.operations.indexing import fixed, visibility

Places = tuple[range, ...]


class InPlace(Handle):
    """A tensor whose in-place operators are assignments, and whose parts and rearrangements are views."""

    __slots__ = ()
    in_place = True

    # What assignment cannot change is known without materialising.

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of its axes."""
        return self._record.shape

    @property
    def ndim(self) -> int:
        """The number of its axes."""
        return self._record.ndim

    @property
    def size(self) -> int:
        """The number of its elements."""
        return self._record.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its elements."""
        return self._record.dtype

    def ravel(self, order: str = "C") -> Tensor:
        """As `numpy.ndarray.ravel`: a view only of what lies in one piece."""
        if order == "F":
            return self.record.ravel(order)
        return ops.reshape(self if self._layout().flags.c_contiguous else self.record, -1)

    def flatten(self, order: str = "C") -> Tensor:
        """As `numpy.ndarray.flatten`: a copy, which `ravel` is not."""
        return self.record.ravel(order)

    def _shape_of(self, index: Any) -> tuple[int, ...]:
        """The shape of the part that an index picks."""
        try:
            return np.ndarray(self.shape, bool, b"0", strides=(0,) * self.ndim)[index].shape  # without its memory
        except IndexError as error:
            said = out_of_range(error)
            raise ShapeError(f"an array of shape {self.shape} has no such part: {said}{here()}") from error

    def _layout(self) -> Array:
        """An array that lies in memory as NumPy's would: it tells which rearrangements are views."""
        raise NotImplementedError

    def rearranged(self, operation: Operation, settings: dict[str, Any]) -> Tensor | None:
        """What an operation that only rearranges shows: a view, if NumPy's would be one."""
        return self[settings["index"]] if "index" in settings else self._rearranged(operation, settings)

    def _rearranged(self, how: Operation, settings: dict[str, Any]) -> Tensor | None:
        """A view through an operation such as a transpose; None where NumPy would copy."""
        before = self._layout()
        try:
            after = how.value(before, **settings)
        except (ValueError, TypeError, IndexError):
            return None  # the operation itself says what is wrong
        if not np.may_share_memory(before, after):
            return None
        rule: Any = how.vjp[0]  # a rearrangement's adjoint is its inverse

        def write(value: Tensor) -> None:
            if not after.flags.writeable:  # a broadcast array, one element of which is many
                raise GraphLostError(
                    "an array that was broadcast cannot be written into, here as in NumPy: several of its elements "
                    f"are one. Write into the array itself, or into a copy: b = b.copy(){here()}"
                )
            whole = value if value.shape == after.shape else ops.broadcast_to(value, after.shape)
            self._in_place(rule(whole, whole, self.record, **settings))

        return View(
            self,
            read=lambda: how(self.record, **settings),
            write=write,
            layout=lambda: how.value(self._layout(), **settings),
        )

    def __copy__(self) -> Writable:
        return Writable(self.record)

    def __deepcopy__(self, memo: dict[int, Any]) -> Writable:
        return Writable(self.record)

    def __reduce__(self) -> tuple[Any, ...]:
        make, settings, scope = self.record.__reduce__()
        return (make, settings, scope) if settings[-1] else (Writable, settings[:2], scope)

    def _in_place(self, result: Tensor) -> Self:
        raise NotImplementedError

    def __iadd__(self, other: Any) -> Self:
        return self._in_place(self + other)

    def __isub__(self, other: Any) -> Self:
        return self._in_place(self - other)

    def __imul__(self, other: Any) -> Self:
        return self._in_place(self * other)

    def __itruediv__(self, other: Any) -> Self:
        return self._in_place(self / other)

    def __ipow__(self, other: Any) -> Self:
        return self._in_place(self**other)

    def __ifloordiv__(self, other: Any) -> Self:
        return self._in_place(self // other)

    def __imod__(self, other: Any) -> Self:
        return self._in_place(self % other)

    def __imatmul__(self, other: Any) -> Self:
        return self._in_place(self @ other)

    def add_at(self, index: Any, value: Any) -> None:
        """As ``np.add.at``: what is picked twice gets both."""
        added = ops.scatter([as_tensor(joined(value))], indices=(fixed(index),), shape=self.shape)
        self._in_place(self + added)


class Writable(InPlace):
    """A tensor made by ``np.zeros`` and the like of `autograd_seq.numpy`, or by ``tensor.copy()``.

    Parameters
    ----------
    value : Tensor or array_like
        What it holds to begin with.
    name : str, optional
        Its name.

    Raises
    ------
    ShapeError
        If a value does not fit the part that it is assigned to, or the index lies outside.
    DtypeError
        If a tensor with a gradient is assigned into an array of integers.

    Examples
    --------
    >>> from autograd_seq import Tensor
    >>> import autograd_seq.numpy as np
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> a = np.zeros((2, 3))
    >>> a[:, 1] = x * 3
    >>> a.sum().backward()
    >>> x.grad
    array([3., 3.])
    """

    __slots__ = ("_history", "_log", "_made")
    _log: list[tuple[Any, Places | None, Tensor]]  # index, the places it picks if it is basic, what was assigned
    _made: Origin  # where the program made it: what is assigned into it has the name that it is given there
    _history: list[Places | None]  # where was written, since the beginning: what views ask

    def __init__(self, value: Any, name: str | None = None) -> None:
        value = joined(value)
        self._record = value.record if isinstance(value, Tensor) else _nameless(value)
        frame = user_frame()
        self._made = callers(frame) if frame is not None else NOWHERE
        if name is not None and self._record.operation is None:
            self._record._name = name
        self._log = []
        self._history = []

    @property
    def record(self) -> Tensor:
        """The array as it is after all assignments so far."""
        if self._log:
            parts = self._parts()
            made: Tensor = self._assigned() if parts is None else ops.concatenate(parts[0], axis=parts[1])
            made._name, made._origin = self._record._name, self._made
            self._record, self._log = made, []
        return self._record

    def _assigned(self) -> Tensor:
        """What was there before, with what was assigned."""
        indices = tuple(index for index, _, _ in self._log)
        arrays = [self._record, *(value for _, _, value in self._log)]
        made: Tensor = ops.assign(arrays, indices=indices, visible=visibility(self.shape, indices))
        # Numbers into numbers, such as a one-hot column, are no result, but data.
        return Tensor(made._value) if all(_is_plain(x) for x in arrays) else made

    def _parts(self) -> tuple[list[Tensor], int] | None:
        """What was assigned and the axis along which it lies, if that is all: ``b[:n] = u; b[n:] = v`` is [u; v]."""
        places = [written for _, written, _ in self._log if written is not None]
        axes = {i for written in places for i, part in enumerate(written) if part != range(self.shape[i])}
        fits = [written is not None and value.shape == tuple(map(len, written)) for _, written, value in self._log]
        if len(axes) != 1 or len(fits) < 2 or not all(fits):
            return None
        axis = axes.pop()
        order = sorted(range(len(places)), key=lambda k: places[k][axis].start)
        ends = [0, *(places[k][axis].stop for k in order)]
        if [places[k][axis] for k in order] != [range(*between) for between in pairwise(ends)]:
            return None
        if ends[-1] != self.shape[axis]:
            return None
        return [self._log[k][2] for k in order], axis

    def __setitem__(self, key: Any, value: Any) -> None:
        index = fixed(key)
        target = self._shape_of(index)
        assigned = _fitted(as_tensor(joined(value)), target, self)
        if assigned.dtype != self.dtype:
            if assigned.requires_grad and self.dtype.kind != "f":
                raise DtypeError(
                    f"a tensor with a gradient was assigned into an array of {self.dtype}, which would cut it to whole "
                    f"numbers and lose the gradient. Make the array with dtype=float{here()}"
                )
            assigned = ops.astype(assigned, self.dtype)
        if assigned._origin is None and assigned._code is not None and self._made:
            assigned._origin = PutInto((assigned._code, assigned._offset), self._made)
        places = _places(index, self.shape) if is_basic(index) else None
        if self._log and places and self._log[-1][1] == places and self._log[-1][2] is assigned:
            return  # a[0] += v has come here through the view already
        self._history.append(places)
        if target == self.shape == assigned.shape and places == tuple(map(range, self.shape)):
            self._record, self._log = assigned, []  # all of it, so nothing before can be seen
        else:
            self._log.append((index, places, assigned))

    def __getitem__(self, key: Any) -> Tensor:
        index = fixed(key)
        if not is_basic(index):
            return _part(self.record, index)
        shape, places = self._shape_of(index), _places(index, self.shape)
        if not shape and not _has_dots(index):
            return self._written(index, places, shape)  # an element is a copy
        return View(
            self,
            read=lambda: self._written(index, places, shape),
            write=lambda value: self.__setitem__(index, value),
            layout=lambda: self._layout()[index],
            places=places,
        )

    def _written(self, index: Any, places: Places, shape: tuple[int, ...]) -> Tensor:
        """What a basic index reads: what one assignment wrote, or else a part of the whole."""
        for _, written, value in reversed(self._log):
            if written == places and value.shape == shape:
                return value
            if written is None or not _apart(written, places):
                return _part(self.record, index)
        return _part(self._record, index)  # before any of the assignments, which lie elsewhere

    def _layout(self) -> Array:
        return np.empty(self.shape, bool)

    def _in_place(self, result: Tensor) -> Self:
        self[...] = result
        return self

    def fill(self, value: Any) -> None:
        """As `numpy.ndarray.fill`."""
        self[...] = value


class View(InPlace):
    """A part of a writable array, or the array rearranged; it shows what is assigned there later.

    Writing into a part of it is not recorded, so it raises; ``a[0] += v`` and ``part += v`` are.
    """

    __slots__ = ("_array", "_lies", "_places", "_read", "_seen", "_write")
    _array: Writable
    _places: Places | None  # where in the array it lies; None where that is not known
    _seen: int  # how much of the array's history its record shows

    def __init__(
        self,
        source: InPlace,
        read: Callable[[], Tensor],
        write: Callable[[Tensor], Any],
        layout: Callable[[], Array],
        places: Places | None = None,
    ) -> None:
        self._array = source._array if isinstance(source, View) else cast(Writable, source)
        self._places = source._places if isinstance(source, View) else places
        self._read, self._write, self._lies = read, write, layout
        self._record = read()
        self._seen = len(self._array._history)

    @property
    def record(self) -> Tensor:
        """The part as it is now."""
        news, own = self._array._history[self._seen :], self._places
        if any(own is None or written is None or not _apart(written, own) for written in news):
            self._record = self._read()
        self._seen += len(news)
        return self._record

    def __getitem__(self, key: Any) -> Tensor:
        index = fixed(key)
        if not is_basic(index) or (not self._shape_of(index) and not _has_dots(index)):
            return _part(self.record, index)
        return View(
            self,
            read=lambda: _part(self.record, index),
            write=lambda value: self.__setitem__(index, value),
            layout=lambda: self._layout()[index],
        )

    def __setitem__(self, key: Any, value: Any) -> None:
        raise GraphLostError(
            "this tensor is a part that was read from an array; writing into it would not reach the array. "
            "Write into the array itself: a[:, :, t][0] = v is a[0, :, t] = v; "
            f"or into a copy of the part: b = a[0].copy(){here()}"
        )

    def _layout(self) -> Array:
        return self._lies()

    def _in_place(self, result: Tensor) -> Self:
        self._write(_fitted(result, self.shape, self))
        return self


def joined(value: Any) -> Any:
    """A list or tuple that holds tensors as one tensor; anything else as it is.

    Examples
    --------
    >>> from autograd_seq import Tensor
    >>> joined([Tensor(1.0), 2.0]).shape
    (2,)
    >>> joined([1.0, 2.0])
    [1.0, 2.0]
    """
    if not isinstance(value, (list, tuple)) or not _holds_tensor(value):
        return value
    try:
        return ops.stack([joined(part) for part in value])
    except RecursionError as error:
        raise ShapeError(f"a list that holds tensors is nested too deeply{here()}") from error


def _holds_tensor(values: Sequence[Any]) -> bool:
    return any(isinstance(v, Tensor) or (isinstance(v, (list, tuple)) and _holds_tensor(v)) for v in values)


def _is_plain(tensor: Tensor) -> bool:
    """Whether it is numbers that nobody named or wants a derivative of."""
    return tensor.operation is None and not tensor.requires_grad and tensor._name is None


def _nameless(value: Any) -> Tensor:
    """The numbers that an array holds to begin with: whatever is called something is what it becomes."""
    made = Tensor(value)
    made._origin = NOWHERE
    return made


def _part(array: Tensor, index: Any) -> Tensor:
    """What an index picks; of plain numbers, plain numbers."""
    return Tensor(array._value[index]) if _is_plain(array) else ops.getitem(array, index)


def _fitted(value: Tensor, target: tuple[int, ...], array: Tensor) -> Tensor:
    """The value that is assigned, without the leading axes of length 1 that NumPy lets pass."""
    shape = value.shape
    if shape == target:
        return value
    while len(shape) > len(target) and shape[0] == 1:
        shape = shape[1:]
    try:
        fits = np.broadcast_shapes(shape, target) == target
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(
            f"the value has shape {value.shape}, but the part of the {array.shape} array that it is assigned to "
            f"has shape {target}{here()}"
        )
    return value if shape == value.shape else ops.reshape(value, shape)


def _places(index: Any, shape: tuple[int, ...]) -> Places:
    """What a basic index picks along each axis, so that ``a[-1]``, ``a[T - 1]`` and ``a[T - 1, :]`` are one."""
    parts = [part for part in (index if isinstance(index, tuple) else (index,)) if part is not None]
    dots = next((i for i, part in enumerate(parts) if part is Ellipsis), len(parts))
    rest = (slice(None),) * (len(shape) - sum(part is not Ellipsis for part in parts))
    full = [*parts[:dots], *rest, *parts[dots + 1 :]]
    return tuple(
        range(n)[part] if isinstance(part, slice) else range(part % n, part % n + 1)
        for part, n in zip(full, shape, strict=True)
    )


def _has_dots(index: Any) -> bool:
    """Whether NumPy gives a view even of a single element."""
    return any(part is Ellipsis for part in (index if isinstance(index, tuple) else (index,)))


def _apart(a: Places, b: Places) -> bool:
    """Whether two parts surely share no element: along some axis one lies wholly before the other."""
    return any(
        not i or not j or max(i[0], i[-1]) < min(j[0], j[-1]) or max(j[0], j[-1]) < min(i[0], i[-1])
        for i, j in zip(a, b, strict=True)
    )
