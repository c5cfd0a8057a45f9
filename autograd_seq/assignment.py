"""Arrays that can be written into: assignments are logged, and materialised once when the array is read.

T assignments of one step each cost T log entries and one copy, not T copies. A read of
just what one assignment wrote gives the assigned tensor back without any copy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_seq.operations as ops
from autograd_seq.operations.indexing import fixed, is_basic, visibility
from autograd_seq.tensor import Handle, Tensor, as_tensor


class Writable(Handle):
    """A tensor made by ``np.zeros`` and the like of `autograd_seq.numpy`, or by ``tensor.copy()``.

    Parameters
    ----------
    value : Tensor or array_like
        What it holds to begin with.
    name : str, optional
        Its name.

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

    __slots__ = ("_log",)
    _log: list[tuple[Any, Tensor]]

    def __init__(self, value: Any, name: str | None = None) -> None:
        self._record = as_tensor(value)
        if name is not None and self._record.operation is None:
            self._record._name = name
        self._log = []

    @property
    def record(self) -> Tensor:
        """The array as it is after all assignments so far."""
        if self._log:
            indices = tuple(index for index, _ in self._log)
            values = [value for _, value in self._log]
            base = self._record
            made = ops.assign([base, *values], indices=indices, visible=visibility(base.shape, indices))
            made._name = base._name
            self._record, self._log = made, []
        return self._record

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

    def __setitem__(self, key: Any, value: Any) -> None:
        index = fixed(key)
        assigned = as_tensor(value)
        part = np.broadcast_to(np.empty((), bool), self.shape)  # of its shape, without its memory
        try:
            target = part[index].shape
        except IndexError as error:
            raise _bad_index(self, error) from error
        if not _fits(assigned.shape, target):
            raise _misfit(self, target, assigned.shape)
        if assigned.dtype != self.dtype:
            assigned = ops.astype(assigned, self.dtype)
        self._log.append((index, assigned))

    def __getitem__(self, key: Any) -> Tensor:
        index = fixed(key)
        if self._log and is_basic(index):
            for logged, value in reversed(self._log):
                if is_basic(logged) and logged == index:
                    if value.shape == np.broadcast_to(np.empty((), bool), self.shape)[index].shape:
                        return value
                    break
                if not _apart(logged, index, self.ndim):
                    break
        view = ops.getitem(self.record, index)
        return View(view) if is_basic(index) and view.ndim else view

    def _in_place(self, result: Tensor) -> Writable:
        self[...] = result
        return self

    def __iadd__(self, other: Any) -> Writable:
        return self._in_place(self + other)

    def __isub__(self, other: Any) -> Writable:
        return self._in_place(self - other)

    def __imul__(self, other: Any) -> Writable:
        return self._in_place(self * other)

    def __itruediv__(self, other: Any) -> Writable:
        return self._in_place(self / other)

    def __copy__(self) -> Writable:
        return Writable(self.record)

    def __deepcopy__(self, memo: dict[int, Any]) -> Writable:
        return Writable(self.record)


class View(Handle):
    """A part of a writable array that was read: writing through it would be lost, so it raises."""

    __slots__ = ()

    def __init__(self, record: Tensor) -> None:
        self._record = record

    def __setitem__(self, key: Any, value: Any) -> None:
        raise _through_view(self)


def _fits(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    while len(shape) > len(target) and shape[0] == 1:
        shape = shape[1:]
    try:
        return np.broadcast_shapes(shape, target) == target
    except ValueError:
        return False


def _apart(a: Any, b: Any, ndim: int) -> bool:
    """Whether two basic indices surely pick different elements: they differ in an integer at one axis."""
    a, b = (i if isinstance(i, tuple) else (i,) for i in (a, b))
    for i, j in zip(a, b, strict=False):
        if i is Ellipsis or j is Ellipsis or i is None or j is None:
            return False
        if isinstance(i, int) and isinstance(j, int) and i != j and (i < 0) == (j < 0):
            return True
    return False


def _bad_index(array: Tensor, error: Exception) -> Exception:
    from autograd_seq.errors import ShapeError
    from autograd_seq.source_line import here

    return ShapeError(f"cannot assign into an array of shape {array.shape}: {error}{here()}")


def _misfit(array: Tensor, target: tuple[int, ...], shape: tuple[int, ...]) -> Exception:
    from autograd_seq.errors import ShapeError
    from autograd_seq.source_line import here

    return ShapeError(
        f"the value has shape {shape}, but the part of the {array.shape} array that it is assigned to "
        f"has shape {target}{here()}"
    )


def _through_view(view: Tensor) -> Exception:
    from autograd_seq.errors import GraphLostError
    from autograd_seq.source_line import here

    return GraphLostError(
        "this tensor is a part that was read from an array; writing into it would not reach the array. "
        f"Write into the array itself: a[:, :, t][0] = v is a[0, :, t] = v{here()}"
    )
