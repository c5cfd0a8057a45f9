"""Values that are other values: sums of one term, what is the same at every step, what was computed already."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.core.operation import Operation
from autograd_seq.folding.step_index import GivenIndex, StepIndex
from autograd_seq.plan.value import GIVEN, LITERAL, MATMUL, ONES, PRODUCT, STEPS, SUM, TRANSPOSE, Network, Use, Value


def simplify(network: Network) -> None:
    """Until nothing changes: sums of one term, constants over time, repeated subexpressions."""
    before = len(network.values)
    while _single_terms(network) + _constant_over_time(network) + _repeated(network):
        pass
    if removed := before - len(network.values):
        network.notes.append(f"{removed} values that were other values already: removed")


def _single_terms(network: Network) -> int:
    replacements = {}
    for value in network.values:
        if value.kind == SUM and len(value.uses) == 1 and not value.beyond:
            use = value.uses[0]
            x = use.value
            same = x.shape == value.shape and x.dtype == value.dtype and x.times == value.times
            if same and not use.shift and use.at is None and not x.beyond:
                replacements[value] = x
                if isinstance(x.kind, Operation) or x.kind in (SUM, PRODUCT, MATMUL):
                    x.name = value.name  # an adjoint is known by its own name
    network.replace(replacements)
    return len(replacements)


def reads_outside(value: Value, users: list[tuple[Value | None, Use]]) -> bool:
    """Whether somebody reads a value at a step at which it is not computed."""
    if value.times is None:
        return False
    for user, use in users:
        times = None if user is None else user.times or user.settings.get("times")
        if times is None or use.at is not None:
            continue
        if times[0] + use.shift < value.times[0] or times[-1] + use.shift > value.times[-1]:
            return True
    return False


def _constant_over_time(network: Network) -> int:
    """What is made of single arrays alone is a single array."""
    count = 0
    users = network.users()
    for value in network.values:
        if value.times is None or value.kind in (STEPS, ONES) or value.beyond or counts(value.settings):
            continue
        if any(use.value.timed for use in value.uses) or reads_outside(value, users[value]):
            continue
        value.times = None
        count += 1
        for _, use in users[value]:
            use.shift, use.at = 0, None
    return count


def counts(setting: Any) -> bool:
    """Whether a setting holds a number that counts with time."""
    if isinstance(setting, dict):
        return any(counts(part) for part in setting.values())
    if isinstance(setting, tuple):
        return any(counts(part) for part in setting)
    if isinstance(setting, slice):
        return any(counts(part) for part in (setting.start, setting.stop, setting.step))
    return isinstance(setting, (StepIndex, GivenIndex))


def _repeated(network: Network) -> int:
    """Values with the same operation, operands and settings are one."""
    known: dict[Any, Value] = {}
    replacements: dict[Value, Value] = {}
    for value in network.values:
        if value.kind in (GIVEN, STEPS) or value.beyond:
            continue
        if value.kind == TRANSPOSE and not value.timed:
            inner = value.uses[0].value
            if inner.kind == TRANSPOSE and not inner.timed and not inner.uses[0].value.timed:
                replacements[value] = inner.uses[0].value
                continue
        number = repr(value.settings) if plain(value.settings) else id(value)
        uses = tuple((id(replacements.get(u.value, u.value)), u.shift, u.at) for u in value.uses)
        key = (str(value.kind), id(value.kind) if value.kind != LITERAL else 0, uses, number, value.shape,
               str(value.dtype), value.times)  # fmt: skip
        if key in known:
            replacements[value] = known[key]
        else:
            known[key] = value
    network.replace(replacements)
    return len(replacements)


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
