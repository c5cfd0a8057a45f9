"""A folded recording as the values of a plan."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.core import names
from autograd_seq.core.recording import Recording
from autograd_seq.core.scope import Scope
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.folding.fold import Family, Folded, Ref, Unit, fold
from autograd_seq.folding.unit import Node
from autograd_seq.plan.value import (
    ALL_STEPS,
    GIVEN,
    LITERAL,
    OVER_TIME,
    ROWS,
    STEPS,
    SUM,
    Network,
    Use,
    Value,
    kind_of,
    tie,
)  # fmt: skip
from autograd_seq.plan.written_into import put_together
from autograd_seq.writer.tree import record_of


class Translation:
    """From the units of a folded recording to values.

    Parameters
    ----------
    recording : Recording
        A forward and a backward pass.
    every : bool
        Whether what takes all steps of a value as its operands is to have one use for them, however many there are.

    Attributes
    ----------
    network : Network
        The loss ``"J"`` and the gradients, by the name of what they are of.
    given : dict of Value to Tensor or Family
        What is to be given at each call, with the recorded leaf.
    """

    def __init__(self, recording: Recording, every: bool = False) -> None:
        self.every = every
        self.folded: Folded = fold(recording, held=True)
        self.made: dict[Unit, Value] = {}
        self.given: dict[Value, Unit] = {}
        self._names: set[str] = set()
        self._activated = {
            node.inputs[0]: node.name for node in self.folded.nodes.forward.values()
            if node.name is not None and node.operation is not None and node.operation.activation
        }  # fmt: skip
        for unit in self.folded.units:
            self.made[unit] = self._start(unit)
        for unit in self.folded.units:
            self._finish(unit, self.made[unit])
        outputs = self._outputs(recording)
        dtypes = {"d" + value.name: value.dtype for value in self.given if "d" + value.name in outputs}
        self.network = Network(outputs, dtypes)
        self._views()

    # -- values ---------------------------------------------------------------------------------

    def _start(self, unit: Unit) -> Value:
        record = record_of(unit)
        times = range(unit.times[0], unit.times[-1] + 1) if isinstance(unit, Family) else None
        kind, name, settings = self._kind(unit), self._name(unit), {}
        if kind == LITERAL:
            settings = {"number": record._value.item()}
        elif unit.leaf:
            name = self._unique(name)
        elif unit.operation is not None:
            settings = dict(unit.settings)
        value = Value(kind, record.shape, _dtype(unit), times, settings=settings, name=name)
        if unit.leaf and kind != LITERAL:
            self.given[value] = unit
        return value

    def _kind(self, unit: Unit) -> Any:
        if unit.leaf:
            literal = not isinstance(unit, Family) and unit.literal
            return STEPS if isinstance(unit, Family) else LITERAL if literal else GIVEN
        if unit.total:
            return SUM
        return ROWS if _row_slice(unit) is not None else kind_of(record_of(unit))

    def _finish(self, unit: Unit, value: Value) -> None:
        if isinstance(unit, Family):
            uses = [self._inside(use.ref) for use in self.folded.inputs[unit]]
            tie(value, beyond={t: self._outside(ref) for t, ref in unit.extension.items()})
        elif put_together(unit, value, self.made, self.every):
            return
        else:
            uses = [made for use in self.folded.inputs[unit] for made in self._of_single(use.ref, value)]
        tie(value, uses=tuple(uses))
        if value.kind == ROWS:
            tie(value, settings={"rows": _row_slice(unit)})

    def _views(self) -> None:
        """Rows are a view of the whole only where nothing else stands beside its first and last step."""
        for unit, value in self.made.items():
            if value.kind == ROWS and value.times is not None:
                base = value.uses[0].value
                if value.beyond or base.beyond or base.kind == STEPS or value.uses[0].shift or not base.timed:
                    start, stop = value.settings["rows"]
                    tie(value, kind=unit.operation, settings={"index": (slice(start, stop),)})

    def _inside(self, ref: Ref) -> Use:
        return Use(self.made[ref.unit], ref.shift)

    def _outside(self, ref: Ref) -> Use:
        return Use(self.made[ref.unit], at=ref.at)

    def _of_single(self, ref: Ref, user: Value) -> list[Use]:
        value = self.made[ref.unit]
        if not ref.every:
            return [Use(value, at=ref.at)]
        assert value.times is not None
        if user.kind == SUM:
            steps = {"times": value.times}
            return [Use(Value(OVER_TIME, value.shape, value.dtype, None, [Use(value)], steps, user.name))]
        if self.every:
            return [Use(Value(ALL_STEPS, value.shape, value.dtype, None, [Use(value)], name=value.name))]
        return [Use(value, at=t) for t in value.times]

    # -- names and outputs ----------------------------------------------------------------------

    def _name(self, unit: Unit) -> str:
        node = unit.any if isinstance(unit, Family) else unit
        layer, direction = unit.lane
        word = unit.name or self._called(node)
        if word is None:
            word = node.operation.name if node.operation is not None else "input" if unit.leaf else "total"
            if unit.leaf and isinstance(unit, Family):
                word = "x"
        return names.identifier(word, Scope(layer=layer, direction=direction))

    def _called(self, node: Node) -> str | None:
        """What has no name by what has one: what an activation is of, and its adjoint; what is picked from data."""
        if (after := self._activated.get(node.adjoint_of or node)) is not None:
            return f"{'z' if node.adjoint_of is None else 'dz'}_{after}"
        picked = node.time is not None and algebra(node) == "part" and node.inputs[0].leaf
        return f"{node.inputs[0].name}_by_step" if picked and node.inputs[0].name is not None else None

    def _unique(self, word: str) -> str:
        candidate, number = word, 2
        while candidate in self._names:
            candidate, number = f"{word}_{number}", number + 1
        self._names.add(candidate)
        return candidate

    def _outputs(self, recording: Recording) -> dict[str, Use]:
        nodes = self.folded.nodes
        outputs = {"J": self._use_of(nodes.forward[recording.forward.outputs[0]])}
        for value, unit in self.given.items():
            if isinstance(unit, Family) or not unit.record.requires_grad:
                continue
            if unit in nodes.adjoints:
                outputs["d" + value.name] = self._use_of(nodes.adjoints[unit])
        return outputs

    def _use_of(self, node: Any) -> Use:
        if node.family is not None:
            return Use(self.made[node.family], at=node.time)
        return Use(self.made[node])


def _dtype(unit: Unit) -> Any:
    """The dtype of a value: one that can hold it at every step."""
    if not isinstance(unit, Family):
        return record_of(unit).dtype
    return np.result_type(*{member.record.dtype for member in unit.members.values()})


def is_all(part: Any) -> bool:
    """Whether a part of an index is ``:``."""
    return isinstance(part, slice) and part == slice(None)


def _row_slice(unit: Unit) -> tuple[int, int] | None:
    """The rows that an index of a matrix takes; None if it does anything else."""
    record: Tensor = record_of(unit)
    if unit.operation is None or unit.operation.algebra != "part" or not record.ndim == 2 == record.inputs[0].ndim:
        return None
    index = unit.settings["index"]
    index = index if isinstance(index, tuple) else (index,)
    whole = all(map(is_all, index[1:]))
    if not index or not whole or len(index) > 2 or not isinstance(index[0], slice):
        return None
    start, stop, step = index[0].start, index[0].stop, index[0].step
    if any(not (part is None or type(part) is int) for part in (start, stop, step)):
        return None
    start, stop, step = index[0].indices(record.inputs[0].shape[0])
    return (start, stop) if step == 1 and stop > start else None
