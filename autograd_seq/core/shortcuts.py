"""Shorter ways to the same records, for the calls that programs mostly make; nobody needs to read them.

`Operation.general` and `Operation.pull` say what happens. Here the same is done for one or two
tensors without loops, and without sorting arguments where there are no others. A test records
programs with these shortcuts and without, and compares every record.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter, getitem
from sys import _getframe
from types import CodeType, MethodType
from typing import Any, Final

from numpy import asarray, ndarray

from autograd_seq.core import backward, errors, quick_sweep, scope
from autograd_seq.core.array import Array, LetGo, computed
from autograd_seq.core.let_go import LARGE, due, let_go
from autograd_seq.core.methods import Methods
from autograd_seq.core.operation import BY_NUMPY, DECLARED, Operation, unrecorded
from autograd_seq.core.program_arguments import as_leaf
from autograd_seq.core.program_names import ALL, PASSES, Table, located, table_of
from autograd_seq.core.protocols import QUICK
from autograd_seq.core.record import NOTHING, next_index
from autograd_seq.core.tensor import Parameter, Tensor

_new = object.__new__
_bare: Final = frozenset((ndarray, int, tuple))
_plain: Final = frozenset((int, float, ndarray))
_lists: Final = frozenset((list, tuple))
_place: Final = frozenset((int, type(None), type(Ellipsis)))  # in an index, and at the ends of a slice
_said: Final = frozenset((int, float, bool, str, tuple, slice, ndarray, type(None), type(Ellipsis)))  # in settings
_kept: Final = attrgetter("_kept")
_value: Final = attrgetter("_value")
_wanted: Final = attrgetter("requires_grad")


def install() -> None:
    """Put shortcuts on all operations that there are and will be, and under a tensor's operators."""
    Operation.shorten = staticmethod(shorten)
    Operation.__setattr__ = _set  # type: ignore[method-assign, assignment]
    backward.shorter = quick_sweep.sweep
    for operation in DECLARED:
        shorten(operation)
    QUICK.update(
        {
            function: found.quick if found.just == found.arity else found.call
            for function, found in BY_NUMPY.items()
            if isinstance(found, Operation)
        }
    )
    for name, function in Methods.OPERATORS.items():
        setattr(Methods, name, quickest(BY_NUMPY[function]))
    Methods.__getitem__ = brackets(BY_NUMPY[getitem])  # type: ignore[method-assign]


def _set(operation: Operation, name: str, value: Any) -> None:
    """Set an attribute; where it is other rules than an operation was declared with, no old shortcut knows them."""
    object.__setattr__(operation, name, value)
    if name == "vjp" and "way" in vars(operation):
        shorten(operation)


def shorten(operation: Operation) -> None:
    """Give an operation the shortest ways that fit its number of arrays and settings."""
    operation.call = direct(operation, operation.general)
    operation.way = quick_sweep.way_of(operation)
    operation.reads = quick_sweep.reads_of(operation)
    if not operation.keywords and not operation.variadic and (quick := _quick(operation, operation.general, FUNCTION)):
        operation.quick, operation.just = quick, operation.arity
    if not operation.variadic and operation.vjp is not None and operation.arity in (1, 2):
        pull = {(1, False): _pull_one, (2, False): _pull_two, (1, True): _pull_one_set, (2, True): _pull_two_set}
        chosen = pull[operation.arity, bool(operation.keywords)]
        operation.pull = MethodType(chosen, operation)  # type: ignore[method-assign]


def direct(operation: Operation, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """A function that records the most usual calls at once, and leaves all others to `otherwise`."""
    if operation.keywords or operation.variadic:
        return _of_one_set(operation, _of_any(operation, otherwise))
    if (quick := _quick(operation, otherwise, FUNCTION)) is None:
        return otherwise
    arity = operation.arity

    def call(*inputs: Any, **keywords: Any) -> Any:
        return otherwise(*inputs, **keywords) if keywords or len(inputs) != arity else quick(*inputs)

    return call


def quickest(operation: Operation) -> Callable[..., Any]:
    """What an operator calls, with just the arrays: Python counts no arguments anew."""
    return operation.call if operation.just != operation.arity else _quick(operation, operation.general, OPERATOR)


# How far above a shortcut the frame of the user's program is: it was called itself, or through `Operation.__call__` or
# NumPy's protocol.
OPERATOR, FUNCTION = 1, 2


def _quick(operation: Operation, otherwise: Callable[..., Any], depth: int) -> Any:
    if operation.arity == 1:
        return _of_one(operation, otherwise, depth)
    return _of_two(operation, otherwise, depth) if operation.arity == 2 and not operation.partly else None


def _of_one(operation: Operation, otherwise: Callable[..., Any], depth: int) -> Callable[..., Any]:
    kernel, rearranges, differentiable = operation.value, operation.rearranges, operation.differentiable

    def quick(x: Any, /) -> Any:
        if type(x) is not Tensor:
            if type(x) is ndarray:
                return kernel(x)
            if rearranges or not isinstance(x, Tensor):
                return otherwise(x)
            x = x.record
        try:
            value = kernel(array if type(array := x._kept) is ndarray else x._value)
        except FloatingPointError:
            value = computed(kernel, [x._value], NOTHING)
        except (ValueError, TypeError) as error:
            raise errors.refused(operation, [x._value], NOTHING, error) from error
        y: Any = _new(Tensor)  # as in Operation.record
        y._kept = value if type(value) is ndarray else asarray(value)
        y.operation, y.inputs, y.settings = operation, (x,), NOTHING
        y.requires_grad = differentiable and x.requires_grad
        y._name = y._gradient = y._origin = None
        y.scope = here = scope.now()
        y.index = next_index()
        frame = _getframe(depth)
        y._code = code = frame.f_code
        y._offset = offset = frame.f_lasti
        known, returned = usual
        if code is not known or offset in returned or not here.recording:
            _with_care(y, frame)
        return y

    return quick


def _of_two(operation: Operation, otherwise: Callable[..., Any], depth: int) -> Callable[..., Any]:
    kernel, differentiable = operation.value, operation.differentiable
    large = operation.algebra == "matrix product"  # what computes with much has some of these

    def quick(a: Any, b: Any, /) -> Any:
        if type(a) is not Tensor or type(b) is not Tensor:
            if (pair := _two_records(a, b)) is None:
                return otherwise(a, b)
            a, b = pair
        try:
            if type(u := a._kept) is not ndarray or type(v := b._kept) is not ndarray:
                u, v = a._value, b._value
            value = kernel(u, v)
        except FloatingPointError:
            value = computed(kernel, [a._value, b._value], NOTHING)
        except (ValueError, TypeError) as error:
            raise errors.refused(operation, [a._value, b._value], NOTHING, error) from error
        y: Any = _new(Tensor)
        y._kept = value if type(value) is ndarray else asarray(value)
        y.operation, y.inputs, y.settings = operation, (a, b), NOTHING
        y.requires_grad = differentiable and (a.requires_grad or b.requires_grad)
        y._name = y._gradient = y._origin = None
        y.scope = here = scope.now()
        y.index = next_index()
        frame = _getframe(depth)
        y._code = code = frame.f_code
        y._offset = offset = frame.f_lasti
        known, returned = usual
        if code is not known or offset in returned or not here.recording:
            _with_care(y, frame)
        if large and y.index > due[0] and y._kept.nbytes > LARGE:
            let_go(y)
        return y

    return quick


def _two_records(a: Any, b: Any) -> tuple[Any, Any] | None:
    """The records of two inputs; None if there is a shortcut for neither."""
    if type(a) is Parameter:  # most parameters have a name, and no need to be asked where they are used
        a = record if (record := a._record)._name is not None else a.record
    if type(b) is Parameter:
        b = record if (record := b._record)._name is not None else b.record
    if type(a) is Tensor:
        if type(b) is Tensor:
            return a, b
        if type(b) in _plain:
            return a, as_leaf(Tensor, b, (a,), 1, 2)
    elif type(b) is Tensor and type(a) in _plain:
        return as_leaf(Tensor, a, (b,), 0, 2), b
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a.record, b.record
    return None


def brackets(otherwise: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """What a tensor's brackets call: numbers and slices, as most are, are kept as they are and looked at once."""
    (record,) = (operation.record for operation in DECLARED if operation.algebra == "part")

    def part(x: Any, key: Any) -> Any:
        if type(x) is not Tensor or not _plain_index(key):
            return otherwise(x, key)
        try:
            value = (array if type(array := x._kept) is ndarray else x._value)[key]
        except IndexError:
            return otherwise(x, key)  # which says so
        return record(value, (x,), {"index": key}, x.requires_grad)

    return part


def _plain_index(key: Any) -> bool:
    """Whether an index is made of integers, slices, None and ... only, none of which can change."""
    for part in key if type(key) is tuple else (key,):
        if type(part) is slice:
            if type(part.stop) not in _place or type(part.start) not in _place or type(part.step) not in _place:
                return False
        elif type(part) not in _place:
            return False
    return True


# The code that recorded last, in which the next operation most likely is too, and which instructions' results it
# returns; in one tuple, so that threads cannot mix them.
usual: tuple[CodeType | None, Table] = None, frozenset()


def _with_care(y: Any, frame: Any) -> None:
    """The end of `Operation.record`: where in the program an operation was used, and whether it is to be recorded."""
    global usual
    while (returned := table_of(id(code := frame.f_code), ALL)) is PASSES:
        frame = frame.f_back
    y._code, y._offset = code, frame.f_lasti
    if y._offset in returned:
        y._code, y._offset, y._origin = located(frame)
    if returned is not ALL:
        usual = code, returned
    if not y.scope.recording:
        unrecorded(y)


def _of_any(operation: Operation, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """Any number of inputs, with settings; on a bare array, what rules mostly ask for: axes or a shape."""
    kernel, record, defaults, arity = operation.value, operation.record, operation.defaults, operation.arity
    count, known = len(operation.keywords), frozenset(operation.keywords)
    whole = range(1 + count - len(defaults), 2 + count) if arity == 1 else ()  # arguments by place, all settings told
    listed, simple = operation.variadic, operation.differentiable and not operation.partly

    def call(*inputs: Any, **given: Any) -> Any:
        if not given and len(inputs) in whole and _bare.issuperset(map(type, inputs)):
            return kernel(*inputs)
        arrays = inputs[0] if listed and len(inputs) == 1 and type(inputs[0]) in _lists else inputs
        records = _records(arrays) if listed is (arrays is not inputs) and (listed or len(inputs) == arity) else ()
        settings = {**defaults, **given}
        if not records or settings.keys() != known or (given and not _said.issuperset(map(type, given.values()))):
            return otherwise(*inputs, **given)
        if LetGo in map(type, values := [*map(_kept, records)]):
            values = [*map(_value, records)]
        try:
            value = kernel(*values, **settings)
        except FloatingPointError:
            value = computed(kernel, values, settings)
        except (ValueError, TypeError, IndexError) as error:
            raise errors.refused(operation, values, settings, error) from error
        return record(value, records, settings, True in map(_wanted, records) if simple else operation._wanted(records))

    return call


def _of_one_set(operation: Operation, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """One tensor, with settings by name: a part, a sum over an axis, a softmax."""
    if operation.arity != 1 or operation.variadic or operation.partly:
        return otherwise
    kernel, record, defaults, known = operation.value, operation.record, operation.defaults, {*operation.keywords}

    def call(*inputs: Any, **given: Any) -> Any:
        if len(inputs) != 1 or type(x := inputs[0]) is not Tensor or not _said.issuperset(map(type, given.values())):
            return otherwise(*inputs, **given)
        settings = {**defaults, **given}
        if settings.keys() != known:
            return otherwise(x, **given)
        array = x._kept if type(x._kept) is ndarray else x._value
        try:
            value = kernel(array, **settings)
        except FloatingPointError:
            value = computed(kernel, [array], settings)
        except (ValueError, TypeError, IndexError) as error:
            raise errors.refused(operation, [array], settings, error) from error
        return record(value, inputs, settings, x.requires_grad)

    return call


def _records(inputs: Any) -> tuple[Any, ...]:
    """The records of inputs; none if there is anything among them but tensors and, behind the first, plain arrays."""
    records: list[Any] = []
    for x in inputs:
        if type(x) is Tensor:
            records.append(x)
        elif type(x) is Parameter:
            records.append(record if (record := x._record)._name is not None else x.record)
        elif type(x) is ndarray and records:
            records.append(as_leaf(Tensor, x, records, len(records), len(inputs)))
        else:
            return ()
    return tuple(records)


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
