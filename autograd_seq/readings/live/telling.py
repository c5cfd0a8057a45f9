"""instructions(): a recording, forward and back, as plain data that a machine without NumPy follows.

A page, or any other program with a row of numbers and some thirty words, computes with it what the
recording would have been with other inputs: every value, every adjoint, what each use gave back and
what each time step gave to a shared parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd_seq.operations as ops
from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError
from autograd_seq.core.graph import Graph
from autograd_seq.core.part import Part
from autograd_seq.core.recording import Recording, differentiate
from autograd_seq.core.rules import fitted
from autograd_seq.core.scope import Marked, Scope
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.literal import is_literal
from autograd_seq.readings.contributions import Place, split
from autograd_seq.readings.live.memory import Memory
from autograd_seq.readings.live.saying import Saying
from autograd_seq.readings.live.scalar_terms import UnsaidError


@dataclass(eq=False)
class Instructions:
    """What a machine has to do, and where it finds what.

    Attributes
    ----------
    memory : Memory
        The row of numbers and the instructions.
    given : list of Tensor
        The leaves whose numbers may be changed.
    adjoints : dict
        From each record that the derivative passes through to its adjoint.
    pieces : dict
        From each use, a record and the place of an input, to what it gives back.
    positions : dict
        From each tensor, of either pass, to the positions of its elements.
    ends : dict
        From each tensor that instructions of its own make to where in the code these end.
    """

    memory: Memory
    given: list[Tensor]
    adjoints: dict[Tensor, Tensor]
    pieces: dict[tuple[Tensor, int], Tensor]
    positions: dict[Tensor, Array]
    ends: dict[Tensor, int]
    _telling: _Telling

    def contributions(self, leaf: Tensor) -> dict[Place, Array]:
        """The positions of what each place gave to a parameter's gradient; see `autograd_seq.contributions`."""
        return self._telling.contributions(leaf)


def instructions(graph: Graph, loss: Tensor | None = None, gradient: Any = None) -> Instructions:
    """A recording as instructions.

    Parameters
    ----------
    graph : Graph
        The forward pass.
    loss : Tensor, optional
        What to differentiate; without it there is no backward pass.
    gradient : array_like, optional
        The adjoint to start from.

    Raises
    ------
    UsageError
        If an operation cannot be told to a machine; the message says which, where, and why.

    Examples
    --------
    >>> from autograd_seq import Graph, Parameter, tanh
    >>> W = Parameter(0.5, "W")
    >>> loss = tanh(W * W)
    >>> told = instructions(Graph(loss), loss)
    >>> told.memory.words[:2]
    ['multiply', 'tanh']
    """
    telling = _Telling(graph, loss, gradient)
    return telling.told


def changeable(record: Tensor) -> bool:
    """Whether a leaf holds numbers that somebody may want to change: floats that are not written in the formula."""
    return record.operation is None and record.dtype.kind == "f" and not is_literal(record)


class _Telling:
    def __init__(self, graph: Graph, loss: Tensor | None, gradient: Any) -> None:
        self.graph, self.loss = graph, loss
        memory = Memory()
        self.saying = Saying(memory)
        given = [record for record in graph if changeable(record)]
        self.told = Instructions(memory, given, {}, {}, {}, {}, self)
        self.changing = set(given)
        for record in given:
            self.told.positions[record] = memory.constant(record._value)
        self.places = graph.places
        self._all(graph)
        if loss is not None:
            self.recording: Recording = differentiate(loss, gradient)
            self._back()

    def _back(self) -> None:
        """The reverse sweep: adjoints, and what every use gave back."""
        self._all(self.recording.backward)
        for record, adjoint in self.recording.adjoints.items():
            self.told.adjoints[record] = adjoint
            self._tell(adjoint)
        for use, piece in self.recording.pieces.items():
            self.told.pieces[use] = _whole(piece)
            self._tell(self.told.pieces[use])

    def contributions(self, leaf: Tensor) -> dict[Place, Array]:
        if self.loss is None:
            return {}
        output = self.recording.forward.outputs[0]
        uses = self.recording.forward.consumers()
        with Marked(Scope()):
            parts = split(leaf, self.recording.forward, uses, self.told.adjoints, output, self._pull)
        return {place: self._tell(part) for place, part in parts.items()}

    def _pull(self, user: Tensor, i: int, adjoint: Tensor) -> Tensor:
        """What an adjoint gives to an input of its record: what the sweep recorded, or, of a share of it, anew."""
        if adjoint is self.told.adjoints[user]:
            return self.told.pieces[user, i]
        rules: Any = user.operation.vjp
        return _whole(fitted(rules[i](adjoint, user, *user.inputs, **user.settings), user, user.inputs[i]))

    def _tell(self, tensor: Tensor) -> Array:
        """The positions of a tensor's elements, whatever it takes to make them told first."""
        if tensor not in self.told.positions:
            self._all(Graph(tensor))
        return self.told.positions[tensor]

    def _all(self, records: Any) -> None:
        for record in records:
            if record not in self.told.positions:
                self._one(record)

    def _one(self, record: Tensor) -> None:
        memory, positions = self.saying.memory, self.told.positions
        for x in record.inputs:  # a backward recording refers to forward records
            if x not in positions:
                self._one(x)
        if not any(x in self.changing for x in record.inputs):
            positions[record] = memory.constant(record._value)
            return
        self.changing.add(record)
        before = len(memory.code)
        try:
            positions[record] = self.saying.say(record, [positions[x] for x in record.inputs])
        except (UnsaidError, TypeError, ValueError, AttributeError) as error:
            raise self._refused(record, error) from error
        if len(memory.code) > before:
            self.told.ends[record] = len(memory.code)

    def _refused(self, record: Tensor, error: Exception) -> UsageError:
        line = f" ({record.source})" if record.source else ""
        return UsageError(
            f"a page cannot compute {record.operation.name} at {record.label}{line}: {error}. Give the operation the "
            f"trait element, longhand or a meaning that decides nothing by itself; or leave out live=True{here()}"
        )


def _whole(piece: Any) -> Tensor:
    """What a use gave back, in the input's shape."""
    if type(piece) is Part:
        whole: Tensor = ops.scatter([piece.piece], (piece.index,), piece.shape)
        return whole
    tensor: Tensor = piece if isinstance(piece, Tensor) else Tensor(np.asarray(piece))
    return tensor.record
