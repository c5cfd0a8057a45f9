"""Sums over time of products and of columns: one product, one sum, over all steps together."""

from __future__ import annotations

from autograd_seq.plan.rewrites.lifting import sums
from autograd_seq.plan.value import (
    COLUMNS_OVER_TIME,
    CONCAT,
    MATMUL,
    OUTER_OVER_TIME,
    OVER_TIME,
    TRANSPOSE,
    Network,
    Use,
    Value,
)  # fmt: skip


def over_time(network: Network) -> None:
    """Replace Σ over time of A Bᵀ by one product of tall matrices, and Σ over time of Σ over columns by one sum."""
    products = columns = 0
    for value in network.values:
        if value.kind != OVER_TIME:
            continue
        term, shift = value.uses[0].value, value.uses[0].shift
        if shift or not term.timed:
            continue
        if term.kind == MATMUL:
            products += _product(value, term)
        elif sums(term.kind):
            columns += _columns(value, term)
        elif len(term.shape) == 2 and term.shape[1] == 1:  # the only column is the sum of all
            value.kind, value.settings = COLUMNS_OVER_TIME, {"times": term.times, "keep": True}
    if products:
        network.notes.append(f"{products} weight gradients Σ over time of A Bᵀ: one product over all steps each")
    if columns:
        network.notes.append(f"{columns} bias gradients Σ over time of columns: one sum over all steps each")


def _product(value: Value, term: Value) -> bool:
    left, right = term.uses
    flipped = right.value
    if flipped.kind != TRANSPOSE or not flipped.timed or not left.value.timed or flipped.beyond:
        return False
    second = flipped.uses[0]
    shift = right.shift + second.shift
    assert term.times is not None
    inner = second.value
    if inner.kind == CONCAT and not inner.beyond and all(part.value.timed for part in inner.uses):
        parts = [Use(part.value, part.shift + shift) for part in inner.uses]
        pieces = [Use(_outer(value, left, part, term.times)) for part in parts]
        value.kind, value.uses, value.settings = CONCAT, pieces, {"axis": 1}
    else:
        made = _outer(value, left, Use(inner, shift), term.times)
        value.kind, value.uses, value.settings = made.kind, made.uses, made.settings
    return True


def _outer(value: Value, left: Use, right: Use, times: range) -> Value:
    shape = (left.value.shape[0], right.value.shape[0])
    uses = [Use(left.value, left.shift), right]
    return Value(OUTER_OVER_TIME, shape, value.dtype, None, uses, {"times": times}, value.name)


def _columns(value: Value, term: Value) -> bool:
    x = term.uses[0]
    axis = term.settings.get("axis")
    if len(x.value.shape) != 2 or axis not in (1, (1,)) or not x.value.timed:
        return False
    value.kind, value.uses = COLUMNS_OVER_TIME, [Use(x.value, x.shift)]
    value.settings = {"times": term.times, "keep": bool(term.settings.get("keepdims"))}
    return True
