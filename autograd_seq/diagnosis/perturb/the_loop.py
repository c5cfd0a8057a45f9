"""What is edited: the loop over time, its order, its ends, what it carries and which step's values it reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.kinds import Said
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.order import Loop
from autograd_seq.diagnosis.perturb.sequences import without_first
from autograd_seq.diagnosis.perturb.sums import weighed
from autograd_seq.diagnosis.perturb.variant import Form, Variant, at, reading
from autograd_seq.diagnosis.perturb.which_step import STEPS
from autograd_seq.diagnosis.rerun import Change, bare

RIGHT_ORDER = "the loop takes every time step, from the last to the first"


def too_short(c: Context, rank: int) -> Iterator[Variant]:
    """The first step left out: its parts missing, and the state's adjoint one step early."""
    changes: dict[Tensor, Change] = {}
    for r in c.program.results.values():
        if algebra(r) == "gathered parts":
            changes[r] = without_first(c, r)
        elif algebra(r) == "sum of uses" and len({c.program.time(x) for x in r.inputs}) > 1:
            changes[r] = weighed(r, {x: 0.0 for x in r.inputs if c.program.time(x) == 1})
        elif (early := _a_step_later(c, r)) is not None:
            changes[r] = early
    if changes:
        said = kinds.ENDS_TOO_EARLY()
        yield c.in_the_loop(("short loop",), said, RIGHT_ORDER, rank, changes)


def _a_step_later(c: Context, r: Tensor) -> Change | None:
    """What belongs to the state before step 2 in place of the state before step 1."""
    part = bare(r)
    mine = list(part.inputs) if algebra(part) == "sum of uses" else [part]
    for state in c.program.records:
        if algebra(state) != "sum of uses" or c.program.time(state) != 1:
            continue
        carried = [x for x in state.inputs if c.program.time(x) == 2]
        if carried and {c.role(x) for x in carried} == {c.role(x) for x in mine}:
            return Form(lambda v, carried=carried: np.sum([v(x) for x in carried], axis=0))  # type: ignore[misc]
    return None


def with_another_cache(c: Context, rank: int) -> Iterator[Variant]:
    """All forward values of another time step."""
    for step in STEPS:
        changes: dict[Tensor, Change] = {}
        for records in c.groups.values():
            steps = {c.program.time(x): x for x in reversed(records)}
            for r in records:
                time = c.program.time(r)
                if r in c.live and time is not None:
                    twin = steps.get((step.of(time, c.program.T) - 1) % c.program.T + 1)
                    if twin is not None and twin is not r:
                        pairs = zip(r.inputs, twin.inputs, strict=False)
                        changes[r] = reading(r, {x: at(y) for x, y in pairs if x not in c.live})
        if changes:
            said = kinds.AT_ANOTHER_STEP[step.name]("the forward values")
            yield c.in_the_loop(("cache", step.name), said, "step t uses caches[t]", rank, changes)


def in_another_order(c: Context, rank: int) -> Iterator[Variant]:
    """The loops over time in another order, all of them or one only."""
    loop, T = Loop(c), c.program.T
    orders: list[tuple[str, Said, range, str]] = [
        ("forward", kinds.LOOP_FORWARD(), range(1, T + 1), "next"),
        ("no last", kinds.BEGINS_TOO_LATE(), range(T - 1, 0, -1), "next"),
        ("no first", kinds.ENDS_TOO_EARLY(), range(T, 1, -1), "next"),
        ("stale", kinds.NEVER_REPLACED(), range(T, 0, -1), "stale"),
    ]
    for key, said, order, carry in orders if T > 2 and loop.states else ():
        for i, active in enumerate(loop.together()):
            if carry == "stale" and not any(loop.given_at_the_end(role) for role in active):
                said = kinds.NOTHING_CARRIED()
            right = _what_is_carried(c, loop, active) if carry == "stale" else RIGHT_ORDER
            yield c.in_the_loop(("order", key, i), said, right, rank, loop.changes(list(order), active, carry))


def _what_is_carried(c: Context, loop: Loop, active: Iterable[Any]) -> str:
    """The formulas of what goes from one time step to the one before, at a step that has another behind it."""
    return "; ".join(dict.fromkeys(c.where(loop.states[role][2][1])[1] for role in active))


def with_summed_carries(c: Context, rank: int) -> Iterator[Variant]:
    """What is carried back, added to what was carried before in place of replacing it."""
    loop, T = Loop(c), c.program.T
    for i, active in enumerate(loop.each() if T > 2 and loop.states else ()):
        for carry, kind, right in (("summed", kinds.CARRY_SUMMED, 2), ("kept", kinds.CARRY_KEPT, 1)):  # so many steps
            names = ", ".join(dict.fromkeys(c.called(loop.states[role][right][1]) for role in active))
            (category, words), changes = kind(), loop.changes(list(range(T, 0, -1)), active, carry)
            yield Variant(("carry", carry, i), category, names, words, "da_prev = …, not da_prev += …", rank, changes)
