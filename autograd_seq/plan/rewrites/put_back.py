"""Sums over time of what lookups put back: all of it in one array, not an array for each step."""

from __future__ import annotations

from autograd_seq.plan.rewrites.patterns import Match, P
from autograd_seq.plan.rewrites.rule import Made, rule
from autograd_seq.plan.value import ALL_STEPS, OVER_TIME, Use, Value


@rule("Σ over time of pieces put back = all pieces, put back into one array", P(OVER_TIME, "term"),
      "{n} gradients of what is looked up at each step: added in one array")  # fmt: skip
def put_back_at_once(match: Match) -> Made:
    """One array for all steps."""
    value, term = match.value, match["term"].value
    if not term.is_a("put back") or not term.timed or match["term"].shift or term.beyond:
        return None
    if value.settings.get("times") != term.times or not all(_at_the_same_steps(use, term) for use in term.uses):
        return None
    uses = [
        Use(Value(ALL_STEPS, x.value.shape, x.value.dtype, None, [Use(x.value)], name=x.value.name)) for x in term.uses
    ]
    return value.like(term.kind, uses, settings=dict(term.settings))


def _at_the_same_steps(use: Use, term: Value) -> bool:
    return use.plain and use.value.times == term.times
