"""Sums over time of products and of columns: one product, one sum, over all steps together."""

from __future__ import annotations

from autograd_seq.plan.rewrites.lifting import sums
from autograd_seq.plan.rewrites.patterns import Match, P
from autograd_seq.plan.rewrites.put_back import put_back_at_once
from autograd_seq.plan.rewrites.rule import Made, rule
from autograd_seq.plan.value import (
    COLUMNS_OVER_TIME,
    CONCAT,
    MATMUL,
    OUTER_OVER_TIME,
    OVER_TIME,
    TRANSPOSE,
    Use,
    Value,
)  # fmt: skip


def _shifted(use: Use, shift: int) -> Use:
    return Use(use.value, use.shift + shift)


@rule("Σ over time of A Bᵀ = [A<1> … A<T>] [B<1> … B<T>]ᵀ", P(OVER_TIME, "term"),
      "{n} weight gradients Σ over time of A Bᵀ: one product over all steps each")  # fmt: skip
def products_over_time(match: Match) -> Made:
    """One product of tall matrices; with each part, where the second is stacked."""
    value, term = match.value, match["term"].value
    if term.kind is not MATMUL or not term.timed or match["term"].shift:
        return None
    left, right = term.uses
    flipped = right.value
    if flipped.kind is not TRANSPOSE or not flipped.timed or not left.value.timed or flipped.beyond:
        return None
    second = _shifted(flipped.uses[0], right.shift)
    inner = second.value
    if inner.kind is CONCAT and not inner.beyond and all(part.value.timed for part in inner.uses):
        pieces = [Use(_outer(value, term, left, _shifted(part, second.shift))) for part in inner.uses]
        return value.instead(CONCAT, pieces, axis=1)
    return _outer(value, term, left, second)


def _outer(value: Value, term: Value, left: Use, right: Use) -> Value:
    shape = (left.value.shape[0], right.value.shape[0])
    return value.like(OUTER_OVER_TIME, [left, right], shape=shape, settings={"times": term.times})


@rule("Σ over time of Σ over columns = Σ over all columns of all steps", P(OVER_TIME, "term"),
      "{n} bias gradients Σ over time of columns: one sum over all steps each")  # fmt: skip
def columns_over_time(match: Match) -> Made:
    """One sum."""
    term = match["term"].value
    if not sums(term.kind) or not term.timed or match["term"].shift:
        return None
    (x,) = term.uses
    if len(x.value.shape) != 2 or term.settings.get("axis") not in (1, (1,)) or not x.value.timed:
        return None
    keep = bool(term.settings.get("keepdims"))
    return match.value.instead(COLUMNS_OVER_TIME, [_shifted(x, 0)], times=term.times, keep=keep)


@rule("Σ over time of a column = Σ over all columns of all steps", P(OVER_TIME, "term"))
def only_column_over_time(match: Match) -> Made:
    """The only column is the sum of all."""
    term = match["term"].value
    if not term.timed or match["term"].shift or len(term.shape) != 2 or term.shape[1] != 1:
        return None
    return match.value.instead(COLUMNS_OVER_TIME, [match["term"]], times=term.times, keep=True)


ALL_STEPS_TOGETHER = (products_over_time, columns_over_time, only_column_over_time, put_back_at_once)
