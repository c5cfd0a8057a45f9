"""Values that are other values: sums of one term, what is the same at every step, what was computed already."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.core.operation import Operation
from autograd_seq.folding.step_index import GivenIndex, StepIndex
from autograd_seq.plan.rewrites.patterns import Match, P
from autograd_seq.plan.rewrites.rule import Made, rule
from autograd_seq.plan.rewrites.surroundings import Surroundings
from autograd_seq.plan.value import (
    GIVEN,
    LITERAL,
    MATMUL,
    ONES,
    OVER_TIME,
    PRODUCT,
    STEPS,
    SUM,
    TRANSPOSE,
    Use,
    Value,
)  # fmt: skip


@rule("Σ x over one term = x", P(SUM, "x", beyond=False))
def single_term(match: Match) -> Made:
    """The term is the value, and is called like it: an adjoint is known by its own name."""
    value, use = match.value, match["x"]
    x = use.value
    if (x.shape, x.dtype, x.times) != (value.shape, value.dtype, value.times) or not use.plain or x.beyond:
        return None
    computed = isinstance(x.kind, Operation) or x.kind in (SUM, PRODUCT, MATMUL)
    if not computed or x.name == value.name:
        return x
    renamed = x.like(x.kind, x.uses, settings=x.settings, name=value.name)
    return {x: renamed, value: renamed}


@rule("x<t> of what does not change with t = x", P(timed=True, beyond=False))
def constant_over_time(match: Match) -> Made:
    """What is made of single arrays alone is a single array."""
    value = match.value
    if value.kind in (STEPS, ONES) or counts(value.settings) or any(use.value.timed for use in value.uses):
        return None
    if reads_outside(value, match.around):
        return None
    return value.like(value.kind, value.uses, settings=value.settings, times=None)


@rule("Σ x over T steps, the same at each = T x", P(OVER_TIME, P(name="x", timed=False)))
def sum_of_constants(match: Match) -> Made:
    """As often as there are steps."""
    value = match.value
    number = Value(LITERAL, (), value.dtype, settings={"number": len(value.settings["times"])})
    return value.instead(PRODUCT, [match["x"], Use(number)])


@rule("(Xᵀ)ᵀ = X", P(TRANSPOSE, P(TRANSPOSE, P(name="x", timed=False), timed=False), timed=False))
def turned_twice(match: Match) -> Made:
    """A single matrix that is turned twice."""
    return match["x"].value


@rule("f(x) computed twice = f(x) computed once", P(beyond=False))
def computed_already(match: Match) -> Made:
    """Values with the same operation, operands and settings are one."""
    value, around = match.value, match.around
    settings = value.settings
    if value.kind in (GIVEN, STEPS, ONES) or (settings and not plain(settings)):
        return None
    known: dict[Any, Value] = around.remembered("computed already", dict)
    uses = tuple(use.key for use in value.uses)
    key = (value.kind, uses, repr(settings) if settings else "", value.shape, value.dtype, value.times)
    first = known.setdefault(key, value)
    return None if first is value or not around.alive(first) else first


SIMPLER = (single_term, constant_over_time, sum_of_constants, turned_twice, computed_already)


def reads_outside(value: Value, around: Surroundings) -> bool:
    """Whether somebody reads a value at a step at which it is not computed."""
    if value.times is None:
        return False
    for user, use in around.users(value):
        times = None if user is None else user.times or user.settings.get("times")
        if times is None or use.at is not None:
            continue
        if times[0] + use.shift < value.times[0] or times[-1] + use.shift > value.times[-1]:
            return True
    return False


def counts(setting: Any) -> bool:
    """Whether a setting holds a number that counts with time."""
    if isinstance(setting, dict):
        return any(counts(part) for part in setting.values())
    if isinstance(setting, tuple):
        return any(counts(part) for part in setting)
    if isinstance(setting, slice):
        return any(counts(part) for part in (setting.start, setting.stop, setting.step))
    return isinstance(setting, (StepIndex, GivenIndex))


def plain(setting: Any) -> bool:
    """Whether settings can be compared by what they look like."""
    if isinstance(setting, dict):
        return all(plain(part) for part in setting.values())
    if isinstance(setting, (tuple, list)):
        return all(plain(part) for part in setting)
    if isinstance(setting, slice):
        return all(plain(part) for part in (setting.start, setting.stop, setting.step))
    if isinstance(setting, np.ndarray):
        return False
    return setting is None or isinstance(setting, (int, float, str, range, StepIndex, type(Ellipsis)))
