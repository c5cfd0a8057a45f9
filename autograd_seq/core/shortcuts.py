"""Shorter ways to the same records, for the calls that programs mostly make; nobody needs to read them.

`Operation.general` and `Operation.pull` say what happens. Here the same is done for one or two
tensors without loops, and without sorting arguments where there are no others. A test records
programs with these shortcuts and without, and compares every record.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any, Final

from numpy import ndarray

from autograd_seq.core import errors
from autograd_seq.core.array import Array, computed
from autograd_seq.core.methods import Methods
from autograd_seq.core.operation import BY_NUMPY, DECLARED, Operation
from autograd_seq.core.protocols import QUICK
from autograd_seq.core.record import NOTHING
from autograd_seq.core.tensor import Tensor

_bare: Final = frozenset((ndarray, int, tuple))
_missing: Final = object()


def install() -> None:
    """Put shortcuts on all operations that there are and will be, and under a tensor's operators."""
    Operation.shorten = staticmethod(shorten)
    for operation in DECLARED:
        shorten(operation)
    QUICK.update({function: found.call for function, found in BY_NUMPY.items() if isinstance(found, Operation)})
    for name, function in Methods.OPERATORS.items():
        setattr(Methods, name, BY_NUMPY[function].call)


def shorten(operation: Operation) -> None:
    """Give an operation the shortest ways that fit its number of arrays and settings."""
    operation.call = direct(operation, operation.general)
    if not operation.variadic and operation.vjp is not None and operation.arity in (1, 2):
        pull = {(1, False): _pull_one, (2, False): _pull_two, (1, True): _pull_one_set, (2, True): _pull_two_set}
        chosen = pull[operation.arity, bool(operation.keywords)]
        operation.pull = MethodType(chosen, operation)  # type: ignore[method-assign]


def direct(operation: Operation, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """A function that records the most usual calls at once, and leaves all others to `otherwise`."""
    if operation.keywords or operation.variadic:
        return _of_bare_array(operation, otherwise) if operation.arity == 1 else otherwise
    if operation.arity == 1:
        return _of_one(operation, otherwise)
    return _of_two(operation, otherwise) if operation.arity == 2 and not operation.partly else otherwise


def _of_one(operation: Operation, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    kernel, record = operation.value, operation.record
    rearranges = operation.rearranges

    def call(x: Any = _missing, /, *more: Any, **keywords: Any) -> Any:
        if type(x) is not Tensor or more or keywords:
            if type(x) is ndarray and not more and not keywords:
                return kernel(x)
            if more or keywords or rearranges or not isinstance(x, Tensor):
                return otherwise(*_given(x), *more, **keywords)
            x = x.record
        try:
            value = kernel(x._value)
        except FloatingPointError:
            value = computed(kernel, [x._value], NOTHING)
        except (ValueError, TypeError) as error:
            raise errors.refused(operation, [x._value], NOTHING, error) from error
        return record(value, (x,), NOTHING, x.requires_grad)

    return call


def _of_two(operation: Operation, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    kernel, record = operation.value, operation.record

    def call(a: Any = _missing, b: Any = _missing, /, *more: Any, **keywords: Any) -> Any:
        if type(a) is not Tensor or type(b) is not Tensor or more or keywords:
            if more or keywords or not isinstance(a, Tensor) or not isinstance(b, Tensor):
                return otherwise(*_given(a, b), *more, **keywords)
            a, b = a.record, b.record
        try:
            value = kernel(a._value, b._value)
        except FloatingPointError:
            value = computed(kernel, [a._value, b._value], NOTHING)
        except (ValueError, TypeError) as error:
            raise errors.refused(operation, [a._value, b._value], NOTHING, error) from error
        return record(value, (a, b), NOTHING, a.requires_grad or b.requires_grad)

    return call


def _given(*arguments: Any) -> tuple[Any, ...]:
    """The arguments that a call really had."""
    return tuple(x for x in arguments if x is not _missing)


def _of_bare_array(operation: Operation, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """What rules mostly ask for: a bare array, with axes or a shape."""
    kernel = operation.value
    needed = 1 + len(operation.keywords) - len(operation.defaults)
    whole = range(needed, 2 + len(operation.keywords))  # how many arguments by place can be a whole call

    def call(*inputs: Any, **keywords: Any) -> Any:
        if not keywords and len(inputs) in whole and _bare.issuperset(map(type, inputs)):
            return kernel(*inputs)
        return otherwise(*inputs, **keywords)

    return call


# -- what an adjoint gives to one or two inputs --------------------------------------------------------


def _pull_one(self: Operation, node: Tensor, adjoint: Array) -> Any:
    (x,) = node.inputs
    return (self.vjp[0](adjoint, node._value, x._value),)


def _pull_one_set(self: Operation, node: Tensor, adjoint: Array) -> Any:
    (x,) = node.inputs
    return (self.vjp[0](adjoint, node._value, x._value, **node.settings),)


def _pull_two(self: Operation, node: Tensor, adjoint: Array) -> Any:
    (a, b), (left, right) = node.inputs, self.vjp
    y, u, v = node._value, a._value, b._value
    return (
        left(adjoint, y, u, v) if a.requires_grad and left else None,
        right(adjoint, y, u, v) if b.requires_grad and right else None,
    )


def _pull_two_set(self: Operation, node: Tensor, adjoint: Array) -> Any:
    (a, b), (left, right) = node.inputs, self.vjp
    y, u, v, settings = node._value, a._value, b._value, node.settings
    return (
        left(adjoint, y, u, v, **settings) if a.requires_grad and left else None,
        right(adjoint, y, u, v, **settings) if b.requires_grad and right else None,
    )
