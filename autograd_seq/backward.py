"""The reverse sweep: from an output back through time, youngest record first.

The same sweep runs in two ways. `backward` runs the VJP rules on bare arrays and keeps
only the leaves' gradients. `differentiate` runs them on tensors, so that the backward
pass is itself a recording, and every reading of a forward pass reads it too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

import numpy as np
from numpy import ndarray

import autograd_seq.operations as ops
from autograd_seq.errors import GradientError, ShapeError, UsageError
from autograd_seq.graph import Graph
from autograd_seq.operations.indexing import Part
from autograd_seq.protocols import note_read
from autograd_seq.rules import all_there, fitted
from autograd_seq.rules import unbroadcast as unbroadcast
from autograd_seq.scope import present
from autograd_seq.source_line import here
from autograd_seq.tensor import Array, Tensor, as_array, next_index


def record_of(output: Any) -> Tensor:
    """The record that a sweep starts from."""
    if not isinstance(output, Tensor):
        raise UsageError(
            f"only a tensor can be differentiated, not {type(output).__name__}: "
            f"make the weights Parameter(...) and keep .value and .item() out of the computation{here()}"
        )
    return output.record


def seed_for(output: Tensor, gradient: Any) -> Array:
    """The adjoint that a sweep starts from."""
    if not output.requires_grad:
        raise GradientError(
            f"nothing that {output.label} was made from requires a gradient: "
            f"make the weights Parameter(...) or Tensor(..., requires_grad=True){here()}"
        )
    if gradient is None:
        if output.size != 1:
            raise GradientError(
                f"{output.label} has shape {output.shape}: a derivative needs a scalar, or an adjoint of that shape. "
                f"Write {output.label}.sum() first, or give gradient=...{here()}"
            )
        return np.ones(output.shape, output.dtype)
    seed = as_array(gradient.value if isinstance(gradient, Tensor) else gradient, output.dtype)
    if seed.shape != output.shape:
        raise ShapeError(f"the adjoint of {output.label} must have its shape {output.shape}, not {seed.shape}{here()}")
    return seed


def sweep(output: Tensor, seed: Array, everything: bool = False) -> list[tuple[Tensor, Array]]:
    """Run the VJP rules on bare arrays.

    The youngest record that still waits is always next, so all its uses have been met.
    The answer pairs each leaf (or, on demand, each record) with its whole adjoint.
    """
    note_read(output)  # adjoints in bare arrays come of every value
    found = []
    # By index, negative: a record, the sum of its adjoints so far, and whether that sum is an array of its own.
    waiting: dict[int, list[Any]] = {-output.index: [output, seed, False]}
    heap = [-output.index]
    while heap:
        node, adjoint, _ = waiting.pop(heappop(heap))
        if type(adjoint) is not ndarray:
            adjoint = _whole(adjoint)
        operation = node.operation
        if operation is None:
            found.append((node, adjoint))
            continue
        if everything:
            found.append((node, adjoint))
        pieces = operation.pull(node, adjoint)
        for x, piece in zip(node.inputs, pieces):
            if piece is None:
                if x.requires_grad:
                    all_there(node, pieces)
                continue
            try:
                if piece.shape != x._value.shape:
                    piece = fitted(piece, node, x)
            except AttributeError:
                piece = fitted(piece, node, x)
            key = -x.index
            if key not in waiting:
                waiting[key] = [x, piece, False]
                heappush(heap, key)
                continue
            entry = waiting[key]
            if entry[2] and type(piece) is ndarray:
                entry[1] += piece
            else:
                entry[1:] = _sum(entry[1], entry[2], piece), True
    return found


def _whole(adjoint: Any) -> Array:
    """An adjoint as an array: of a part of one, or of the scalar that NumPy makes of a 0-d array."""
    return adjoint.whole() if type(adjoint) is Part else np.asarray(adjoint)


def _sum(total: Any, own: bool, piece: Any) -> Array:
    """The sum of two adjoints in an array of its own: T uses of one weight need one buffer, not T."""
    if type(piece) is not Part and type(total) is not Part:
        return np.asarray(total + piece)
    if not own:
        total = total.whole() if type(total) is Part else np.array(total)
    if type(piece) is Part:
        piece.add_to(total)
    else:
        total += piece
    return total


def backward(output: Tensor, gradient: Any = None, accumulate: bool = False) -> None:
    """Leave in ``.grad`` of each leaf the derivative of `output`; see `Tensor.backward`."""
    record = record_of(output)
    replaced: set[int] = set()
    for leaf, adjoint in sweep(record, seed_for(record, gradient)):
        box: Any = leaf._gradient  # the successive values of one Parameter share it
        array = np.array(adjoint, dtype=leaf.dtype)
        box[0] = box[0] + array if box[0] is not None and (accumulate or id(box) in replaced) else array
        replaced.add(id(box))


@dataclass(frozen=True, slots=True)
class Recording:
    """A forward pass, its backward pass, and which adjoint belongs to which record.

    Attributes
    ----------
    forward, backward : Graph
        Both passes; the backward one refers to the forward records whose values it uses.
    adjoints : dict
        From each forward record that the derivative passes through to its adjoint, a tensor.
    emitted : dict
        From each forward record to the backward records that its VJP rules made, in order.
    """

    forward: Graph
    backward: Graph
    adjoints: dict[Tensor, Tensor]
    emitted: dict[Tensor, list[Tensor]]

    def adjoint(self, tensor: Tensor) -> Tensor:
        """The adjoint of a tensor of the forward graph.

        Raises
        ------
        GradientError
            If the derivative does not pass through it.
        """
        found = self.adjoints.get(tensor.record)
        if found is None:
            raise GradientError(f"no derivative passes through {tensor.label}{here()}")
        return found


def differentiate(output: Tensor, gradient: Any = None) -> Recording:
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
        If there is nothing to differentiate, or `output` is no scalar and has no `gradient`.

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
    """The sweep over tensors: like `sweep`, but each step leaves records, with names, places and lines."""

    def __init__(self, output: Tensor, gradient: Any) -> None:
        seed = seed_for(output, gradient)
        self.output = output
        self.seed = gradient.record if isinstance(gradient, Tensor) else Tensor(seed)
        if not isinstance(gradient, Tensor):
            self.seed.scope = output.scope
        self.adjoints: dict[Tensor, Tensor] = {}
        self.emitted: dict[Tensor, list[Tensor]] = {}

    def run(self) -> Recording:
        forward = Graph(self.output)
        pieces: dict[Tensor, list[Any]] = {self.output: [self.seed]}
        outside = present.get()
        try:
            for node in reversed(forward.records):
                if node in pieces:
                    present.set(forward.scopes[node])
                    self._step(node, pieces)
        finally:
            present.set(outside)
        made = {record for records in self.emitted.values() for record in records} | {self.seed}
        ends = [self.adjoints[node] for node in forward if node in self.adjoints and not _passes_on(node)]
        return Recording(forward, Graph(*ends, within=made), self.adjoints, self.emitted)

    def _step(self, node: Tensor, pieces: dict[Tensor, list[Any]]) -> None:
        start = next_index()
        adjoint = _total(pieces.pop(node))
        if node.name:
            if adjoint.name or (adjoint.index < start and adjoint is not self.seed):
                adjoint = ops.identity(adjoint)  # the same number under another name
            adjoint._name = "d" + node.name
        self.adjoints[node] = adjoint
        made: list[Any] = [adjoint]
        if node.operation is not None:
            rules: Any = node.operation.vjp
            for i, x in enumerate(node.inputs):
                if x.requires_grad and (rule := rules[i]) is not None:
                    piece = fitted(rule(adjoint, node, *node.inputs, **node.parameters), node, x)
                    piece = piece if isinstance(piece, (Tensor, Part)) else Tensor(piece)  # plain numbers
                    pieces.setdefault(x, []).append(piece)
                    made.append(piece.piece if type(piece) is Part else piece)
        self.emitted[node] = _since(start, made, node)


def _passes_on(node: Tensor) -> bool:
    return any(x.requires_grad for x in node.inputs)


def _total(pieces: list[Any]) -> Tensor:
    """The sum of a record's uses; parts of it are gathered in one buffer."""
    parts = [piece for piece in pieces if type(piece) is Part]
    whole = [piece for piece in pieces if type(piece) is not Part]
    if parts:
        whole.append(ops.scatter([p.piece for p in parts], tuple(p.index for p in parts), parts[0].shape))
    return whole[0] if len(whole) == 1 else ops.accumulate(whole)


def _since(start: int, made: list[Tensor], node: Tensor) -> list[Tensor]:
    """Everything recorded since `start` behind `made`, in order; each gets the line of the record it serves."""
    fresh: set[Tensor] = set()
    stack = list(made)
    while stack:
        record = stack.pop()
        if record.index > start and record not in fresh:
            fresh.add(record)
            record._code, record._offset = node._code, node._offset
            stack.extend(record.inputs)
    return sorted(fresh, key=lambda record: record.index)


def grad(output: Tensor, inputs: Any, gradient: Any = None, create_graph: bool = False) -> Any:
    """The derivative of `output` with respect to `inputs`, in the structure of `inputs`.

    Parameters
    ----------
    output : Tensor
        A scalar, or any tensor with `gradient`.
    inputs : Tensor, or list, tuple or dict of them, nested at will
        Any tensors of the graph that require a gradient, leaves or not.
    gradient : array_like or Tensor, optional
        The adjoint to start from.
    create_graph : bool
        Answer in tensors that were recorded, to be differentiated again; in arrays otherwise.

    Raises
    ------
    GradientError
        For an input that does not require a gradient.

    Examples
    --------
    >>> from autograd_seq import Tensor, grad
    >>> x = Tensor(2.0, requires_grad=True)
    >>> slope = grad(x ** 3, x, create_graph=True)
    >>> grad(slope, x)
    array(12.)
    """
    record = record_of(output)
    found: dict[int, Any] = {}
    wanted: set[int] = set()
    _each(inputs, lambda x: wanted.add(identity(x)))

    def visit(node: Tensor, adjoint: Any) -> None:
        key = identity(node)
        if key in wanted:
            found[key] = found[key] + adjoint if key in found else adjoint

    if create_graph:
        for node, recorded in differentiate(record, gradient).adjoints.items():
            visit(node, recorded)
    else:
        for node, array in sweep(record, seed_for(record, gradient), everything=True):
            visit(node, array)

    def answer(x: Tensor) -> Any:
        adjoint = found.get(identity(x))
        if adjoint is None:
            adjoint = np.zeros(x.shape, x.dtype)
            return Tensor(adjoint) if create_graph else adjoint
        return adjoint if create_graph else np.array(adjoint, dtype=x.dtype)

    return _each(inputs, answer)


def identity(x: Tensor) -> int:
    """What stays the same over the successive values of one Parameter."""
    record = x.record
    return id(record) if record._gradient is None else id(record._gradient)


def _each(structure: Any, function: Callable[[Tensor], Any]) -> Any:
    """Apply to each tensor of nested lists, tuples and dicts, and answer in their structure."""
    if isinstance(structure, Tensor):
        if not structure.requires_grad:
            raise GradientError(
                f"{structure.label} does not require a gradient: make it a Parameter, "
                f"or Tensor(..., requires_grad=True), before it is used{here()}"
            )
        return function(structure)
    if isinstance(structure, dict):
        return {key: _each(value, function) for key, value in structure.items()}
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):
        return type(structure)(*(_each(value, function) for value in structure))
    if isinstance(structure, (list, tuple)):
        return type(structure)(_each(value, function) for value in structure)
    raise UsageError(f"derivatives are taken with respect to tensors, not {type(structure).__name__}{here()}")
