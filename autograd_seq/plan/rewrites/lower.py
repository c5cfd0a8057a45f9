"""Operations made of simpler ones, so that their parts share memory and loops with what stands around them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq import operations as ops
from autograd_seq.core.array import Array
from autograd_seq.core.operation import Operation
from autograd_seq.core.tensor import name
from autograd_seq.plan.anysize.ratio import Ratio
from autograd_seq.plan.rewrites.formula import become, in_one_loop
from autograd_seq.plan.rewrites.lifting import elementwise, sums
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
    if not x.is_a("difference") or x.uses[0].shift or (a := _times(x.uses[0].value, p)) is None:
        return False
    if (number := _number_times(a)) is None or not _sums(x.uses[1].value, a):
        become(value, lambda a, p, s: a - p * s, a, p, x.uses[1])
        return True
    total = x.uses[1].value
    _scaled_difference(value, -number.uses[0].value.settings["number"], p, number.uses[1], total)
    return True


def _scaled_difference(value: Value, factor: float, p: Use, y: Use, total: Value) -> None:
    """A number times p Σ y - y."""

    def difference(p: Any, y: Any) -> Any:
        return p * name(ops.sum(y, **total.settings), total.name) - y

    if factor == 1:
        core = value.like(SUM, [])
        become(core, difference, p, y)
        value.kind, value.uses = SUM, [Use(core)]
    else:
        number = Use(Value(LITERAL, (), value.dtype, settings={"number": factor}))
        become(value, lambda n, p, y: n * difference(p, y), number, p, y)


def _number_times(use: Use) -> Value | None:
    """What is a number times something else."""
    x = use.value
    product = x.kind == PRODUCT and len(x.uses) == 2 and x.uses[0].value.kind == LITERAL
    return x if product and not use.shift and use.at is None and x.shape == x.uses[1].value.shape else None


def _sums(total: Value, a: Use) -> bool:
    """Whether a value is the sum of another one over an axis."""
    if not sums(total.kind):
        return False
    inner = total.uses[0]
    while inner.value.kind == SUM and len(inner.value.uses) == 1 and not inner.shift and inner.at is None:
        inner = inner.value.uses[0]
    return inner.key == a.key


def _times(quotient: Value, p: Use) -> Use | None:
    """The a of a / p."""
    if not quotient.is_a("quotient"):
        return None
    a, below = quotient.uses
    while below.value.kind is ops.above_zero and not below.shift and below.at is None:
        below = below.value.uses[0]
    return a if below.key == p.key and a.value.shape == quotient.shape else None


def lower(network: Network, fused: bool = False) -> None:
    """Take operations apart that say how.

    Parameters
    ----------
    network : Network
        It is changed.
    fused : bool
        Whether loops will be compiled: then what has no text for one element is taken apart too, if its parts do.
    """
    for value in network.values:
        kind = value.kind
        if not isinstance(kind, Operation) or not kind.longhand:
            continue
        if kind.along and _fits(value):
            _along(value, kind)
        elif fused and value.timed and _better_in_parts(value, kind):
            become(value, kind.longhand[0], *value.uses, **value.settings)


def _fits(value: Value) -> bool:
    first = value.uses[0].value
    same = all((use.value.shape, use.value.dtype) == (first.shape, first.dtype) for use in value.uses)
    return same and type(value.settings.get("axis")) is int


def _better_in_parts(value: Value, kind: Operation) -> bool:
    """Whether a compiled loop can hold the parts of an operation, but not the whole."""
    whole = not kind.elementwise or kind.element != ""
    return not whole and in_one_loop(kind.longhand[0], *value.uses, **value.settings)


def _along(value: Value, kind: Operation) -> None:
    axis = value.settings["axis"] % len(value.uses[0].value.shape)
    if kind is ops.categorical_cross_entropy and _exponential(value.uses[0], value, axis):
        _cross_entropy_of_softmax(value, axis)
    else:
        become(value, kind.longhand[0], *value.uses, **{**value.settings, "axis": axis})


def _exponential(p: Use, value: Value, axis: int) -> bool:
    """Whether probabilities are e / Σ e, with e = exp(v), of the step and over the axis that a value asks for."""
    x = p.value
    if not x.is_a("quotient") or p.shift or p.at is not None or x.beyond or x.times != value.times:
        return False
    e, total = x.uses[0].value, x.uses[1].value
    return e.is_a("exponential") and sums(total.kind) and total.settings == {"axis": axis, "keepdims": True}


def _cross_entropy_of_softmax(value: Value, axis: int) -> None:
    """-Σ y (v - log Σ e) = log(Σ e) Σ y - Σ y v."""
    p, y = value.uses
    e, total = p.value.uses

    def loss(v: Any, y: Any, total_e: Any) -> Any:
        weights, weighted = (ops.sum(x, axis=axis, keepdims=True) for x in (y, v * y))
        both = name(weights * name(ops.log(total_e), "log_total"), total.value.name)
        return ops.sum(name(both - weighted, total.value.name), axis=axis)

    become(value, loss, e.value.uses[0], y, total)


def numbers(network: Network) -> None:
    """Arrays that are one number everywhere, made of numbers alone: the number."""
    arrays: dict[Value, Array] = {}
    for value in network.values:
        if value.kind == LITERAL and isinstance(value.settings["number"], Ratio):
            continue  # another number for other sizes
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
