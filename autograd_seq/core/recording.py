"""differentiate(): the reverse sweep as a recording of its own, which every reading of a forward pass reads too."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import autograd_seq.operations as ops  # the sweep's own words: identity, accumulate, scatter
from autograd_seq.core import errors
from autograd_seq.core.backward import record_of, seed_for
from autograd_seq.core.graph import Graph
from autograd_seq.core.part import Part
from autograd_seq.core.program_names import NOWHERE
from autograd_seq.core.record import Record, next_index
from autograd_seq.core.rules import fitted
from autograd_seq.core.scope import Marked


@dataclass(frozen=True, slots=True)
class Recording:
    """A forward pass, its backward pass, and which adjoint belongs to which record.

    Attributes
    ----------
    forward : Graph
        The forward pass.
    backward : Graph
        The backward pass; it refers to the forward records whose values it uses.
    adjoints : dict
        From each forward record that the derivative passes through to its adjoint, a tensor.
    emitted : dict
        From each forward record to the backward records that its VJP rules made, in order.
    pieces : dict
        From each use, a record and the place of one of its inputs, to what it gave back to that input's adjoint: a
        tensor, or a `Part`.
    """

    forward: Graph
    backward: Graph
    adjoints: dict[Any, Any]
    emitted: dict[Any, list[Any]]
    pieces: dict[tuple[Any, int], Any] = field(default_factory=dict)

    def adjoint(self, tensor: Record) -> Any:
        """The adjoint of a tensor of the forward graph.

        Raises
        ------
        GradientError
            If the derivative does not pass through it.
        """
        found = self.adjoints.get(tensor.record)
        if found is None:
            raise errors.no_derivative(tensor)
        return found


def differentiate(output: Record, gradient: Any = None) -> Recording:
    """Run the reverse sweep as a recording of its own.

    Parameters
    ----------
    output : Tensor
        A scalar, or any tensor with `gradient`.
    gradient : array_like or Tensor, optional
        The adjoint to start from, of the output's shape.

    Returns
    -------
    Recording
        Both graphs and the adjoint of every record. Adjoints are named after their records, a ``d``
        before the name, and carry their place and source line.

    Raises
    ------
    GradientError
        If there is nothing to differentiate, or `output` is not a scalar and has no `gradient`.

    Examples
    --------
    >>> from autograd_seq import Parameter, Tensor, differentiate, name, tanh
    >>> W = Parameter([[0.5]], "W")
    >>> loss = name(tanh(W @ Tensor([[2.0]])), "a").sum()
    >>> recording = differentiate(loss)
    >>> recording.adjoint(W).name, recording.adjoint(W).value.round(4)
    ('dW', array([[0.8399]]))
    """
    return _Recorder(record_of(output), gradient).run()


class _Recorder:
    """The sweep over tensors: like `backward.sweep`, but each step leaves records, with names, places and lines."""

    def __init__(self, output: Record, gradient: Any) -> None:
        seed = seed_for(output, gradient)
        self.output = output
        self.seed = gradient.record if isinstance(gradient, Record) else Record.held(seed)
        if not isinstance(gradient, Record):
            self.seed.scope = output.scope
        self.adjoints: dict[Any, Any] = {}
        self.emitted: dict[Any, list[Any]] = {}
        self.pieces: dict[tuple[Any, int], Any] = {}

    begun = 0  # the records of the sweep are younger

    def run(self) -> Recording:
        forward = Graph(self.output)
        pieces: dict[Record, list[Any]] = {self.output: [self.seed]}
        places, self.begun = forward.places, next_index()
        for node in reversed(forward.records):
            if node in pieces:
                with Marked(places[node]):
                    self._step(node, pieces)
        made = {record for records in self.emitted.values() for record in records} | {self.seed}
        ends = [self.adjoints[node] for node in forward if node in self.adjoints and not _passes_on(node)]
        return Recording(forward, Graph(*ends, within=made), self.adjoints, self.emitted, self.pieces)

    def _step(self, node: Record, pieces: dict[Any, list[Any]]) -> None:
        start = next_index()
        adjoint = _total(pieces.pop(node))
        if node._name is not None:
            if adjoint.name or (adjoint.index < start and adjoint is not self.seed):
                adjoint = ops.identity(adjoint)  # the same number under another name
            adjoint._name = "d" + node._name
        elif node.name and adjoint._name is None:  # of two variables with one adjoint, the first gives it its name
            if adjoint.index < self.begun and adjoint is not self.seed:
                adjoint = ops.identity(adjoint)  # a value of the forward pass keeps its own
            adjoint._name = "d" + node.name
        self.adjoints[node] = adjoint
        made: list[Any] = [adjoint]
        if node.operation is not None:
            rules: Any = node.operation.vjp
            rule_of = node.operation.prepared(adjoint, node, node.inputs, node.settings)
            for i, x in enumerate(node.inputs):
                if x.requires_grad and rules[i] is not None:
                    piece = fitted(rule_of(i), node, x)
                    piece = piece if isinstance(piece, (Record, Part)) else Record.held(piece)  # plain numbers
                    pieces.setdefault(x, []).append(piece)
                    self.pieces[node, i] = piece
                    made.append(piece.piece if type(piece) is Part else piece)
        self.emitted[node] = _since(start, made, node)


def _passes_on(node: Record) -> bool:
    return any(x.requires_grad for x in node.inputs)


def _total(pieces: list[Any]) -> Record:
    """The sum of a record's uses; parts of it are gathered in one buffer."""
    parts = [piece for piece in pieces if type(piece) is Part]
    whole = [piece for piece in pieces if type(piece) is not Part]
    if parts:
        whole.append(ops.scatter([p.piece for p in parts], tuple(p.index for p in parts), parts[0].shape))
    return whole[0] if len(whole) == 1 else ops.accumulate(whole)


def _since(start: int, made: list[Record], node: Record) -> list[Record]:
    """Everything recorded since `start` behind `made`, in order; each gets the line of the record it serves."""
    fresh: set[Record] = set()
    stack = list(made)
    while stack:
        record = stack.pop()
        if record.index > start and record not in fresh:
            fresh.add(record)
            record._code, record._offset, record._origin = node._code, node._offset, NOWHERE
            stack.extend(record.inputs)
    return sorted(fresh, key=lambda record: record.index)
