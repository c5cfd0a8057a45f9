"""Operations made of simpler ones, so that their parts share memory and loops with what stands around them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograd_seq import operations as ops
from autograd_seq.operation import Operation
from autograd_seq.plan.lifting import elementwise
from autograd_seq.plan.value import LITERAL, PRODUCT, SUM, Network, Use, Value
from autograd_seq.tensor import Array


def cancel(network: Network) -> None:
    """(a / p) p = a and (a / p - s) p = a - s p, where p is a softmax: what a cross-entropy sends back through it."""
    count = 0
    for value in network.values:
        if value.kind == PRODUCT and len(value.uses) == 2:
            count += any(_cancelled(value, *pair) for pair in (value.uses, value.uses[::-1]))
    if count:
        network.notes.append(f"{count} products: divided and multiplied by the same probabilities, which cancel")


def _cancelled(value: Value, p: Use, other: Use) -> bool:
    x = other.value
    if p.value.kind is not ops.softmax or other.shift or other.at is not None or x.times != value.times:
        return False
    if (a := _times(x, p)) is not None:
        value.kind, value.uses = SUM, [a]
        return True
    if x.kind is not ops.subtract or x.uses[0].shift or (a := _times(x.uses[0].value, p)) is None:
        return False
    value.kind, value.uses = ops.subtract, [a, Use(value.like(PRODUCT, [p, x.uses[1]]))]
    return True


def _times(quotient: Value, p: Use) -> Use | None:
    """The a of a / p."""
    if quotient.kind is not ops.divide:
        return None
    a, below = quotient.uses
    while below.value.kind is ops.above_zero and not below.shift and below.at is None:
        below = below.value.uses[0]
    return a if below.key == p.key and a.value.shape == quotient.shape else None


def lower(network: Network) -> None:
    """Take operations apart."""
    for value in network.values:
        if (rule := _RULES.get(value.kind)) is not None and _fits(value):  # type: ignore[arg-type]
            rule(value)


def _fits(value: Value) -> bool:
    first = value.uses[0].value
    same = all((use.value.shape, use.value.dtype) == (first.shape, first.dtype) for use in value.uses)
    return same and type(value.settings.get("axis")) is int


def _along(value: Value, kind: Operation, use: Use, keepdims: bool = True) -> Value:
    axis = value.settings["axis"] % len(use.value.shape)
    shape = tuple(1 if i == axis else n for i, n in enumerate(use.value.shape) if keepdims or i != axis)
    settings = {"axis": axis, "keepdims": keepdims}
    return Value(kind, shape, value.dtype, value.times, [use], settings, f"{kind.name}_{value.name}")


def _softmax(value: Value) -> None:
    x = value.uses[0]
    top = _along(value, ops.max, x)
    e = value.like(ops.exp, [Use(value.like(ops.subtract, [x, Use(top)]))], name="e")
    value.kind, value.uses, value.settings = ops.divide, [Use(e), Use(_along(value, ops.sum, Use(e)))], {}


def _cross_entropy(value: Value) -> None:
    p, y = value.uses
    shape = p.value.shape
    logarithm = value.like(ops.log, [Use(value.like(ops.above_zero, [p], shape=shape))], shape=shape, name="log_y_hat")
    total = _along(value, ops.sum, Use(value.like(PRODUCT, [Use(logarithm), y], shape=shape)), keepdims=False)
    value.kind, value.uses, value.settings = ops.negative, [Use(total)], {}


_RULES: dict[Operation, Callable[[Value], None]] = {
    ops.softmax: _softmax, ops.categorical_cross_entropy: _cross_entropy,
}  # fmt: skip


def numbers(network: Network) -> None:
    """Arrays that are one number everywhere, made of numbers alone: the number."""
    arrays: dict[Value, Array] = {}
    for value in network.values:
        if value.kind == LITERAL:
            arrays[value] = np.asarray(value.settings["number"], value.dtype)
        elif isinstance(value.kind, Operation) and value.uses and all(use.value in arrays for use in value.uses):
            known = [arrays[use.value] for use in value.uses]
            arrays[value] = np.asarray(value.kind.value(*known, **value.settings))
    users = network.users()
    for value, array in arrays.items():
        same = value.kind != LITERAL and array.size and (array == array.flat[0]).all()
        if same and all(user is not None and _needs_no_shape(value, user) for user, _ in users[value]):
            value.kind, value.uses, value.shape = LITERAL, [], ()
            value.settings = {"number": array.flat[0].item()}


def _needs_no_shape(value: Value, user: Value) -> bool:
    if user.times is None and all(use.value.kind == LITERAL for use in user.uses):
        return False
    by_element = user.kind in (SUM, PRODUCT) or elementwise(user.kind)
    return by_element and any(use.value is not value and use.value.shape == user.shape for use in user.uses)
