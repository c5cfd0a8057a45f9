"""One step of an unrolled network taken out, after making sure that all steps do the same.

What is shown of one step then holds for as many as there may be: what a step hands on is what the next one is given,
so derivatives by what it hands on, summed over steps, are backpropagation through time, by induction over the steps.
A network of two directions hands some things on to the step before: for these the induction runs over time reversed,
and both meet within the steps, where nothing may depend on itself around a corner.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np

import autograd_seq.operations as ops
from autograd_seq.check.application import settings_of
from autograd_seq.core.errors import UsageError
from autograd_seq.core.graph import Graph
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.literal import is_literal
from autograd_seq.folding.steps import scopes, site

NAMED = 5  # operations in a message


class StepsDifferError(UsageError):
    """Why what holds of one step need not hold of all."""


@dataclass(frozen=True)
class OneStep:
    """A step as a recording of its own.

    Attributes
    ----------
    state : list of (Tensor, Tensor)
        What it is given of the step before (or behind, where it reads backwards), and what it hands on: leaves and
        results of the recording.
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
    backwards : frozenset of Tensor
        Which of the leaves that it is given are of the step behind.
    """

    state: list[tuple[Tensor, Tensor]]
    inputs: list[Tensor]
    parameters: list[Tensor]
    records: list[Tensor]
    ends: list[Tensor]
    steps: int
    backwards: frozenset[Tensor] = frozenset()

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
        If its steps do not all do the same, or depend on others than the step before and the step behind.

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
        # what no parameter reaches is data; at both ends that is told by what is done at the same places of step 2,
        # and in the last step what is made of its results behind all steps
        usual = {site(r) for r in timed if r.requires_grad and self.places[r].time == 2}
        self.by_time: dict[int, list[Tensor]] = {time: [] for time in self.times}
        for record in timed:
            time = self.places[record].time or 0
            if site(record) in usual if time in (1, self.times[-1]) else record.requires_grad:
                self.by_time[time].append(record)
        self.index = {r: i for records in self.by_time.values() for i, r in enumerate(records)}

    def taken_out(self) -> OneStep:
        second = [self._form(r, 2) for r in self.by_time[2]]
        ends = {1: "before"}
        if any(x[0] == "behind" for form in second for x in form[-1]):
            ends[self.times[-1]] = "behind"
        for time in self.times[2:]:
            if time not in ends:
                self._compare(second, [self._form(r, time) for r in self.by_time[time]], time)
        for time, kind in ends.items():
            self._compare_end(second, time, kind)
        return self._recorded_anew(2)

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
        if place is None or abs(time - place) > 1:
            raise StepsDifferError(
                f"step {time} uses {x.label}, which is not of this step or one of its neighbours{here()}"
            )
        return ({0: "here", 1: "before", -1: "behind"}[time - place], self.index[x])

    def _compare(self, one: list[Any], other: list[Any], time: int) -> None:
        if len(one) != len(other):
            raise self._otherwise((self.by_time[time] or self.by_time[2])[0], time)
        for i, (form, wanted) in enumerate(zip(other, one, strict=True)):
            if form != wanted:
                raise self._otherwise(self.by_time[time][i], time)

    def _otherwise(self, record: Tensor, time: int) -> StepsDifferError:
        """Which operations a step lacks or has besides; if they are the same, at which of its records it differs."""
        shared = self._made_of(2) & self._made_of(time)
        one, other = (sorted(self._made_of(t) - shared, key=lambda r: r.index) for t in (2, time))
        missing, more = _names_beside(one, other), _names_beside(other, one)
        if missing and more:
            return StepsDifferError(f"step {time} is not like step 2: it has {more} where step 2 has {missing}{here()}")
        if missing:
            return StepsDifferError(f"step {time} is not like step 2: it lacks {missing}{here()}")
        if more:
            return StepsDifferError(f"step {time} is not like step 2: it has {more} as well{here()}")
        return StepsDifferError(f"step {time} is not like step 2: {record.label} is computed otherwise{here()}")

    def _made_of(self, time: int) -> set[Tensor]:
        """The records of a step, and those of no step that they are made of, such as of a line that ran only once."""
        found: set[Tensor] = set()
        stack = list(self.by_time[time])
        while stack:
            record = stack.pop()
            own = self.index.get(record) is None or self.places[record].time == time
            if own and record.operation is not None and record.requires_grad and record not in found:
                found.add(record)
                stack += record.inputs
        return found

    def _compare_end(self, second: list[Any], time: int, kind: str) -> None:
        """The first step is like the others, but is given leaves for what is of the step before elsewhere.

        So is the last one of a direction that begins there, for what is of the step behind.
        """
        if len(second) != len(self.by_time[time]):
            raise self._otherwise((self.by_time[time] or self.by_time[2])[0], time)
        begins: dict[Any, Tensor] = {}
        for record, wanted in zip(self.by_time[time], second, strict=True):
            if _kind(record) != wanted[:-1]:
                raise self._otherwise(record, time)
            for x, operand in zip(record.inputs, wanted[-1], strict=True):
                begin = operand[0] == kind
                if begin and (x in self.index or begins.setdefault(operand, x) is not x):
                    raise StepsDifferError(f"step {time} is not like step 2: {record.label} begins otherwise{here()}")
                if not begin and self._operand(x, time) != operand:
                    raise self._otherwise(record, time)

    def _behind(self, user: Tensor) -> bool:
        """Whether a record is not part of any step: it is made of results of the steps behind them all."""
        return user not in self.index and (self.places[user].time or self.times[-1]) == self.times[-1]

    def _recorded_anew(self, time: int) -> OneStep:
        """The step on leaves of its own, with the same numbers and names."""
        new: dict[Tensor, Tensor] = {}
        given: dict[tuple[str, int], Tensor] = {}
        inputs: list[Tensor] = []
        parameters: list[Tensor] = []
        for record in self.by_time[time]:
            for x in record.inputs:
                if x not in new:
                    new[x] = x if is_literal(x) else Tensor(x._value, x.name, x.dtype.kind == "f")
                    new[x].scope = x.scope
                    kind, *at = self._operand(x, time)
                    if kind in ("before", "behind"):
                        given[kind, at[0]] = new[x]
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
        state = [(leaf, records[i]) for (_, i), leaf in sorted(given.items(), key=lambda item: item[0][::-1])]
        backwards = frozenset(leaf for (kind, _), leaf in given.items() if kind == "behind")
        _check_order(state, backwards)
        used = {self.index[r] for r in self.index if any(self._behind(u) for u, _ in self.uses[r])}
        ends = [records[i] for i in sorted(used)]
        return OneStep(state, inputs, parameters, records, ends, len(self.times), backwards)


def _check_order(state: list[tuple[Tensor, Tensor]], backwards: frozenset[Tensor]) -> None:
    """Make sure that what depends on each other is of one direction: then steps can be worked out in some order."""
    graph: Any = nx.DiGraph()
    for given, result in state:
        graph.add_edges_from((leaf, given) for leaf, _ in state if leaf in Graph(result))
    for circle in nx.strongly_connected_components(graph):
        if len({leaf in backwards for leaf in circle}) > 1:
            names = ", ".join(sorted(leaf.label for leaf in circle))
            raise StepsDifferError(
                f"{names} depend on each other, some from the step before and some from the step behind{here()}"
            )


def _names_beside(these: list[Tensor], those: list[Tensor]) -> str:
    """The operations of some records that others have not, or not as often."""
    left = Counter(record.operation.name for record in those)
    names = []
    for record in these:
        name = record.operation.name
        if left[name]:
            left[name] -= 1
        else:
            names.append(name)
    return ", ".join([*names[:NAMED], *(["…"] if len(names) > NAMED else [])])


def _kind(record: Tensor) -> tuple[Any, ...]:
    """What a record does with what it is given; of what is decided any side."""
    return record.operation, settings_of(record), record.shape, str(record.dtype)


def _adjoint(result: Tensor, rng: np.random.Generator) -> Tensor:
    """Any numbers, as what comes back to a result from the steps behind."""
    adjoint = Tensor(rng.uniform(0.5, 1.5, result.shape), "d" + (result.name or "out"), dtype=result.dtype)
    adjoint.scope = result.scope
    return adjoint
