"""NumPy's protocols: what makes ``np.tanh(tensor)`` record, and what says so where NumPy cannot."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np

from autograd_seq.core.errors import DtypeError, GraphLostError, UsageError
from autograd_seq.core.operation import BY_NUMPY
from autograd_seq.core.record import Record
from autograd_seq.core.scope import note_branch
from autograd_seq.core.source_line import here

QUICK: dict[Any, Any] = {}  # for plain calls of ufuncs, which are most; `shortcuts` fills it
BY_METHOD: dict[tuple[Any, str], Any] = {}  # the same for ufuncs' methods, such as np.add.accumulate
WRITING = {np.concatenate, np.stack}  # what stands for them takes ``out`` itself; what others give is written there


def array_ufunc(self: Any, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
    """Called by NumPy for ``np.tanh(tensor)``, ``array + tensor``, ``np.add.reduce(tensor)`` …"""
    if method == "__call__" and not keywords and (call := QUICK.get(ufunc)) is not None:
        return call(*inputs)
    if (out := keywords.pop("out", None)) is not None:
        if len(out) != 1:
            raise _unknown(f"{ufunc.__name__} with several results")
        if method == "__call__" and keywords.get("where", True) is not True:
            return _where(ufunc, inputs, out[0], **keywords)
        return written(out[0], array_ufunc(self, ufunc, method, *inputs, **keywords), ufunc.__name__)
    if method == "at" and ufunc is np.add:
        return _target(inputs[0], "add.at").add_at(*inputs[1:])
    if method == "reduce" and ufunc in _REDUCTIONS:
        keywords.setdefault("axis", 0)
        return _function(_REDUCTIONS[ufunc], inputs, keywords)
    if method != "__call__":
        if (found := BY_METHOD.get((ufunc, method))) is None:
            raise _unknown(f"{ufunc.__name__}.{method}")
        return _called(ufunc, found, inputs, keywords)
    if keywords.get("where", True) is not True:
        raise UsageError(
            f"np.{ufunc.__name__} with where= and without out= leaves numbers that nobody gave. Write where they come "
            f"from, such as out=np.zeros_like(x), or np.where(condition, np.{ufunc.__name__}(…), 0.0){here()}"
        )
    keywords.pop("where", None)
    return _function(ufunc, inputs, keywords)


def _where(ufunc: Any, inputs: Any, out: Any, where: Any, **keywords: Any) -> Any:
    """A ufunc with ``where=``: what stands in `out` stays elsewhere, and no number there leads out of the domain."""
    inside = INSIDE.get(ufunc, 0.5)
    result = _function(ufunc, [np.where(where, x, inside) for x in inputs], keywords)
    return written(out, np.where(where, result, out), ufunc.__name__)


def array_function(self: Any, function: Any, types: Any, arguments: Any, keywords: Any) -> Any:
    """Called by NumPy for its other functions: ``np.concatenate([tensor, …])``, ``np.sum(tensor)`` …"""
    if function is np.copyto:  # what np.full and np.full_like are made of, too
        return _copied(*arguments, **keywords)
    if function is np.where and len(arguments) == 1 and not keywords:
        return np.nonzero(_valued(arguments[0]))
    if function is np.put_along_axis:
        return _put_along_axis(*arguments, **keywords)
    if "out" in keywords and function not in WRITING:
        out, others = keywords["out"], {key: value for key, value in keywords.items() if key != "out"}
        result = _function(function, arguments, others)
        return result if out is None else written(out, result, function.__name__)
    return _function(function, arguments, keywords)


def _function(function: Any, arguments: Any, keywords: Any) -> Any:
    if (found := BY_NUMPY.get(function)) is not None:
        return _called(function, found, arguments, keywords)
    if function in _OF_SHAPES:
        return _OF_SHAPES[function](*arguments, **keywords)
    if function in WITHOUT_DERIVATIVE:
        return function(*map(_valued, arguments), **{key: _valued(value) for key, value in keywords.items()})
    raise _unknown(function.__name__)


def _called(function: Any, found: Any, arguments: Any, keywords: Any) -> Any:
    """What stands for a function of NumPy's; where it does not take the arguments, in our own words."""
    try:
        return found(*arguments, **keywords)
    except TypeError as error:
        if (misfit := misfit_of(function, found, arguments, keywords)) is None:
            raise
        raise misfit from error


def written(target: Any, result: Any, name: str) -> Any:
    """The result of a call with ``out=``, as an assignment."""
    return _target(target, name)._in_place(result)


def _copied(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> Any:
    """``np.copyto``, as an assignment of the whole."""
    given = _function(np.broadcast_to, (src, dst.shape), {})
    return written(dst, given if where is True else np.where(where, given, dst), "full")


def _put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    """``np.put_along_axis``, as an assignment to the entries that the same indices would take."""
    entries = np.arange(math.prod(arr.shape)).reshape(arr.shape)
    taken = np.take_along_axis(entries, np.asarray(_valued(indices)), axis)
    _target(arr, "put_along_axis")[np.unravel_index(taken, arr.shape)] = values


def _target(target: Any, name: str) -> Any:
    """An array that is to be written into, if it records its assignments."""
    if not isinstance(target, Record) or not target.in_place:
        raise GraphLostError(
            f"np.{name} was to write a recorded tensor into a plain array, which would lose its gradient. "
            "Write  total = total + tensor  in place of  total += tensor , or make the array with autograd_seq.numpy "
            f"(import autograd_seq.numpy as np; np.zeros(...)){here()}"
        )
    return target


def _valued(argument: Any) -> Any:
    """An argument with plain values in place of tensors; noted, because what comes out depends on data."""
    if isinstance(argument, Record):
        note_branch(argument)
        return argument.value
    if isinstance(argument, (list, tuple)):
        return type(argument)(map(_valued, argument))
    return argument


def misfit_of(function: Any, operation: Any, arguments: Any, keywords: Any) -> UsageError | None:
    """The error for arguments that NumPy's function has and ours lacks; None if there are none."""
    if hasattr(operation, "vjp"):
        return None  # an operation says so itself
    signature = inspect.signature(operation)
    try:
        signature.bind(*arguments, **keywords)
    except TypeError as error:
        bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()]
        taken = signature.replace(parameters=bare, return_annotation=inspect.Signature.empty)
        return UsageError(
            f"np.{function.__name__} of a tensor is called as {function.__name__}{taken}: {error}. Leave that out, "
            f"or write x.value to compute with the plain array, without a gradient{here()}"
        )
    return None


def check_cast(given: Any, wanted: Any, casting: Any, function: str) -> None:
    """Raise unless NumPy's rule of casting lets an array of one dtype be written as another.

    Raises
    ------
    DtypeError
        If the rule forbids it.
    UsageError
        If there is no such rule.
    """
    rules = ("no", "equiv", "safe", "same_kind", "unsafe")
    if casting not in rules:
        raise UsageError(f"np.{function}: casting is {casting!r}; write one of {', '.join(map(repr, rules))}{here()}")
    if not np.can_cast(given, wanted, casting):
        raise DtypeError(
            f"np.{function} with casting={casting!r} does not write {given} as {wanted}. Leave the dtype as it is, or "
            f"write casting='unsafe'; what is cut to whole numbers or truth values has no gradient{here()}"
        )


def _unknown(name: str) -> UsageError:
    return UsageError(
        f"np.{name} has no derivative here. Write it with functions that have one (docs/numpy.md lists them), or as an "
        f"operation of your own (see autograd_seq.operation), or compute with the plain array, x.value{here()}"
    )


_OF_SHAPES: dict[Any, Any] = {
    np.ndim: lambda a: a.ndim,
    np.shape: lambda a: a.shape,
    np.size: lambda a, axis=None: a.size if axis is None else a.shape[axis],
}
INSIDE = {np.arccosh: 2.0}  # numbers at which a function is smooth, where it is not at a half
_REDUCTIONS = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}

# Functions that answer with truth values, counts, places or words: there is no derivative to lose.
WITHOUT_DERIVATIVE = {
    np.allclose, np.argsort, np.argwhere, np.array2string, np.array_equal, np.array_repr, np.array_str,
    np.count_nonzero, np.digitize, np.floor, np.ceil, np.rint, np.flatnonzero, np.histogram, np.isclose, np.isfinite,
    np.isinf, np.isnan, np.may_share_memory, np.nonzero, np.result_type, np.searchsorted, np.shares_memory,
}  # fmt: skip
