"""Gradients over time of one adjoint: one product with everything that it meets, side by side, and ones for a bias."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from autograd_seq.plan.rewrites.patterns import Match, P
from autograd_seq.plan.rewrites.rule import Made, rule
from autograd_seq.plan.rewrites.surroundings import Surroundings
from autograd_seq.plan.value import COLUMNS, COLUMNS_OVER_TIME, CONCAT, OUTER_OVER_TIME, ROWS, Use, Value


@rule("Σ over time of D Aᵀ, D Xᵀ, D 1 = columns of Σ over time of D [A; X; 1]ᵀ",
      P((OUTER_OVER_TIME, COLUMNS_OVER_TIME)))  # fmt: skip
def beside(match: Match) -> Made:
    """One product for each adjoint."""
    value, around = match.value, match.around
    if not _can_join(value):
        return None
    users = [user for user, _ in around.users(value.uses[0].value) if user is not None and _can_join(user)]
    times = value.settings["times"]
    group = [user for user in users if user.uses[0] == value.uses[0] and user.settings["times"] == times]
    group = list(dict.fromkeys(around.in_order(group)))
    if len(group) < 2 or group[0] is not value:
        return None
    number = around.remembered("numbered", lambda: _numbered(around))
    group.sort(key=lambda one: (one.kind is COLUMNS_OVER_TIME, number.get(one, 0)))
    return _together(group), f"{len(group)} gradients over time: one product for each adjoint, its bias with it"


def _can_join(value: Value) -> bool:
    if value.kind is COLUMNS_OVER_TIME:
        return bool(value.settings["keep"])
    return value.kind is OUTER_OVER_TIME and len(value.uses) == 2 and not value.settings.get("ones")


def _numbered(around: Surroundings) -> dict[Value, int]:
    """In which place values are put beside others."""
    return {
        window(use)[0].value: i
        for value in around.values if value.kind is CONCAT and value.settings.get("axis") == 1 and not value.timed
        for i, use in enumerate(value.uses)
    }  # fmt: skip


def _together(group: Sequence[Value]) -> dict[Value, Value]:
    first = group[0]
    rights = [value.uses[1] for value in group if value.kind is OUTER_OVER_TIME]
    shape = (first.shape[0], sum(value.shape[1] for value in group))
    settings = {"times": first.settings["times"], "ones": len(rights) < len(group)}
    made = first.like(OUTER_OVER_TIME, [first.uses[0], *rights], shape=shape, settings=settings)
    replacements: dict[Value, Value] = {}
    start = 0
    for value in group:
        stop = start + value.shape[1]
        replacements[value] = value.instead(COLUMNS, [Use(made)], columns=(start, stop))
        start = stop
    return replacements


@rule("[columns i to j of X, columns j to k of X] = columns i to k of X", P(CONCAT, timed=False))
def seams(match: Match) -> Made:
    """Neighbouring columns of one matrix, put beside each other, are columns of it."""
    value = match.value
    pieces = [window(use) for use in value.uses]
    base, rows, _ = pieces[0]
    adjacent = all(a[2][1] == b[2][0] for a, b in pairwise(pieces))
    if value.settings.get("axis") != 1 or not adjacent or any(piece[:2] != (base, rows) for piece in pieces):
        return None
    shape = (rows[1] - rows[0], base.value.shape[1])
    cut = base.value.like(ROWS, [base], shape=shape, dtype=value.dtype, times=None, settings={"rows": rows})
    return value.instead(COLUMNS, [Use(cut)], columns=(pieces[0][2][0], pieces[-1][2][1]))


def window(use: Use) -> tuple[Use, tuple[int, int], tuple[int, int]]:
    """The matrix that rows or columns are of, and which."""
    rows, columns = (0, use.value.shape[0]), (0, use.value.shape[1])
    while (value := use.value).kind in (ROWS, COLUMNS) and not value.timed:
        if value.kind is ROWS:
            low = value.settings["rows"][0]
            rows = (rows[0] + low, rows[1] + low)
        else:
            low = value.settings["columns"][0]
            columns = (columns[0] + low, columns[1] + low)
        use = value.uses[0]
    return use, rows, columns
