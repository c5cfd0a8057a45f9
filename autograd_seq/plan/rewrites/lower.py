"""Operations made of simpler ones, so that their parts share memory and loops with what stands around them."""

from __future__ import annotations

from typing import Any

from autograd_seq import operations as ops
from autograd_seq.core.operation import Operation
from autograd_seq.core.tensor import name
from autograd_seq.plan.rewrites.formula import computed_as, in_one_loop
from autograd_seq.plan.rewrites.lifting import sums
from autograd_seq.plan.rewrites.patterns import Match, P
from autograd_seq.plan.rewrites.rule import Made, rule
from autograd_seq.plan.value import Value


@rule("-Σ y log(e / Σ e) = log(Σ e) Σ y - Σ y v, where e = exp(v)",
      P(ops.categorical_cross_entropy, P("quotient", P("exponential", "v", name="e"), "total", beyond=False, name="p"),
        "y"))  # fmt: skip
def cross_entropy_of_softmax(match: Match) -> Made:
    """The loss of probabilities e / Σ e of the same step, over the axis that the loss is over."""
    value, total = match.value, match["total"].value
    if not _alike(value):
        return None
    axis = _axis(value)
    plain = match["total"].plain and match["p"].value.times == value.times
    if not plain or not sums(total.kind) or total.settings != {"axis": axis, "keepdims": True}:
        return None
    if total.uses[0] != match["e"]:
        return None

    def loss(v: Any, y: Any, total_e: Any) -> Any:
        weights, weighted = (ops.sum(x, axis=axis, keepdims=True) for x in (y, v * y))
        both = name(weights * name(ops.log(total_e), "log_total"), total.name)
        return ops.sum(name(both - weighted, total.name), axis=axis)

    return computed_as(value, loss, match["v"], match["y"], match["total"])


@rule("f(x) along an axis = its longhand, for the operations of this package", P())
def longhand_along_axes(match: Match) -> Made:
    """Take an operation along axes apart that says how."""
    return _longhand_along_axes(match, ours=True)


@rule("f(x) along an axis = the longhand that your operation f declares", P())
def own_longhand_along_axes(match: Match) -> Made:
    """The same for an operation of a user's own."""
    return _longhand_along_axes(match, ours=False)


def _longhand_along_axes(match: Match, ours: bool) -> Made:
    value, kind = match.value, match.value.kind
    if not isinstance(kind, Operation) or not kind.longhand or not kind.along or not _alike(value):
        return None
    if str(getattr(kind.value, "__module__", "")).startswith("autograd_seq.operations.") is not ours:
        return None
    return computed_as(value, kind.longhand[0], *value.uses, **{**value.settings, "axis": _axis(value)})


@rule("f(x) = the longhand that your operation f declares", P(timed=True))
def own_longhand_in_loops(match: Match) -> Made:
    """Take apart what has no text for one element, if its parts do."""
    value, kind = match.value, match.value.kind
    if not isinstance(kind, Operation) or not kind.longhand or (kind.elementwise and kind.element):
        return None
    if (kind.along and _alike(value)) or not in_one_loop(kind.longhand[0], *value.uses, **value.settings):
        return None
    return computed_as(value, kind.longhand[0], *value.uses, **value.settings)


LONGHAND = (cross_entropy_of_softmax, longhand_along_axes, own_longhand_along_axes)
LONGHAND_FOR_LOOPS = (*LONGHAND, own_longhand_in_loops)


def _alike(value: Value) -> bool:
    """Whether all operands have one shape, which is not that of a number, and one dtype, and there is one axis."""
    first = value.uses[0].value
    same = all((use.value.shape, use.value.dtype) == (first.shape, first.dtype) for use in value.uses)
    return same and bool(first.shape) and type(value.settings.get("axis")) is int


def _axis(value: Value) -> int:
    axis: int = value.settings["axis"] % len(value.uses[0].value.shape)
    return axis
