"""Arrays that are one number everywhere, made of numbers alone: the number."""

from __future__ import annotations

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.operation import Operation
from autograd_seq.plan.anysize.ratio import Ratio
from autograd_seq.plan.rewrites.lifting import elementwise
from autograd_seq.plan.rewrites.patterns import Match, P
from autograd_seq.plan.rewrites.rule import Made, rule
from autograd_seq.plan.rewrites.simplify import counts
from autograd_seq.plan.value import LITERAL, PRODUCT, SUM, Use, Value


@rule("an array that holds one number everywhere, beside an array of its shape = the number", P(timed=False))
def one_number(match: Match) -> Made:
    """What is computed with numbers alone is computed now."""
    value, around = match.value, match.around
    array = around.remembered("arrays of numbers", lambda: _arrays(around.values)).get(value)
    if value.kind is LITERAL or array is None or not array.size or not (array == array.flat[0]).all():
        return None
    if not all(user is not None and _needs_no_shape(use, user) for user, use in around.users(value)):
        return None
    return value.like(LITERAL, [], shape=(), settings={"number": array.flat[0].item()})


def _arrays(values: list[Value]) -> dict[Value, Array]:
    """What is made of numbers alone."""
    arrays: dict[Value, Array] = {}
    for value in values:
        if value.kind is LITERAL and isinstance(value.settings["number"], Ratio):
            continue  # another number for other sizes
        if value.kind is LITERAL:
            arrays[value] = np.asarray(value.settings["number"], value.dtype)
        elif not isinstance(value.kind, Operation) or counts(value.settings):
            continue
        elif value.uses and all(use.value in arrays for use in value.uses):
            known = [arrays[use.value] for use in value.uses]
            arrays[value] = np.asarray(value.kind.value(*known, **value.settings))
    return arrays


def _needs_no_shape(use: Use, user: Value) -> bool:
    if user.times is None and all(other.value.kind is LITERAL for other in user.uses):
        return False
    by_element = user.kind in (SUM, PRODUCT) or elementwise(user.kind)
    return by_element and any(other.value is not use.value and other.value.shape == user.shape for other in user.uses)
