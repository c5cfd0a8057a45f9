"""NumPy's protocols: what makes ``np.tanh(tensor)`` record, and what says so where NumPy cannot."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_seq.errors import GraphLostError, UsageError
from autograd_seq.source_line import SourceLine, here, present_line

if TYPE_CHECKING:
    from autograd_seq.operation import Operation
    from autograd_seq.tensor import Tensor

# NumPy's function to the operation (or the function made of operations) that stands for it.
OPERATIONS: dict[Any, Any] = {}
# The quickest way to call it, for plain calls of ufuncs: what programs mostly do.
CALLS: dict[Any, Any] = {}

# Where decisions that depended on data are noted, while somebody wants to know of them.
branches: ContextVar[list[Tensor] | None] = ContextVar("branches", default=None)
# Where every number that leaves the recording is noted with the user's line, likewise.
Reads = list[tuple["Tensor", SourceLine | None]]
reads: ContextVar[Reads | None] = ContextVar("reads", default=None)
everywhere: list[Reads] = []  # all such lists


def note_branch(tensor: Tensor) -> None:
    """Remember that Python decided on the value of `tensor`."""
    noted = branches.get()
    if noted is not None:
        noted.append(tensor.record)
    note_read(tensor)


def watched() -> bool:
    """Whether somebody wants to know what leaves the recording: then only what is right for all numbers will do."""
    return reads.get() is not None


def note_read(tensor: Tensor) -> None:
    """Remember that the value of `tensor` was read as plain numbers: what is made of them is not recorded."""
    noted = reads.get()
    if noted is not None:
        noted.append((tensor.record, present_line()))
    elif everywhere:  # a thread does not know the context of the one that started it
        for noted in everywhere:
            noted.append((tensor.record, present_line()))


def array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
    """Called by NumPy for ``np.tanh(tensor)``, ``array + tensor``, ``np.add.reduce(tensor)`` …"""
    if method == "__call__" and not keywords and (call := CALLS.get(ufunc)) is not None:
        return call(*inputs)
    if (out := keywords.pop("out", None)) is not None:
        if len(out) != 1:
            raise _unknown(f"{ufunc.__name__} with several results")
        return _written(out[0], array_ufunc(self, ufunc, method, *inputs, **keywords), ufunc.__name__)
    if method == "at" and ufunc is np.add:
        return _target(inputs[0], "add.at").add_at(*inputs[1:])
    if method == "reduce" and ufunc in _REDUCTIONS:
        keywords.setdefault("axis", 0)
        return _function(_REDUCTIONS[ufunc], inputs, keywords)
    if method != "__call__":
        raise _unknown(f"{ufunc.__name__}.{method}")
    if keywords.get("where", True) is True:
        keywords.pop("where", None)
    return _function(ufunc, inputs, keywords)


def array_function(self: Tensor, function: Any, types: Any, arguments: Any, keywords: Any) -> Any:
    """Called by NumPy for its other functions: ``np.concatenate([tensor, …])``, ``np.sum(tensor)`` …"""
    if function is np.copyto:  # what np.full and np.full_like are made of, too
        return _written(arguments[0], _function(np.broadcast_to, (arguments[1], arguments[0].shape), {}), "full")
    if keywords.get("out") is not None:
        others = {key: value for key, value in keywords.items() if key != "out"}
        return _written(keywords["out"], _function(function, arguments, others), function.__name__)
    return _function(function, arguments, keywords)


def _function(function: Any, arguments: Any, keywords: Any) -> Any:
    operation: Operation | None = OPERATIONS.get(function)
    if operation is not None:
        return operation(*arguments, **keywords)
    if function in _OF_SHAPES:
        return _OF_SHAPES[function](*arguments, **keywords)
    if function in WITHOUT_DERIVATIVE:
        return function(*map(_valued, arguments), **{key: _valued(value) for key, value in keywords.items()})
    raise _unknown(function.__name__)


def _written(target: Any, result: Any, name: str) -> Any:
    """The result of a call with ``out=``, as an assignment."""
    return _target(target, name)._in_place(result)


def _target(target: Any, name: str) -> Any:
    """An array that is to be written into, if it records its assignments."""
    from autograd_seq.assignment import InPlace

    if not isinstance(target, InPlace):
        raise GraphLostError(
            f"np.{name} was to write a recorded tensor into a plain array, which would lose its gradient. "
            "Write  total = total + tensor  in place of  total += tensor , or make the array with autograd_seq.numpy "
            f"(import autograd_seq.numpy as np; np.zeros(...)){here()}"
        )
    return target


def _valued(argument: Any) -> Any:
    """An argument with plain values in place of tensors; noted, because what comes out depends on data."""
    from autograd_seq.tensor import Tensor

    if isinstance(argument, Tensor):
        note_branch(argument)
        return argument.value
    if isinstance(argument, (list, tuple)):
        return type(argument)(map(_valued, argument))
    return argument


def _unknown(name: str) -> UsageError:
    known = sorted({getattr(f, "__name__", str(f)) for f in OPERATIONS})
    return UsageError(
        f"np.{name} has no derivative here. Use one of {', '.join(known)}; declare it as an operation of your own "
        f"(see autograd_seq.operation); or write x.value to compute with the plain array{here()}"
    )


_OF_SHAPES: dict[Any, Any] = {
    np.ndim: lambda a: a.ndim,
    np.shape: lambda a: a.shape,
    np.size: lambda a, axis=None: a.size if axis is None else a.shape[axis],
}
_REDUCTIONS = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}

# Functions that answer with truth values, counts, places or words: there is no derivative to lose.
WITHOUT_DERIVATIVE = {
    np.allclose, np.argsort, np.argwhere, np.array2string, np.array_equal, np.array_repr, np.array_str,
    np.count_nonzero, np.digitize, np.floor, np.ceil, np.rint, np.flatnonzero, np.histogram, np.isclose, np.isfinite,
    np.isinf, np.isnan, np.may_share_memory, np.nonzero, np.result_type, np.searchsorted, np.shares_memory,
    np.unique,
}  # fmt: skip
