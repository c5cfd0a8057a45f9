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
from autograd_seq.core.program_arguments import as_leaf
from autograd_seq.core.protocols import QUICK
from autograd_seq.core.record import NOTHING
from autograd_seq.core.tensor import Tensor

_bare: Final = frozenset((ndarray, int, tuple))
_numbers: Final = frozenset((int, float))


def install() -> None:
    """Put shortcuts on all operations that there are and will be, and under a tensor's operators."""
    Operation.shorten = staticmethod(shorten)
    for operation in DECLARED:
        shorten(operation)
    QUICK.update({function: quickest(found) for function, found in BY_NUMPY.items() if isinstance(found, Operation)})
    for name, function in Methods.OPERATORS.items():
        setattr(Methods, name, quickest(BY_NUMPY[function]))


def shorten(operation: Operation) -> None:
    """Give an operation the shortest ways that fit its number of arrays and settings."""
    operation.call = direct(operation, operation.general)
    if not operation.keywords and not operation.variadic and (quick := _quick(operation, operation.general)):
        operation.quick, operation.just = quick, operation.arity
    if not operation.variadic and operation.vjp is not None and operation.arity in (1, 2):
        pull = {(1, False): _pull_one, (2, False): _pull_two, (1, True): _pull_one_set, (2, True): _pull_two_set}
        chosen = pull[operation.arity, bool(operation.keywords)]
        operation.pull = MethodType(chosen, operation)  # type: ignore[method-assign]


def direct(operation: Operation, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """A function that records the most usual calls at once, and leaves all others to `otherwise`."""
    if operation.keywords or operation.variadic:
        return _of_bare_array(operation, otherwise) if operation.arity == 1 else otherwise
    if (quick := _quick(operation, otherwise)) is None:
        return otherwise
    arity = operation.arity

    def call(*inputs: Any, **keywords: Any) -> Any:
        return otherwise(*inputs, **keywords) if keywords or len(inputs) != arity else quick(*inputs)

    return call


def quickest(operation: Operation) -> Callable[..., Any]:
    """What an operator or a ufunc calls, with just the arrays: Python counts no arguments anew."""
    return operation.quick if operation.just == operation.arity else operation.call


def _quick(operation: Operation, otherwise: Callable[..., Any]) -> Callable[..., Any] | None:
    if operation.arity == 1:
        return _of_one(operation, otherwise)
    return _of_two(operation, otherwise) if operation.arity == 2 and not operation.partly else None


def _of_one(operation: Operation, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    kernel, record = operation.value, operation.record
    rearranges = operation.rearranges

    def quick(x: Any, /) -> Any:
        if type(x) is not Tensor:
            if type(x) is ndarray:
                return kernel(x)
            if rearranges or not isinstance(x, Tensor):
                return otherwise(x)
            x = x.record
        try:
            value = kernel(x._value)
        except FloatingPointError:
            value = computed(kernel, [x._value], NOTHING)
        except (ValueError, TypeError) as error:
            raise errors.refused(operation, [x._value], NOTHING, error) from error
        return record(value, (x,), NOTHING, x.requires_grad)

    return quick


def _of_two(operation: Operation, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    kernel, record = operation.value, operation.record

    def quick(a: Any, b: Any, /) -> Any:
        if type(a) is not Tensor or type(b) is not Tensor:
            if type(a) is Tensor and type(b) in _numbers:
                b = as_leaf(Tensor, b, (a,), 1, 2)
            elif type(b) is Tensor and type(a) in _numbers:
                a = as_leaf(Tensor, a, (b,), 0, 2)
            elif not isinstance(a, Tensor) or not isinstance(b, Tensor):
                return otherwise(a, b)
            else:
                a, b = a.record, b.record
        try:
            value = kernel(a._value, b._value)
        except FloatingPointError:
            value = computed(kernel, [a._value, b._value], NOTHING)
        except (ValueError, TypeError) as error:
            raise errors.refused(operation, [a._value, b._value], NOTHING, error) from error
        return record(value, (a, b), NOTHING, a.requires_grad or b.requires_grad)

    return quick


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
