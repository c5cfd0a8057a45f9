"""Logarithms and losses of probabilities, with the derivative by what the probabilities are made from.

By hand nobody goes through 1 / ŷ: with ŷ = softmax(z), the derivative of −Σ y log ŷ by z is ŷ Σ y − y, which is
ŷ − y if the targets add up to 1; with ŷ = σ(z), that of −y log ŷ − (1 − y) log(1 − ŷ) is ŷ − y.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq import operations as ops
from autograd_seq.core.array import Array
from autograd_seq.core.notation import PRODUCT, SIGN, SUM, Form
from autograd_seq.core.operation import Operation, operation
from autograd_seq.folding.literal import is_literal
from autograd_seq.operations.reduction import restored
from autograd_seq.readings.textbook.pointwise import Use


@operation(
    vjp=[lambda g, y, z, p, axis: g - p * g.sum(axis=axis, keepdims=True), None],
    source=Form("np.log({1})"),
    latex=Form(r"\log({1})"),
    text=Form("log({1})"),
    formula=Form("log({1})"),
)
def log_of_softmax(z: Any, p: Any, /, axis: int = 0) -> Array:
    """log(p), for p = softmax(z)."""
    return np.log(p)


@operation(
    vjp=[lambda g, y, z, p: g * (1 - p), None],
    source=Form("np.log({1})"),
    latex=Form(r"\log({1})"),
    text=Form("log({1})"),
    formula=Form("log({1})"),
    elementwise=True,
)
def log_of_sigmoid(z: Any, p: Any, /) -> Array:
    """log(p), for p = σ(z)."""
    return np.log(p)


@operation(
    vjp=[lambda g, y, z, p: -g * p, None],
    source=Form("np.log(1 - {1})", operands=(0, SUM + 1)),
    latex=Form(r"\log(1 - {1})", operands=(0, SUM + 1)),
    text=Form("log(1 − {1})", operands=(0, SUM + 1)),
    formula=Form("log(1 - {1})", operands=(0, SUM + 1)),
    elementwise=True,
)
def log_of_complement(z: Any, p: Any, /) -> Array:
    """log(1 − p), for p = σ(z)."""
    return np.log(1 - p)


@operation(
    vjp=[
        lambda g, L, z, p, y, axis: restored(g, z, axis, False) * (p * ops.sum(y, axis=axis, keepdims=True) - y),
        None,
        lambda g, L, z, p, y, axis: -restored(g, p, axis, False) * ops.log(p),
    ],
    source=Form("-np.sum({2} * np.log({1}), axis={axis!r})", SIGN, (0, 0, PRODUCT)),
    latex=Form(r"-\sum {2} \circ \log({1})", SUM, (0, 0, PRODUCT)),
    text=Form("−Σ({2} ∘ log({1}))", SUM, (0, 0, PRODUCT)),
    formula=ops.categorical_cross_entropy.forms["formula"],
)
def cross_entropy_of_softmax(z: Any, p: Any, y: Any, /, axis: int = 0) -> Array:
    """−Σ y log(p), for p = softmax(z)."""
    return np.asarray(-np.sum(y * np.log(p), axis=axis))


@operation(
    vjp=[
        lambda g, L, z, p, y: g * (p - y),
        None,
        lambda g, L, z, p, y: g * (ops.log(1 - p) - ops.log(p)),
    ],
    source=Form("-({2} * np.log({1}) + (1 - {2}) * np.log(1 - {1}))", SIGN, (0, SUM + 1, PRODUCT)),
    latex=Form(r"-{2} \circ \log({1}) - (1 - {2}) \circ \log(1 - {1})", SUM, (0, SUM + 1, PRODUCT)),
    text=Form("−{2} ∘ log({1}) − (1 − {2}) ∘ log(1 − {1})", SUM, (0, SUM + 1, PRODUCT)),
    elementwise=True,
)
def cross_entropy_of_sigmoid(z: Any, p: Any, y: Any, /) -> Array:
    """−y log(p) − (1 − y) log(1 − p), for p = σ(z)."""
    return np.asarray(-y * np.log(p) - (1 - y) * np.log(1 - p))


_LOGARITHMS: dict[Operation, Operation] = {ops.softmax: log_of_softmax, ops.sigmoid: log_of_sigmoid}
_LOSSES: dict[tuple[Operation, Operation], Operation] = {
    (ops.categorical_cross_entropy, ops.softmax): cross_entropy_of_softmax,
    (ops.binary_cross_entropy, ops.sigmoid): cross_entropy_of_sigmoid,
}


def paired(use: Use, made_by: Any) -> Use | None:
    """How a logarithm or a loss of a probability is made from what the probability is made from; None for others."""
    operation, inputs, _ = use
    p = inputs[0] if inputs else None
    below = made_by(p) if p is not None else None
    if below is None or not below[1]:
        return None
    inner, (z, *_), settings = below
    if operation is ops.log and inner in _LOGARITHMS:
        return _LOGARITHMS[inner], (z, p), settings
    if operation is ops.log and inner is ops.subtract and is_literal(z) and z._value == 1:
        behind = made_by(below[1][1])
        if behind is not None and behind[0] is ops.sigmoid:
            return log_of_complement, (behind[1][0], below[1][1]), {}
    loss = _LOSSES.get((operation, inner))
    fits = loss is not None and settings.items() >= use[2].items()
    return (loss, (z, *inputs), use[2]) if loss is not None and fits else None
