"""A recording with its known cells recorded anew, in the notes' notation: Γ_f, c̃, columns, a weight for each gate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from autograd_seq.core.graph import Graph
from autograd_seq.core.record import Record
from autograd_seq.core.scope import NOWHERE, Marked, scope
from autograd_seq.core.tensor import Tensor, name
from autograd_seq.core.traits import algebra
from autograd_seq.exchange.affine import Weight, element, joined
from autograd_seq.exchange.known_cells import Found, Gate, flat, known_cells
from autograd_seq.exchange.recurrent_step import KINDS, Part, RecurrentStep


def rolled(outputs: Sequence[Any], weights: Iterable[Record]) -> tuple[list[Any], list[Found]]:
    """Records with the same values in which each known cell is computed as the notes write it.

    Parameters
    ----------
    outputs : sequence of Tensor
        Of a forward pass.
    weights : iterable of Record
        The leaves that are learned; they stay the leaves.

    Returns
    -------
    list of Tensor
        In place of the outputs; these themselves where nothing was found, or where something else came out.
    list of Found
        The cells.
    """
    graph = Graph(*outputs)
    cells = known_cells(graph, weights)
    anew_ones = [cell for cell in cells if not _is_so_written(cell)]
    if not anew_ones:
        return list(outputs), cells
    anew = _Anew(graph, anew_ones)
    found = [anew.of[output.record] for output in outputs]
    same = all(_close(new._value, old.record._value) for new, old in zip(found, outputs, strict=True))
    return (found, cells) if same else (list(outputs), [])


def _is_so_written(cell: Found) -> bool:
    """Whether a cell is recorded as the notes write it already, as ONNX's own operators are."""
    return cell.columns and all(record._name in ("a", "c") for record in cell.steps[-1].after.values())


def _close(new: Any, old: Any) -> bool:
    precision = float(np.finfo(old.dtype).eps) ** 0.5 if old.dtype.kind == "f" else 0
    return new.shape == old.shape and new.dtype == old.dtype and np.allclose(new, old, precision, precision)


@dataclass(slots=True)
class _Place:
    """A cell that is recorded anew: where it stands, its step, and the state that it has reached."""

    found: Found
    where: Where
    step: RecurrentStep | None = None
    state: list[Any] = field(default_factory=list)
    done: int = 0


class _Anew:
    """All records that the outputs need, made again."""

    def __init__(self, graph: Graph, cells: list[Found]) -> None:
        self.graph = graph
        self.of: dict[Any, Any] = {}
        self.columns: dict[Any, Any] = {}  # of a record whose examples stand one above another, the columns
        self.cells = [_Place(cell, place) for cell, place in zip(cells, places(cells), strict=True)]
        self.made_by: dict[Any, tuple[_Place, int, str]] = {}
        for cell in self.cells:
            for k, step in enumerate(cell.found.steps):
                for key, record in step.after.items():
                    self.made_by[record] = cell, k, key
        for record in self._needed(graph):
            if record not in self.of:
                self._make(record)

    def _needed(self, graph: Graph) -> list[Any]:
        """What the outputs need once the insides of the cells are not asked for."""
        needed = {output.record for output in graph.outputs}
        for record in reversed(graph.records):
            if record in needed:
                needed.update(self._inputs(record))
        return [record for record in graph if record in needed]

    def _inputs(self, record: Any) -> Iterable[Any]:
        if record not in self.made_by:
            return record.inputs
        cell, k, _ = self.made_by[record]
        step = cell.found.steps[k]
        first = cell.found.steps[0]
        weights = [w.base for gate in first.gates.values() for w in _weights(gate)] if k == 0 else []
        read = [y for x in step.inputs for y in ([x] if x in self.graph else x.inputs)]  # a part nobody cut out yet
        return [*read, *step.before.values(), *weights]

    def _make(self, record: Any) -> None:
        if record in self.made_by:
            cell, k, _ = self.made_by[record]
            while cell.done <= k:
                self._step(cell)
            return
        place = element(record)
        if place is not None and algebra(record) != "part":
            whole, k = place
            self.of[record] = self.of[whole][k].record
            return
        if record.operation is None or all(self.of[x] is x for x in record.inputs):
            self.of[record] = record
            return
        made = record.operation.record(
            record._value, tuple(self.of[x] for x in record.inputs), record.settings, record.requires_grad
        )
        made.scope, made._name = record.scope, record._name
        made._code, made._offset, made._origin = record._code, record._offset, record._origin
        self.of[record] = made

    # -- a cell's step ------------------------------------------------------------------------

    def _step(self, cell: _Place) -> None:
        found, k = cell.found, cell.done
        old = found.steps[k]
        time = cell.where.times[k]
        with Marked(NOWHERE), scope(layer=cell.where.layer, direction=cell.where.direction):
            if cell.step is None:
                cell.step = _recurrent_step(found, self.of)
                cell.state = self._begin(cell, time)
            with scope(time=time, direction=None):
                xs = [self._column(x, found, "x") for x in old.inputs]
            with scope(time=time):
                x = xs[0] if len(xs) == 1 else np.concatenate(xs) if xs else None
                cell.state = cell.step(x, cell.state)
            for key, record in old.after.items():
                state = cell.state[cell.step.states.index(key)]
                self._hand_on(record, state, found, time)
        cell.done += 1

    def _begin(self, cell: _Place, time: int) -> list[Any]:
        """The state before the first step, in columns."""
        assert cell.step is not None
        found, first = cell.found, cell.found.steps[0]
        after = next(iter(first.after.values()))
        shape = after.shape if found.columns else flat(after)[::-1]
        before = time + 1 if cell.where.times[-1] < time else time - 1
        with scope(time=before):
            state = []
            for called in cell.step.states:
                given = first.before.get(called)
                if given is None or (given.operation is None and not given._value.any()):
                    state.append(Tensor(np.zeros(shape, after.dtype), called))
                else:
                    state.append(self._column(given, found, called))
            return state

    def _column(self, record: Any, found: Found, called: str) -> Any:
        """A record's examples side by side, under a name."""
        if record not in self.of:
            self._make(record)
        new = self.of[record]
        if found.columns:
            return new if new._name is not None or new.operation is None else name(new, called)
        if record in self.columns:
            return self.columns[record]
        rows = new if new.ndim == 2 else np.reshape(new, flat(new))
        column = self.columns[record] = name(rows.T, called)
        return column

    def _hand_on(self, record: Any, state: Any, found: Found, time: int) -> None:
        """The new state in the layout that the rest of the recording has."""
        self.columns[record] = state
        if found.columns:
            self.of[record] = state
            return
        with scope(time=time):
            rows = state.T
            self.of[record] = rows if rows.shape == record.shape else np.reshape(rows, record.shape)


def _weights(gate: Gate) -> list[Weight]:
    return [*(w for _, w in gate.x), *gate.a, *gate.b, *gate.peephole, *gate.inner]


def _recurrent_step(found: Found, of: Any) -> RecurrentStep:
    """The cell's step, its weights recorded as parts of the file's."""
    inputs = found.steps[-1].inputs
    parts = {}
    gates = found.steps[-1].gates
    one_gate = "r" in gates and found.tied
    for called in [g for g in "azurfco" if g in gates and not (one_gate and g == "r")]:
        gate = gates[called]
        weights = [w for x in inputs for data, w in gate.x if data is x]
        parts[called] = Part(
            _named(_beside([w.matrix() for w in weights]), f"W_{called}x"),
            _named(_beside([w.matrix() for w in gate.a]), f"W_{called}a"),
            _named(_column_of(gate.b), f"b_{called}"),
            _named(_column_of(gate.inner), f"b_{called}a"),
            _named(_column_of(gate.peephole), f"p_{called}"),
        )
    return KINDS[found.kind](
        parts,
        (found.activation,) if found.activation is not None else (),
        reset_after=found.reset_after,
        one_gate=one_gate,
        sees=found.sees or "current",
        coupled=found.coupled,
    )


def _named(value: Any, called: str) -> Any:
    """A part of a weight under its name; a leaf keeps its own."""
    return value if value is None or value.operation is None or _is_called(value, called) else name(value, called)


def _is_called(value: Any, called: str) -> bool:
    """Whether it is a leaf of that name as a column."""
    return value.operation.rearranges and value.inputs[0]._name == called


def _beside(matrices: list[Any]) -> Any:
    return None if not matrices else matrices[0] if len(matrices) == 1 else np.concatenate(matrices, axis=1)


def _column_of(vectors: list[Weight]) -> Any:
    """The sum of vectors as a column; None of none."""
    found = [vector.vector() for vector in vectors]
    if any(vector.ndim == 2 for vector in found):
        found = [vector if vector.ndim == 2 else np.reshape(vector, (-1, 1)) for vector in found]
    total: Any = None
    for vector in found:
        total = vector if total is None else total + vector
    return total if total is None or total.ndim == 2 else np.reshape(total, (-1, 1))


@dataclass(frozen=True, slots=True)
class Where:
    """Where a cell stands: its layer, its direction, and the time of each of its steps."""

    layer: int | None
    direction: str | None
    times: tuple[int, ...]


def places(cells: list[Found]) -> list[Where]:
    """Where each cell stands.

    One that reads what another made is above it. One whose inputs are counted down runs from the last step to the
    first; two in one layer, of which one does, are its two directions.
    """
    depths: list[int] = []
    times: list[tuple[int, ...]] = []
    made_at: dict[Any, int] = {}
    for cell in cells:
        below = [depths[i] for i, other in enumerate(cells[: len(depths)]) if _reads(cell, other)]
        depths.append(1 + max(below, default=0))
        steps = len(cell.steps)
        down = _counts_down(cell, made_at)
        times.append(tuple(range(steps, 0, -1) if down else range(1, steps + 1)))
        for step, time in zip(cell.steps, times[-1], strict=True):
            made_at |= dict.fromkeys(step.after.values(), time)
    several = len(set(depths)) > 1
    both = {depth for depth in depths if {t[0] > t[-1] for d, t in zip(depths, times) if d == depth} == {True, False}}
    return [
        Where(
            depth if several else None,
            None if depth not in both else "backward" if time[0] > time[-1] else "forward",
            time,
        )
        for depth, time in zip(depths, times, strict=True)
    ]


def _reads(cell: Found, other: Found) -> bool:
    """Whether what a cell reads was made of what another has made."""
    made = [x for step in cell.steps for x in step.inputs]
    graph = Graph(*made) if made else ()
    return any(state in graph for step in other.steps for state in step.after.values())


def _counts_down(cell: Found, made_at: dict[Any, int]) -> bool:
    """Whether the steps are marked from the last to the first, or else their inputs are taken so."""
    marked = [next(iter(step.after.values())).scope.time for step in cell.steps]
    if None not in marked:
        return marked[0] > marked[-1]
    counted = []
    for step in cell.steps:
        numbers = {place[1] for x in step.inputs if (place := element(x)) is not None}
        numbers |= {made_at[y] for x in step.inputs for part in joined(x, cell.columns) if (y := part) in made_at}
        counted.append(numbers)
    one = [min(numbers) for numbers in counted if len(numbers) == 1]
    return len(one) == len(counted) and all(a > b for a, b in pairwise(one))
