"""A sum of products in a loop: one product of stacked matrices, and the gradients of what is stacked together too."""

from __future__ import annotations

from collections.abc import Sequence

from autograd_seq.plan.rewrites.gates import as_rows
from autograd_seq.plan.rewrites.patterns import Match, P
from autograd_seq.plan.rewrites.rule import Made, rule
from autograd_seq.plan.value import COLUMNS_OVER_TIME, CONCAT, MATMUL, OUTER_OVER_TIME, ROWS, SUM, Use, Value


@rule("A x + B y = [A B] [x; y]", P(SUM, in_loop=True))
def one_product_of_sum(match: Match) -> Made:
    """Make one product of a sum of products: Σ Aₖ xₖ = [A₁ A₂ …] [x₁; x₂; …]."""
    value = match.value
    terms = [use for use in value.uses if _joinable(use, match)]
    operands = [use.value.uses[1].value for use in terms]
    if len(terms) < 2 or len(set(operands)) < len(operands):
        return None
    first = operands[0]
    if any(x.times != first.times or x.shape[1:] != first.shape[1:] for x in operands):
        return None
    rows = sum(x.shape[0] for x in operands)
    stacked = first.like(CONCAT, map(Use, operands), shape=(rows, *first.shape[1:]),
                         settings={"axis": 0, "placed": True}, name=f"{first.name}_all")  # fmt: skip
    matrices = [use.value.uses[0] for use in terms]
    name = f"{matrices[0].value.name}_all"
    left = Value(CONCAT, (value.shape[0], rows), first.dtype, None, matrices, {"axis": 1}, name)
    product = value.like(MATMUL, [Use(left), Use(stacked)])
    whole = value.instead(SUM, [*(use for use in value.uses if use not in terms), Use(product)])
    together, notes = _gradients_together(match, operands, stacked)
    note = f"{len(terms)} products in one sum: one product of stacked matrices"
    return {value: whole, **together}, "\n".join([note, *notes])


def _joinable(use: Use, match: Match) -> bool:
    """Whether a term is a product of a single matrix with something of the same loop."""
    x, value, around = use.value, match.value, match.around
    if x.kind is not MATMUL or not use.plain or x.beyond or x.times != value.times or x.shape != value.shape:
        return False
    left, right = x.uses
    y = right.value
    if left.value.timed or not right.plain or y.beyond or y.kind in (ROWS, CONCAT) or len(around.users(x)) != 1:
        return False
    placed = any(user is not None and user.settings.get("placed") for user, _ in around.users(y))
    return around.inside(x, value) and around.inside(y, value) and not placed


def _gradients_together(
    match: Match, operands: Sequence[Value], stacked: Value
) -> tuple[dict[Value, Value], list[str]]:
    """Σ over time of A Cᵀ and of B Cᵀ are rows of Σ over time of [A; B] Cᵀ; so are sums of columns."""
    groups: dict[tuple[object, ...], dict[Value, Value]] = {}
    for x in operands:
        for user, use in match.around.users(x):
            if user is None or not use.plain or user.settings.get("times") != stacked.times:
                continue
            if user.kind is OUTER_OVER_TIME and use is user.uses[0]:
                groups.setdefault((OUTER_OVER_TIME, *user.uses[1].key), {})[x] = user
            elif user.kind is COLUMNS_OVER_TIME:
                groups.setdefault((COLUMNS_OVER_TIME, user.settings["keep"]), {})[x] = user
    replacements: dict[Value, Value] = {}
    notes = []
    for group in groups.values():
        if len(group) == len(operands):
            single = [group[x] for x in operands]
            first = single[0]
            made = first.like(first.kind, [Use(stacked), *first.uses[1:]], shape=(stacked.shape[0], *first.shape[1:]),
                              settings=first.settings, name=f"{first.name}_all")  # fmt: skip
            replacements.update(as_rows(single, made))
            notes.append(f"{len(single)} gradients over time: one {'product' if first.uses[1:] else 'sum'}")
    return replacements, notes
