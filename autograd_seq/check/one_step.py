"""One step of an unrolled network taken out, after making sure that all steps do the same.

What is shown of one step then holds for as many as there may be: what a step hands on is what the next one is given,
so derivatives by what it hands on, summed over steps, are backpropagation through time, by induction over the steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd_seq.operations as ops
from autograd_seq.check.application import settings_of
from autograd_seq.core.errors import UsageError
from autograd_seq.core.graph import Graph
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.literal import is_literal
from autograd_seq.folding.steps import scopes, site


class StepsDifferError(UsageError):
    """Why what holds of one step need not hold of all."""


@dataclass(frozen=True)
class OneStep:
    """A step as a recording of its own.

    Attributes
    ----------
    state : list of (Tensor, Tensor)
        What it is given of the step before, and what it hands on: leaves and results of the recording.
    inputs : list of Tensor
        Leaves that belong to this step alone, such as x<t>.
    parameters : list of Tensor
        Leaves that all steps share.
    records : list of Tensor
        Its results, oldest first.
    ends : list of Tensor
        Those of them that are used behind all steps, such as a loss L<t> that is added to the others.
    steps : int
        How many steps there are that do the same.
    """

    state: list[tuple[Tensor, Tensor]]
    inputs: list[Tensor]
    parameters: list[Tensor]
    records: list[Tensor]
    ends: list[Tensor]
    steps: int

    @property
    def total(self) -> Tensor:
        """What it hands on, each element times an adjoint of its own, added up: its gradient is a step of the sweep."""
        last = {id(result): result for _, result in self.state} | {id(result): result for result in self.ends}
        rng = np.random.default_rng(0)
        terms = [ops.sum(_adjoint(result, rng) * result) for result in last.values()]
        return ops.accumulate(terms) if len(terms) > 1 else terms[0]


def one_step(graph: Graph) -> OneStep:
    """The step that a network repeats.

    Raises
    ------
    StepsDifferError
        If its steps do not all do the same, or depend on others than the step before.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_seq import Parameter, name, steps, tanh
    >>> W, a = Parameter(np.eye(2) / 2, "W"), np.ones((2, 1))
    >>> for t in steps(5):
    ...     a = name(tanh(W @ a), "a")
    >>> step = one_step(a.graph)
    >>> [r.operation.name for r in step.records], step.steps
    (['matmul', 'tanh'], 5)
    """
    return _Steps(graph).taken_out()


class _Steps:
    def __init__(self, graph: Graph) -> None:
        self.places, self.uses = scopes(graph), graph.consumers()
        timed = [r for r in graph if r.operation is not None and self.places[r].time]
        self.times = sorted({self.places[r].time or 0 for r in timed})
        if len(self.times) < 3 or self.times != [*range(1, len(self.times) + 1)]:
            raise StepsDifferError(f"there are no three steps in a row: unroll over T = 3 or more{here()}")
        # what no parameter reaches is data; in step 1 that is told by what is done at the same places of step 2,
        # and in the last step what is made of its results behind all steps
        usual = {site(r) for r in timed if r.requires_grad and self.places[r].time == 2}
        self.by_time: dict[int, list[Tensor]] = {time: [] for time in self.times}
        for record in timed:
            time = self.places[record].time or 0
            if site(record) in usual if time in (1, self.times[-1]) else record.requires_grad:
                self.by_time[time].append(record)
        self.index = {r: i for records in self.by_time.values() for i, r in enumerate(records)}

    def taken_out(self) -> OneStep:
        shapes = {time: [self._form(r, time) for r in self.by_time[time]] for time in self.times[1:]}
        for time in self.times[2:]:
            self._compare(shapes[self.times[1]], shapes[time], time)
        self._compare_first(shapes[self.times[1]])
        return self._recorded_anew(self.times[1])

    def _form(self, record: Tensor, time: int) -> tuple[Any, ...]:
        """What a record does, without saying at which step."""
        return *_kind(record), tuple(self._operand(x, time) for x in record.inputs)

    def _operand(self, x: Tensor, time: int) -> tuple[Any, ...]:
        place = self.places[x].time
        if is_literal(x):
            return "number", x._value.tobytes()
        if x.requires_grad and place is None:
            return "shared", x
        if x not in self.index:
            return "data", x.shape, str(x.dtype)
        if place is None or not 0 <= time - place <= 1:
            raise StepsDifferError(f"step {time} uses {x.label}, which is not of this step or the one before{here()}")
        return ("here" if place == time else "before", self.index[x])

    def _compare(self, one: list[Any], other: list[Any], time: int) -> None:
        self._compare_lengths(len(one), len(other), time)
        for i, (form, wanted) in enumerate(zip(other, one, strict=True)):
            if form != wanted:
                raise self._otherwise(self.by_time[time][i], time)

    def _compare_lengths(self, one: int, other: int, time: int) -> None:
        if one != other:
            raise StepsDifferError(f"step {time} is not like step 2: it has {other} operations, not {one}{here()}")

    def _otherwise(self, record: Tensor, time: int) -> StepsDifferError:
        return StepsDifferError(f"step {time} is not like step 2: {record.label} is computed otherwise{here()}")

    def _compare_first(self, second: list[Any]) -> None:
        """Step 1 is like the others, but that it is given leaves, one for all that is of the step before elsewhere."""
        self._compare_lengths(len(second), len(self.by_time[1]), 1)
        begins: dict[Any, Tensor] = {}
        for record, wanted in zip(self.by_time[1], second, strict=True):
            if _kind(record) != wanted[:-1]:
                raise self._otherwise(record, 1)
            for x, operand in zip(record.inputs, wanted[-1], strict=True):
                first = operand[0] == "before"
                if first and (x in self.index or begins.setdefault(operand, x) is not x):
                    raise StepsDifferError(f"step 1 is not like step 2: {record.label} begins otherwise{here()}")
                if not first and self._operand(x, 1) != operand:
                    raise self._otherwise(record, 1)

    def _behind(self, user: Tensor) -> bool:
        """Whether a record is no part of any step: it is made of results of the steps behind them all."""
        return user not in self.index and (self.places[user].time or self.times[-1]) == self.times[-1]

    def _recorded_anew(self, time: int) -> OneStep:
        """The step on leaves of its own, with the same numbers and names."""
        new: dict[Tensor, Tensor] = {}
        before: dict[int, Tensor] = {}
        inputs: list[Tensor] = []
        parameters: list[Tensor] = []
        for record in self.by_time[time]:
            for x in record.inputs:
                if x not in new:
                    new[x] = x if is_literal(x) else Tensor(x._value, x.name, x.dtype.kind == "f")
                    new[x].scope = x.scope
                    kind, *at = self._operand(x, time)
                    if kind == "before":
                        before[at[0]] = new[x]
                    elif kind == "shared":
                        parameters.append(new[x])
                    elif kind == "data" and x.dtype.kind == "f":
                        inputs.append(new[x])
            operands = tuple(new[x] for x in record.inputs)
            result: Tensor = record.operation.record(record._value, operands, record.settings, True)
            result._name, result.scope = record.name, record.scope
            result._code, result._offset, result._origin = record._code, record._offset, record._origin
            new[record] = result
        records = [new[r] for r in self.by_time[time]]
        state = [(leaf, records[i]) for i, leaf in sorted(before.items())]
        used = {self.index[r] for r in self.index if any(self._behind(u) for u, _ in self.uses[r])}
        ends = [records[i] for i in sorted(used)]
        return OneStep(state, inputs, parameters, records, ends, len(self.times))


def _kind(record: Tensor) -> tuple[Any, ...]:
    """What a record does with what it is given; of what is decided any side."""
    return record.operation, settings_of(record), record.shape, str(record.dtype)


def _adjoint(result: Tensor, rng: np.random.Generator) -> Tensor:
    """Any numbers, as what comes back to a result from the steps behind."""
    adjoint = Tensor(rng.uniform(0.5, 1.5, result.shape), "d" + (result.name or "out"), dtype=result.dtype)
    adjoint.scope = result.scope
    return adjoint
