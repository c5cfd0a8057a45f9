"""The steps of a long forward pass, compared record by record: which of them do the same as one in the middle.

Most steps of a recurrent network do, and what is found out about a few of them holds for all. What is compared is all
that a folding looks at: operations, places in the program, shapes, names, settings, what is used, and who uses it.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import Any

import numpy as np

from autograd_seq.core.graph import Graph
from autograd_seq.core.scope import Scope
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.literal import is_literal
from autograd_seq.folding.provenance import of_index
from autograd_seq.folding.step_index import GivenIndex, StepIndex, unify, unify_index
from autograd_seq.folding.steps import site

Slot = tuple[int, Any]  # the step of a record and its number there; of what is given, which input of which record it is


class Turns:
    """The steps of a forward pass.

    Parameters
    ----------
    graph : Graph
        The forward pass.
    places : mapping of Tensor to Scope
        Where its records are.

    Attributes
    ----------
    steps : dict of int to list of Tensor
        What was made at each step, in order.
    outside : list of Tensor
        What was made outside of any.
    slots : dict of Tensor to Slot
        Where each record stands; what is given, where it is first used.
    """

    def __init__(self, graph: Graph, places: Mapping[Tensor, Scope]) -> None:
        self.places = places
        self.steps: dict[int, list[Tensor]] = {}
        self.outside: list[Tensor] = []
        self.slots: dict[Tensor, Slot] = {}
        self.given: dict[int, dict[Any, Tensor]] = {}  # by step, and by where it is first used
        self._used: dict[int, list[Hashable]] = {}  # by step: what is used outside of any, and how
        self._rules: dict[int, dict[int, Hashable]] = {}  # by number of a record, and step: how its settings count
        seen: set[Tensor] = set()
        for record in graph:
            if record.operation is None:
                continue
            time = places[record].time
            if time is None:
                self.outside.append(record)
                self._note_uses(record, seen)
                continue
            step = self.steps.setdefault(time, [])
            number = len(step)
            self.slots[record] = time, number
            step.append(record)
            for i, x in enumerate(record.inputs):
                if x.operation is None and x not in seen:
                    seen.add(x)
                    self.slots[x] = time, (number, i)
                    self.given.setdefault(time, {})[number, i] = x

    def _note_uses(self, record: Tensor, seen: set[Tensor]) -> None:
        for x in record.inputs:
            if x in self.slots:
                time, number = self.slots[x]
                self._used.setdefault(time, []).append((number, record.operation, record._code, record._offset))
            else:
                seen.add(x)

    def alike(self) -> range:
        """The longest run of steps around the middle that do all the same."""
        times = sorted(self.steps)
        if not times or times != list(range(times[0], times[-1] + 1)):
            return range(0)
        model = times[len(times) // 2]
        first = last = model
        while first > times[0] and self._repeats(first - 1, model):
            first -= 1
        while last < times[-1] and self._repeats(last + 1, model):
            last += 1
        return range(first, last + 1)

    def show(self, times: Collection[int], alike: range) -> bool:
        """Whether some of the steps that are alike show all rules by which settings count in any of them."""
        return all(
            {rule for t, rule in rules.items() if t in times} == {rule for t, rule in rules.items() if t in alike}
            for rules in self._rules.values()
        )

    def _repeats(self, time: int, model: int) -> bool:
        step, other = self.steps[time], self.steps[model]
        if len(step) != len(other) or self._used.get(time) != self._used.get(model):
            return False
        return all(
            _is_alike(mine, its)
            and (not mine.settings or self._has_like_settings(number, mine, its, time, model))
            and self._has_like_inputs(mine, its, time - model)
            for number, (mine, its) in enumerate(zip(step, other, strict=True))
        )

    def _has_like_inputs(self, record: Tensor, other: Tensor, later: int) -> bool:
        """Whether each input of two records is the same, or stands in the same place as many steps away."""
        if len(record.inputs) != len(other.inputs):
            return False
        slots = self.slots
        for x, y in zip(record.inputs, other.inputs, strict=True):
            if x is y:
                continue
            mine, its = slots.get(x), slots.get(y)
            if mine is None or its is None or mine[1] != its[1] or mine[0] - its[0] != later:
                return False
            if x.operation is None and not self._are_given_alike(x, y, later):
                return False
        return True

    def _are_given_alike(self, x: Tensor, y: Tensor, later: int) -> bool:
        time, its_time = self.places[x].time, self.places[y].time
        if (time is None or its_time is None or time - its_time != later) and time is not its_time:
            return False
        if not _has_like_value(x, y) or x._name != y._name or is_literal(x) is not is_literal(y) or x.name != y.name:
            return False
        return not is_literal(x) or repr(x._value.item()) == repr(y._value.item())

    def _has_like_settings(self, number: int, record: Tensor, other: Tensor, time: int, model: int) -> bool:
        """Whether settings are equal, or count with the step, or are given by data."""
        if record.settings.keys() != other.settings.keys():
            return False
        found: list[Hashable] = []
        for key, value in record.settings.items():
            known = other.settings[key]
            if key == "index":
                found.append(_rule(unify_index({time: value, model: known}, _DIFFERENT, of_index(record))))
            elif value is not known and (type(value) is not type(known) or not _is_plain(value) or value != known):
                found.append(_rule(unify({time: value, model: known}, _DIFFERENT)))
        self._rules.setdefault(number, {})[time] = tuple(found)
        return _DIFFERENT not in found


_DIFFERENT = "different"


def _is_alike(record: Tensor, other: Tensor) -> bool:
    """Whether two records are of one operation and one shape, made at one place in the program and in the network."""
    if record.operation is not other.operation or record._code is not other._code or record._name != other._name:
        return False
    if not _has_like_value(record, other) or type(record) is not type(other) or record.in_place:
        return False
    mine, its = record.scope, other.scope
    if mine.layer != its.layer or mine.direction != its.direction or mine.part != its.part:
        return False
    if record._offset != other._offset and site(record) != site(other):
        return False
    return record._origin == other._origin or record.name == other.name


def _has_like_value(x: Tensor, y: Tensor) -> bool:
    mine, its = x._value, y._value
    return mine.shape == its.shape and mine.dtype == its.dtype and x.requires_grad is y.requires_grad


def _is_plain(value: Any) -> bool:
    """Whether settings of this kind are compared by ==."""
    return isinstance(value, (bool, int, float, str)) or (type(value) is tuple and all(map(_is_plain, value)))


def _rule(setting: Any) -> Hashable:
    """What a unified setting says, but for the numbers that data give."""
    if isinstance(setting, StepIndex):
        return "counts", setting.shift
    if isinstance(setting, GivenIndex):
        return "given", setting.words, setting.more
    if isinstance(setting, tuple):
        return tuple(map(_rule, setting))
    if isinstance(setting, slice):
        return _rule((setting.start, setting.stop, setting.step))
    return "array" if isinstance(setting, np.ndarray) else setting
