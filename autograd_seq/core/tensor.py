"""Tensor: what a user holds, a record with methods. Parameter: a name for a value that training replaces."""

from __future__ import annotations

from collections.abc import Iterator
from sys import _getframe
from typing import Any
from weakref import ref

import numpy as np

from autograd_seq.core import protocols
from autograd_seq.core import scope as scopes
from autograd_seq.core.array import Array, as_array
from autograd_seq.core.backward import backward
from autograd_seq.core.errors import DtypeError, GraphLostError, ShapeError, UsageError, ValueRangeError
from autograd_seq.core.graph import Graph
from autograd_seq.core.methods import Methods, NotInPlace, refuse_others
from autograd_seq.core.operation import BY_NUMPY
from autograd_seq.core.program_arguments import first_use, leaf_of
from autograd_seq.core.program_names import callers, is_own
from autograd_seq.core.record import NOTHING, Record, next_index
from autograd_seq.core.scope import NOWHERE, Scope, note_branch
from autograd_seq.core.source_line import ENGINE_FILES, here, present_line


class Tensor(Methods, Record):
    """An array and the operation that made it.

    Its value never changes: after ``z = y``, ``z += 1`` makes a new tensor named z, as with Python's numbers, and y
    stays; arrays made by `autograd_seq.numpy` or ``.copy()`` are written into as NumPy's are.

    Parameters
    ----------
    value : array_like
        Real numbers of any shape. Copied in; read-only from then on.
    name : str, optional
        Its name in the notes' notation, such as ``"Gamma_f"`` or ``"x"``.
    requires_grad : bool
        Whether derivatives with respect to it are wanted.
    dtype : dtype, optional
        float64 for Python numbers unless given; arrays keep theirs.

    Attributes
    ----------
    operation : Operation or None
        What made it; None for a leaf.
    inputs : tuple of Tensor
        What it was made from.
    settings : dict
        The operation's settings, such as an axis.
    scope : Scope
        Time step, layer, direction and part.
    index : int
        Place in the order in which records were made.

    Examples
    --------
    >>> from autograd_seq import Tensor
    >>> x = Tensor([1.0, 2.0], name="x", requires_grad=True)
    >>> loss = (x * x).sum()
    >>> loss.backward()
    >>> x.grad
    array([2., 4.])
    """

    __slots__ = ()

    def __init__(
        self, value: Any, name: str | None = None, requires_grad: bool = False, dtype: Any = None, **unknown: Any
    ) -> None:
        if unknown:
            _refuse(unknown, "Tensor", "value, name, requires_grad, dtype")
        if name is not None and not isinstance(name, str):
            raise UsageError(f"a name is a text such as 'Gamma_f', not {name!r:.80}{here()}")
        self._value = as_array(value.value if isinstance(value, Tensor) else value, dtype)
        if requires_grad and self._value.dtype.kind != "f":
            raise DtypeError(
                f"only a tensor of floats can have a gradient, but {name or 'this one'} is {self._value.dtype}; "
                f"give dtype=float{here()}"
            )
        self.operation = None
        self.inputs = ()
        self.settings = NOTHING
        self._name = name
        self.scope = scopes.now()
        self.index = next_index()
        self.requires_grad = requires_grad
        self._gradient = [None]
        self._code = self._origin = None
        self._offset = 0
        if name is None and (frame := _getframe(1)).f_code.co_filename not in ENGINE_FILES:
            self._origin = callers(frame)

    # -- what it is ---------------------------------------------------------------------

    @property
    def value(self) -> Array:
        """The array, read-only."""
        return Record.value.fget(self)  # type: ignore[attr-defined]

    @value.setter
    def value(self, value: Any) -> None:
        raise UsageError(
            f"the value of {self.label} is part of a recorded graph and cannot be replaced; "
            f"only a Parameter's can. Make a new Tensor instead{here()}"
        )

    @property
    def grad(self) -> Array | None:
        """The gradient that ``backward()`` left here; None before that, and for what is not a leaf."""
        return self._gradient[0] if self._gradient is not None else None

    @grad.setter
    def grad(self, gradient: Array | None) -> None:
        if self._gradient is None:
            raise UsageError(f"{self.label} is a result: gradients are kept by leaves; see differentiate(){here()}")
        self._gradient[0] = gradient

    @property
    def graph(self) -> Graph:
        """Everything that it was made from, in order."""
        return Graph(self)

    def item(self, *place: Any) -> Any:
        """The only element, or the one at a place, as a Python number: the way out of the graph."""
        if place:
            return self.value.item(*place)
        if self.size != 1:
            raise ShapeError(f"item() needs exactly one element, but {self.label} has shape {self.shape}{here()}")
        return self.value.item()

    def tolist(self) -> Any:
        """The elements as Python numbers in nested lists; a number for a scalar."""
        return self.value.tolist()

    def backward(self, gradient: Any = None, accumulate: bool = False) -> None:
        """Leave in ``.grad`` of each leaf the derivative of this tensor with respect to it.

        Parameters
        ----------
        gradient : array_like, optional
            The adjoint to start from, of this tensor's shape; 1 for a scalar if not given.
        accumulate : bool
            Add to the gradients that are there; they are replaced otherwise.

        Raises
        ------
        GradientError
            If nothing it was made from requires a gradient, or it is not a scalar and has no `gradient`.
        ShapeError
            If `gradient` has another shape.
        """
        backward(self, gradient, accumulate)

    # -- plain Python and NumPy ---------------------------------------------------------

    __hash__ = object.__hash__
    __array_ufunc__ = protocols.array_ufunc
    __array_function__ = protocols.array_function

    def _out_of_graph(self, how: str) -> Array:
        """The bare array, unless that would silently end the recording."""
        if self.operation is not None and self.dtype.kind != "f":  # a count or a place: no derivative to lose
            note_branch(self)
        elif self.operation is not None or self.requires_grad:
            raise GraphLostError(
                f"{how} would turn the recorded tensor {self._as_written()} into plain numbers and lose its gradient. "
                "Write .item() or .value to leave the graph on purpose; use NumPy's functions in place of math's; "
                "np.stack([a, b]) to put several into one; to assign into an array, make it with autograd_seq.numpy "
                f"(import autograd_seq.numpy as np; np.zeros(...)){here()}"
            )
        return self.value

    def _as_written(self) -> str:
        """Its label; of what is made and lost in one line, which has no name of its own yet, its expression there."""
        made, now = self.source, present_line()
        if self._name is None and made and now and (made.file, made.line) == (now.file, now.line):
            return repr(made.expression)
        return self.label

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self._out_of_graph("converting to a plain array"), dtype=dtype)

    def __float__(self) -> float:
        return float(self._out_of_graph("float()"))

    def __int__(self) -> int:
        return int(self._out_of_graph("int()"))

    def __round__(self, digits: int | None = None) -> Any:
        return round(float(self._out_of_graph("round()")), digits)

    def __index__(self) -> int:
        return self._out_of_graph("using as an index").__index__()

    def __bool__(self) -> bool:
        note_branch(self)
        try:
            return bool(self._value)
        except ValueError as error:
            raise ShapeError(
                f"a tensor of shape {self.shape} is neither true nor false; write .any() or .all(){here()}"
            ) from error

    def __len__(self) -> int:
        if not self.ndim:
            raise ShapeError(f"{self.label} is a scalar and has no length{here()}")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        values = np.array2string(self.value, threshold=20, edgeitems=2, separator=", ", prefix="Tensor(")
        extra = "".join([f", name={self.name!r}" if self.name else "", ", requires_grad=True" * self.requires_grad])
        return f"Tensor({values}{extra})"

    def __format__(self, spec: str) -> str:
        return format(self.value.item(), spec) if self.size == 1 else format(str(self), spec)

    def __copy__(self) -> Tensor:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        return self  # immutable, and a graph is not copied by copying one of its results

    def __reduce__(self) -> tuple[Any, ...]:
        record = self.record
        if record.operation is not None:
            raise UsageError(
                f"{record.label} is recorded, and a recording refers to functions of the program, which cannot be "
                "pickled. Save its numbers, x.value; to go on training later, save the value of each "
                f"Parameter{here()}"
            )
        return Tensor, (record.value, record._name, record.requires_grad), record.scope

    def __setstate__(self, scope: Scope) -> None:
        self.record.scope = scope

    def __setitem__(self, key: Any, value: Any) -> None:
        if self.operation is None:
            raise GraphLostError(
                f"{self.label} is a tensor and cannot be written into. Write into its array before Tensor(...) makes "
                f"it one, or into a copy: b = a.copy(); b[...] = ...{here()}"
            )
        made_by = f": {self.source.text!r} made it" if self.source else ""
        raise GraphLostError(
            f"{self.label} is recorded and cannot be written into{made_by}. "
            "Assign into an array that autograd_seq.numpy made (np.zeros, np.zeros_like, np.array), "
            f"or into a copy: b = a.copy(); b[...] = ...{here()}"
        )


Record.held = Tensor
refuse_others(Tensor)


class Handle(Tensor):
    """A name whose record may be replaced by another: everything asked of it is asked of the present record."""

    __slots__ = ("_record",)
    _record: Tensor

    @property
    def record(self) -> Tensor:
        """The record that this name stands for now."""
        return self._record


def _delegated(slot: str) -> property:
    return property(lambda self: getattr(self.record, slot))


for _slot in Record.__slots__:
    if _slot != "__weakref__":
        setattr(Handle, _slot, _delegated(_slot))


class Parameter(NotInPlace, Handle):
    """A tensor that is learned: it has a gradient, and a new value may be assigned to it.

    Graphs keep the value that they were recorded with, so a new value is a new array: ``W.value = W.value - step``;
    writing into the old one (``W.value -= step``, ``W -= step``) raises.

    Parameters
    ----------
    value : array_like
        Its first value; floats, all finite.
    name : str
        Its name, such as ``"Waa"``.
    dtype : dtype, optional
        float64 for Python numbers unless given; arrays of floats keep theirs.

    Raises
    ------
    ValueRangeError
        If a value holds NaN or infinity.
    ShapeError
        If a new value has another shape.

    Examples
    --------
    >>> from autograd_seq import Parameter
    >>> W = Parameter([[1.0, 2.0]], "W")
    >>> (W * W).sum().backward()
    >>> W.value = W.value - 0.1 * W.grad
    >>> W.value
    array([[0.8, 1.6]])
    """

    __slots__ = ()

    def __init__(self, value: Any, name: str | None = None, dtype: Any = None, **unknown: Any) -> None:
        _refuse(unknown, "Parameter", "value, name, dtype")
        array = as_array(value.value if isinstance(value, Tensor) else value, dtype)
        if array.dtype.kind != "f":
            array = array.astype(np.float64)
        self._record = Tensor(self._finite(array, name), name, requires_grad=True)
        self._record.scope = NOWHERE  # shared by every step: it belongs to none
        self._record._gradient = [None, ref(self)]
        if name is None and (frame := _getframe(1)).f_code.co_filename not in ENGINE_FILES:
            self._record._origin = callers(frame)
            if not is_own(self._record.name):
                self._record._origin = None  # then it is what the first operation loads it from

    @property
    def record(self) -> Tensor:
        """The record of its present value."""
        record = self._record
        if record._origin is None and record._name is None:
            record._origin = first_use()
        return record

    @staticmethod
    def _finite(array: Array, name: str | None) -> Array:
        bad = np.argwhere(~np.isfinite(array))
        if len(bad):
            place = tuple(int(i) for i in bad[0])
            raise ValueRangeError(
                f"{_a_parameter(name)} must be finite, but holds {array[place]} at {list(place)} "
                f"({len(bad)} of {array.size} elements are NaN or infinite){here()}"
            )
        return array

    @property
    def value(self) -> Array:
        """The array, read-only; assign a new one of the same shape to replace it."""
        return self._record.value

    @value.setter
    def value(self, value: Any) -> None:
        old = self._record
        array = as_array(value.value if isinstance(value, Tensor) else value, old.dtype)
        if array.shape != old.shape:
            raise ShapeError(
                f"{_a_parameter(old.name)} has shape {old.shape}; "
                f"its new value has shape {array.shape}{here()}"
            )
        new = Tensor(self._finite(array, old.name), old.name, requires_grad=True)
        new.scope = old.scope
        new._origin = old._origin
        new._gradient = old._gradient  # graphs of the old value and of the new report to the same .grad
        self._record = new

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        copied = Parameter(self.value, self.name)
        copied.record.scope = self.record.scope
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        return Parameter, (self.value, self.name), self.record.scope

    def __repr__(self) -> str:
        return "Parameter" + super().__repr__().removeprefix("Tensor").replace(", requires_grad=True", "")


def is_parameter(leaf: Record) -> bool:
    """Whether a leaf of a recording is a value of a `Parameter`, and not another tensor that requires a gradient."""
    return leaf._gradient is not None and len(leaf._gradient) > 1


def _a_parameter(name: str | None) -> str:
    """A parameter in a sentence; its name is in quotation marks, as it may be any text."""
    return f"parameter {name!r}" if name else "a parameter without a name"


def _refuse(unknown: dict[str, Any], what: str, known: str) -> None:
    if unknown:
        raise UsageError(f"{what}() has no argument {', '.join(map(repr, unknown))}; it takes {known}{here()}")


def as_tensor(value: Any) -> Tensor:
    """The record of `value`: a tensor's own, an array's one leaf, or a new constant leaf for anything else."""
    if isinstance(value, Tensor):
        return value.record
    plain = type(value) is np.ndarray and value.ndim
    made: Tensor = leaf_of(value, Tensor, 0, 1) if plain else Tensor(value)
    return made


def name(value: Any, text: str) -> Any:
    """Name an intermediate result, in code that knows no cells.

    Parameters
    ----------
    value : Tensor or array_like
        A recorded tensor; anything else is handed back as it is, so the same code runs on plain arrays.
    text : str
        The name in the notes' notation: ``"Gamma_f"``, ``"c_tilde"``.

    Returns
    -------
    Tensor or array_like
        The same value. A tensor that already has another name keeps it, and a new record of the
        same value carries the new one.

    Examples
    --------
    >>> from autograd_seq import Tensor, name
    >>> name(Tensor([0.5]) * 2, "Gamma_f").name
    'Gamma_f'
    """
    if not isinstance(value, Tensor):
        return value
    if not isinstance(text, str) or not text:
        raise UsageError(f"name() takes a text such as 'Gamma_f', not {text!r}{here()}")
    record = value if type(value) is Tensor else value.record
    if (record._name is not None and record._name != text) or record.operation is None:
        record = BY_NUMPY[np.positive](record)
    record._name = text
    return record
