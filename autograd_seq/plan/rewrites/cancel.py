"""What is divided and multiplied by the same probabilities: a cross-entropy sends it back through a softmax.

Where a probability is too small to be told from 0, this gives the limit.
"""

from __future__ import annotations

from typing import Any

from autograd_seq import operations as ops
from autograd_seq.core.tensor import name
from autograd_seq.plan.rewrites.formula import computed_as
from autograd_seq.plan.rewrites.lifting import sums
from autograd_seq.plan.rewrites.patterns import Match, P
from autograd_seq.plan.rewrites.rule import Made, rule
from autograd_seq.plan.value import LITERAL, PRODUCT, SUM, Use, Value

PROBABILITIES = P(ops.softmax, name="p")
NOTE = "{n} products: divided and multiplied by the same probabilities, which cancel"


@rule("(a / p) p = a, where p is a softmax", P(PRODUCT, PROBABILITIES, P("quotient", "a", "below")), NOTE)
def quotient_times(match: Match) -> Made:
    """A quotient by a softmax, or by what keeps it above 0, times that softmax."""
    a = match["a"]
    if not _is(match["below"], match["p"]) or a.value.shape != match.value.shape:
        return None
    return match.value.instead(SUM, [a])


@rule("(a / p - s) p = a - s p, where p is a softmax; (c y / p - c Σ y) p = c (y - p Σ y)",
      P(PRODUCT, PROBABILITIES, P("difference", P("quotient", "a", "below", name="q"), "s")),
      NOTE)  # fmt: skip
def difference_times(match: Match) -> Made:
    """The adjoint of a cross-entropy through a softmax: ŷ Σ y - y."""
    value, p, a, s = match.value, match["p"], match["a"], match["s"]
    if not _is(match["below"], p) or a.value.shape != match["q"].value.shape:
        return None
    number = _number_times(a)
    if number is None or not _sums(s, a):
        return computed_as(value, lambda a, p, s: a - p * s, a, p, s)
    factor, y, total = -number.uses[0].value.settings["number"], number.uses[1], s.value

    def difference(p: Any, y: Any) -> Any:
        return p * name(ops.sum(y, **total.settings), total.name) - y

    return computed_as(value, difference if factor == 1 else lambda p, y: factor * difference(p, y), p, y)


CANCEL = (quotient_times, difference_times)


def _is(below: Use, p: Use) -> bool:
    """Whether p is what is divided by, but for being kept above 0."""
    while below.value.kind is ops.above_zero and below.plain:
        below = below.value.uses[0]
    return below == p


def _number_times(use: Use) -> Value | None:
    """What is a number times something else."""
    x = use.value
    product = x.kind is PRODUCT and len(x.uses) == 2 and x.uses[0].value.kind is LITERAL
    return x if product and use.plain and x.shape == x.uses[1].value.shape else None


def _sums(total: Use, a: Use) -> bool:
    """Whether a value is the sum of another one over an axis."""
    if not sums(total.value.kind) or not total.plain:
        return False
    inner = total.value.uses[0]
    while inner.value.kind is SUM and len(inner.value.uses) == 1 and inner.plain:
        inner = inner.value.uses[0]
    return inner == a
