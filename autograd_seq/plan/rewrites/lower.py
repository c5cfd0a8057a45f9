"""Operations made of simpler ones, so that their parts share memory and loops with what stands around them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograd_seq import operations as ops
from autograd_seq.core.array import Array
from autograd_seq.core.operation import Operation
from autograd_seq.plan.rewrites.lifting import elementwise
from autograd_seq.plan.value import LITERAL, PRODUCT, SUM, Network, Use, Value


def cancel(network: Network) -> None:
    """(a / p) p = a and (a / p - s) p = a - s p, where p is a softmax: what a cross-entropy sends back through it.

    Where a probability is too small to be told from 0, this gives the limit.
    """
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
    if (number := _number_times(a)) is None or not _sums(x.uses[1].value, a):
        value.kind, value.uses = ops.subtract, [a, Use(value.like(PRODUCT, [p, x.uses[1]]))]
        return True
    y, total = number.uses[1], x.uses[1].value
    weighted = value.like(PRODUCT, [p, Use(total.like(ops.sum, [y], settings=dict(total.settings)))])
    core = value.like(ops.subtract, [Use(weighted), y])
    factor = -number.uses[0].value.settings["number"]
    value.kind, value.uses = SUM, [Use(core)]
    if factor != 1:
        scale = Value(LITERAL, (), value.dtype, settings={"number": factor})
        value.kind, value.uses = PRODUCT, [Use(scale), Use(core)]
    return True


def _number_times(use: Use) -> Value | None:
    """What is a number times something else."""
    x = use.value
    product = x.kind == PRODUCT and len(x.uses) == 2 and x.uses[0].value.kind == LITERAL
    return x if product and not use.shift and use.at is None and x.shape == x.uses[1].value.shape else None


def _sums(total: Value, a: Use) -> bool:
    """Whether a value is the sum of another one over an axis."""
    if total.kind is not ops.sum:
        return False
    inner = total.uses[0]
    while inner.value.kind == SUM and len(inner.value.uses) == 1 and not inner.shift and inner.at is None:
        inner = inner.value.uses[0]
    return inner.key == a.key


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
    if _exponential(p, value):
        _cross_entropy_of_softmax(value)
        return
    shape = p.value.shape
    logarithm = value.like(ops.log, [Use(value.like(ops.above_zero, [p], shape=shape))], shape=shape, name="log_y_hat")
    total = _along(value, ops.sum, Use(value.like(PRODUCT, [Use(logarithm), y], shape=shape)), keepdims=False)
    value.kind, value.uses, value.settings = ops.negative, [Use(total)], {}


def _exponential(p: Use, value: Value) -> bool:
    """Whether probabilities are e / Σ e, with e = exp(v), of the step and over the axis that a value asks for."""
    x = p.value
    if x.kind is not ops.divide or p.shift or p.at is not None or x.beyond or x.times != value.times:
        return False
    e, total = x.uses[0].value, x.uses[1].value
    axis = value.settings["axis"] % len(x.shape)
    return e.kind is ops.exp and total.kind is ops.sum and total.settings == {"axis": axis, "keepdims": True}


def _cross_entropy_of_softmax(value: Value) -> None:
    """-Σ y (v - log Σ e) = log(Σ e) Σ y - Σ y v."""
    p, y = value.uses
    e, total = p.value.uses[0].value, p.value.uses[1].value
    product = value.like(PRODUCT, [e.uses[0], y], shape=p.value.shape)
    weights, weighted = (_along(value, ops.sum, use) for use in (y, Use(product)))
    logarithm = total.like(ops.log, [Use(total)], name="log_total")
    both = total.like(ops.subtract, [Use(total.like(PRODUCT, [Use(weights), Use(logarithm)])), Use(weighted)])
    axis = value.settings["axis"]
    value.kind, value.uses, value.settings = ops.sum, [Use(both)], {"axis": axis, "keepdims": False}


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
