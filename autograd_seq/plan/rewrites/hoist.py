"""Out of the loop: terms and factors that do not depend on the step before are put together for all steps at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograd_seq.core.operation import Operation
from autograd_seq.plan.rewrites.lifting import small
from autograd_seq.plan.rewrites.patterns import Match, P
from autograd_seq.plan.rewrites.rule import Made, rule
from autograd_seq.plan.value import LITERAL, PRODUCT, SUM, Kind, Use, Value


@rule("-x = x (-1)", P("negative", "x", in_loop=True))
def negative_as_product(match: Match) -> Made:
    """So that it joins other factors."""
    number = Value(LITERAL, (), match.value.dtype, settings={"number": -1.0})
    return match.value.instead(PRODUCT, [match["x"], Use(number)])


@rule("(x + y) + z = x + y + z, (x y) z = x y z", P((SUM, PRODUCT), in_loop=True))
def flat(match: Match) -> Made:
    """A sum of a sum is one sum, a product of a product one product, where nobody else uses the inner one.

    What is known before the loop, and computed there, stays together if it is all that is known.
    """
    value, around = match.value, match.around
    before = value.kind is SUM or small(value)
    known = [use for use in value.uses if before and not around.inside(use.value, value)]
    uses: list[Use] = []
    for use in value.uses:
        x = use.value
        alone = len(around.users(x)) == 1 and use.plain and not x.beyond and known != [use]
        inner = alone and (x.kind, x.times, x.shape) == (value.kind, value.times, value.shape)
        uses += x.uses if inner else [use]
    return value.instead(value.kind, uses) if len(uses) > len(value.uses) else None


@rule("x g + x h = x (g + h)", P(SUM, in_loop=True, beyond=False), "{n} sums of products: the common factor taken out")
def common_factor(match: Match) -> Made:
    """A sum of products of one thing that is carried from step to step and others that are not."""
    value = match.value
    terms = [_carried_and_rest(use, match) for use in value.uses]
    if not small(value) or len(terms) < 2 or any(term is None or term[0] != terms[0][0] for term in terms):  # type: ignore[index]
        return None
    rest = [_product(value, uses) for _, uses in terms]  # type: ignore[misc]
    if any(use.value.shape != value.shape for use in rest):
        return None
    known = value.like(SUM, rest, name=f"{value.name}_known")
    return value.like(PRODUCT, [terms[0][0], Use(known)])  # type: ignore[index]


def _carried_and_rest(use: Use, match: Match) -> tuple[Use, list[Use]] | None:
    """The only factor of a product that is in the loop, and the others."""
    x, value = use.value, match.value
    fits = x.kind is PRODUCT and x.times == value.times and x.shape == value.shape and not x.beyond and len(x.uses) > 1
    if not fits or not use.plain or len(match.around.users(x)) != 1:
        return None
    carried = [u for u in x.uses if match.around.inside(u.value, value)]
    return (carried[0], [u for u in x.uses if u is not carried[0]]) if len(carried) == 1 else None


def _product(value: Value, uses: Sequence[Use]) -> Use:
    return uses[0] if len(uses) == 1 else Use(_together(value, PRODUCT, uses, f"{value.name}_part"))


def _together(value: Value, kind: Operation | Kind, uses: Sequence[Use], name: str) -> Value:
    shape = np.broadcast_shapes(*(use.value.shape for use in uses))
    times = value.times if any(use.value.timed for use in uses) else None
    return value.like(kind, uses, shape=shape, times=times, name=name)


def _known_together(match: Match) -> Made:
    value = match.value
    inside = [use for use in value.uses if match.around.inside(use.value, value)]
    outside = [use for use in value.uses if use not in inside]
    if len(outside) < 2 or not inside:
        return None
    group = _together(value, value.kind, outside, f"{value.name}_known")
    return value.instead(value.kind, [*inside, Use(group)])


@rule("x + k + l = x + (k + l)", P(SUM, in_loop=True),
      "{n} sums: terms that depend on no step, for all steps before the loop")  # fmt: skip
def known_terms(match: Match) -> Made:
    """Terms that the loop does not change are added up before it."""
    return _known_together(match)


@rule("x k l = x (k l)", P(PRODUCT, in_loop=True),
      "{n} products: factors that depend on no step, for all steps before the loop")  # fmt: skip
def known_factors(match: Match) -> Made:
    """Factors that the loop does not change are multiplied before it."""
    return _known_together(match) if small(match.value) else None


OUT_OF_LOOPS = ((negative_as_product,), (flat,), (common_factor,), (known_terms, known_factors))
