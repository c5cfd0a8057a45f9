"""Logarithms and losses of probabilities, with the derivative by what the probabilities are made from.

By hand nobody goes through 1 / ŷ: with ŷ = softmax(z), the derivative of −Σ y log ŷ by z is ŷ Σ y − y, which is
ŷ − y if the targets add up to 1; with ŷ = σ(z), that of −y log ŷ − (1 − y) log(1 − ŷ) is ŷ − y.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.notation import PRODUCT, SIGN, SUM, Form
from autograd_seq.core.operation import Operation, operation
from autograd_seq.operations.elementwise import exp, log, sigmoid
from autograd_seq.operations.indexing import scatter
from autograd_seq.operations.probability import binary_cross_entropy, categorical_cross_entropy, log_softmax, softmax
from autograd_seq.operations.reduction import max, restored, sum


@operation(
    vjp=[lambda g, y, z, p, axis: _by_logits(g, p, axis), None],
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
    vjp=[lambda g, y, z, p, q, axis, index: _by_logits(scatter([g], (index,), z.shape), p, axis), None, None],
    source=Form("np.log({2})"),
    latex=Form(r"\log({2})"),
    text=Form("log({2})"),
    formula=Form("log({2})"),
)
def log_of_part(z: Any, p: Any, q: Any, /, axis: Any, index: Any) -> Array:
    """log(q), for q = p[index] and p = softmax(z): the right class is known by its number."""
    return np.log(q)


def _by_logits(g: Any, p: Any, axis: int) -> Any:
    return g - p * sum(g, axis=axis, keepdims=True)


@operation(
    vjp=[
        lambda g, L, z, p, y, axis: restored(g, z, axis, False) * (p * sum(y, axis=axis, keepdims=True) - y),
        None,
        lambda g, L, z, p, y, axis: -restored(g, p, axis, False) * log(p),
    ],
    source=Form("-np.sum({2} * np.log({1}), axis={axis!r})", SIGN, (0, 0, PRODUCT)),
    latex=Form(r"-\sum {2} \circ \log({1})", SUM, (0, 0, PRODUCT)),
    text=Form("−Σ({2} ∘ log({1}))", SUM, (0, 0, PRODUCT)),
    formula=Form("categorical_cross_entropy({1}, {2})"),
)
def cross_entropy_of_softmax(z: Any, p: Any, y: Any, /, axis: int = 0) -> Array:
    """−Σ y log(p), for p = softmax(z)."""
    return np.asarray(-np.sum(y * np.log(p), axis=axis))


@operation(
    vjp=[
        lambda g, L, z, p, y: g * (p - y),
        None,
        lambda g, L, z, p, y: g * (log(1 - p) - log(p)),
    ],
    source=Form("-({2} * np.log({1}) + (1 - {2}) * np.log(1 - {1}))", SIGN, (0, SUM + 1, PRODUCT)),
    latex=Form(r"-{2} \circ \log({1}) - (1 - {2}) \circ \log(1 - {1})", SUM, (0, SUM + 1, PRODUCT)),
    text=Form("−{2} ∘ log({1}) − (1 − {2}) ∘ log(1 − {1})", SUM, (0, SUM + 1, PRODUCT)),
    elementwise=True,
)
def cross_entropy_of_sigmoid(z: Any, p: Any, y: Any, /) -> Array:
    """−y log(p) − (1 − y) log(1 − p), for p = σ(z)."""
    return np.asarray(-y * np.log(p) - (1 - y) * np.log(1 - p))


# By what is taken of a probability, and what the probability is: the operation that is both.
PAIRS: dict[tuple[Operation, Operation], Operation] = {
    (log, softmax): log_of_softmax,
    (log, sigmoid): log_of_sigmoid,
    (categorical_cross_entropy, softmax): cross_entropy_of_softmax,
    (binary_cross_entropy, sigmoid): cross_entropy_of_sigmoid,
}
OF_COMPLEMENT: dict[tuple[Operation, Operation], Operation] = {(log, sigmoid): log_of_complement}  # of 1 − p
OF_PART: dict[tuple[Operation, Operation], Operation] = {(log, softmax): log_of_part}  # of p[index]


# -- written out so that digits are lost: read as the operation, but no plan takes it apart so


def _less_log_of_sum(x: Any, axis: Any) -> Any:
    return x - log(sum(exp(x), axis=axis, keepdims=True))


def _less_log_of_shifted_sum(x: Any, axis: Any) -> Any:
    return _less_log_of_sum(x - max(x, axis=axis, keepdims=True), axis)


def _less_shifted_log_of_sum(x: Any, axis: Any) -> Any:
    top = max(x, axis=axis, keepdims=True)
    return x - (log(sum(exp(x - top), axis=axis, keepdims=True)) + top)


SPELLED: dict[Operation, tuple[Callable[..., Any], ...]] = {
    log_softmax: (_less_log_of_sum, _less_log_of_shifted_sum, _less_shifted_log_of_sum),
}
