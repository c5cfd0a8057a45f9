"""The true gradients of a forward pass, with the recording that they come from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import autograd_seq.operations as ops
from autograd_seq.core.array import Array
from autograd_seq.core.errors import GraphLostError, UsageError
from autograd_seq.core.graph import Graph
from autograd_seq.core.recording import Recording, _passes_on, _Recorder
from autograd_seq.core.scope import Marked, Reads, reads
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis import calling
from autograd_seq.diagnosis.fit_to_record import fit_to_record
from autograd_seq.diagnosis.follow import Follower
from autograd_seq.readings.textbook.longhand import Activations

Forward = Callable[..., tuple[Mapping[str, Any], Any]]


@dataclass
class Truth:
    """A recorded forward pass and its backward pass.

    Attributes
    ----------
    inputs : dict
        Each input that can have a gradient, as a leaf.
    outputs : dict
        Each output, as a record.
    seeds : dict
        The adjoint that each output was given.
    recording : Recording
        Both passes.
    read : str or None
        A line of the program that took plain numbers out of what depends on the inputs, as ``.tolist()`` does.
    lines : frozenset of (str, int)
        The files and numbers of the lines that made what the outputs depend on: those are right by definition.
    """

    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]
    seeds: dict[str, Tensor]
    recording: Recording
    read: str | None = None
    lines: frozenset[tuple[str, int]] = frozenset()

    @property
    def has_turns(self) -> bool:
        """Whether a loop of the program ran more than once."""
        return any((r.scope.time or 0) > 1 for r in self.recording.forward)

    def uses(self, key: str) -> tuple[Tensor | None, list[Tensor]]:
        """The leaf of an input, and the records of the forward pass that depend on it."""
        leaf = self.inputs.get(key)
        behind = {leaf} if leaf is not None else set()
        found = []
        for r in self.recording.forward if behind else ():
            if any(x in behind for x in r.inputs):
                behind.add(r)
                found.append(r)
        return leaf, found

    @property
    def gradients(self) -> dict[str, Array]:
        """The gradient of each input under ``"d" + name``; zeros where an input has no influence."""
        adjoints = self.recording.adjoints
        return {f"d{key}": adjoints[x]._value if x in adjoints else np.zeros(x.shape) for key, x in self.inputs.items()}


def record(forward: Forward, inputs: Mapping[str, Any], upstream: Mapping[str, Array]) -> Truth:
    """Run `forward` on tensors and differentiate it.

    Raises
    ------
    UsageError
        If it does not answer ``(outputs, cache)``.
    AutogradError
        If it cannot be recorded.
    """
    theirs = calling.spaces(forward)
    try:
        return _record(forward, inputs, upstream, calling.files(theirs))
    except (TypeError, ValueError, RuntimeError):  # such as an assignment into an array that np.zeros made
        with calling.recording(theirs):
            try:
                return _record(forward, inputs, upstream, calling.files(theirs))
            except GraphLostError:  # an array that a formula made is written into, say
                with fit_to_record([forward], theirs):
                    return _record(forward, inputs, upstream, calling.files(theirs))


def _record(
    forward: Forward, inputs: Mapping[str, Any], upstream: Mapping[str, Array], files: Collection[str]
) -> Truth:
    leaves = {
        key: Tensor(value, key, requires_grad=True)
        for key, value in inputs.items()
        if np.asarray(value).dtype.kind == "f"
    }
    follower = Follower(forward, files)
    noted: Reads = []
    token = reads.set(noted)
    try:
        answer = follower.run(forward, {**inputs, **leaves})
    finally:
        reads.reset(token)
    results = {}
    for key, value in outputs_of(answer).items():
        if not isinstance(value, Tensor):
            value = ops.stack([v for v in value]) if isinstance(value, list) else Tensor(value)
        results[key] = value.record
    graph = Graph(*results.values())
    lines = frozenset((line.file, line.line) for r in graph if _computes(r) and (line := r.source) is not None)
    made = _tidied(results, graph, follower)
    for key, output in made.items():
        if output.operation is not None and output._name is None:
            output._name = key
    flat = {key for key, r in made.items() if r.operation is not None and not r.requires_grad}
    if flat and flat == set(made):
        raise UsageError(f"{', '.join(sorted(flat))} has no derivative by any input")
    seeds = {key: Tensor(value) for key, value in upstream.items() if key in made and key not in flat}
    recording = _Several({made[key]: seeds[key] for key in seeds}).run()
    for key, seed in seeds.items():
        taken = {x._name for x in made.values()}
        seed._name = f"d{key}" if key not in taken or recording.adjoints[made[key]] is seed else f"d{key}_upstream"
    read = next((str(line) for tensor, line in noted if tensor.requires_grad and line is not None), None)
    return Truth(leaves, made, seeds, recording, read, lines)


def outputs_of(answer: Any) -> dict[str, Any]:
    """The outputs in what a forward pass returned."""
    if not (isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[0], Mapping)):
        raise UsageError(_what_to_return(answer))
    return dict(answer[0])


def _what_to_return(answer: Any) -> str:
    """What a forward pass that returned something else should write."""
    if answer is None:
        return (
            "forward must return (outputs, cache), such as return {'a': a}, cache ; it returned None: "
            "is its return missing?"
        )
    if isinstance(answer, Mapping):
        return (
            "forward must return (outputs, cache); it returned a dict alone. Write return outputs, cache with a dict "
            "of the outputs, and a cache of what backward reads"
        )
    if not isinstance(answer, (tuple, list)):
        name = "J" if np.ndim(answer) == 0 else "a"
        return (
            f"forward must return (outputs, cache); it returned its value alone ({type(answer).__name__}). "
            f"Write return {{'{name}': {name}}}, cache with what backward reads in the cache, and begin "
            f"backward(upstream, cache) with upstream['{name}'], the adjoint of {name}"
        )
    if len(answer) == 2 and not isinstance(answer[0], Mapping):
        name = "J" if np.ndim(answer[0]) == 0 else "a"
        return (
            "forward must return its outputs under their names, as a dict. "
            f"Write return {{'{name}': {name}}}, cache in place of return {name}, cache ; backward(upstream, cache) "
            f"then begins with upstream['{name}'], the adjoint of {name}"
        )
    return (
        "forward must return two things, a dict of its outputs and a cache, such as "
        f"return {{'a': a, 'y': y}}, cache ; it returned {len(answer)} things"
    )


class _Several(_Recorder):
    """The reverse sweep from several outputs at once, each with its own adjoint."""

    def __init__(self, seeds: Mapping[Tensor, Tensor]) -> None:
        self.outputs = dict(seeds)
        self.seed = Tensor(0.0)
        self.adjoints = {}
        self.emitted = {}
        self.pieces = {}

    def run(self) -> Recording:
        """Differentiate the sum of outputs times adjoints."""
        forward = Graph(*self.outputs)
        pieces: dict[Tensor, list[Any]] = {output: [seed] for output, seed in self.outputs.items()}
        for node in reversed(forward.records):
            if node in pieces:
                with Marked(node.scope):
                    self._step(node, pieces)
        made = {r for records in self.emitted.values() for r in records} | set(self.outputs.values())
        ends = [self.adjoints[node] for node in forward if node in self.adjoints and not _passes_on(node)]
        return Recording(forward, Graph(*ends, within=made), self.adjoints, self.emitted, self.pieces)


# -- a recording as a person would have written it ---------------------------------------------


def _tidied(outputs: dict[str, Tensor], graph: Graph, follower: Follower) -> dict[str, Tensor]:
    """The same graph with the program's own names and time steps, and with each activation in one record."""
    follower.learn(graph)
    timed = any(r.scope.time is not None for r in graph)
    known = Activations()
    new: dict[Tensor, Tensor] = {}
    for r in graph:
        if r.operation is None:
            r._name = r.name
            if r.name is None and r.size > 1:
                r._name = follower.constant(r._value)
            new[r] = r
            continue
        place = r.scope if timed else replace(r.scope, time=follower.time_of(r))
        with Marked(place):
            made = known.found(r, new)
            if made is None:
                made = r.operation.record(r._value, tuple(new[x] for x in r.inputs), r.settings, r.requires_grad)
        made._code, made._offset, made._origin = r._code, r._offset, r._origin
        made._name = r._name or follower.names.get(r) or r.name
        new[r] = made
    for r in new.values():
        if r.name and r.operation is not None and len(r.inputs) == 1 and is_activation(r):
            z = r.inputs[0]
            if z.name is None and z.operation is not None:
                z._name = f"z_{r.name}"
    return {key: new[r] for key, r in outputs.items()}


def _computes(r: Tensor) -> bool:
    """Whether a record makes new numbers: what only joins others may stand at the line that reads them first."""
    rearranged = ("replaced parts", "joined", "stacked", "part", "name")
    return r.operation is not None and not r.operation.rearranges and r.operation.algebra not in rearranged


def is_activation(r: Tensor) -> bool:
    """Whether a record is a function with a bend of one array, such as tanh."""
    return r.operation is not None and r.operation.activation


def bends_elements(r: Tensor) -> bool:
    """Whether a record is an activation of each element by itself, unlike softmax."""
    return is_activation(r) and r.operation.elementwise
