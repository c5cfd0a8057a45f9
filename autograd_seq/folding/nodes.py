"""The records of both passes as nodes of one kind: sums made explicit, so that every time step has the same form.

A reverse sweep records a sum only where an adjoint has several terms; at the last step,
where nothing comes from the right, the one term stands for itself. Here each adjoint is
a `total` of its terms, one or more, under the name of its forward record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from autograd_seq.core.graph import Graph
from autograd_seq.core.recording import Recording
from autograd_seq.core.scope import Scope
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.literal import is_literal
from autograd_seq.folding.unit import Node


@dataclass(slots=True)
class Nodes:
    """All nodes of one or both passes, in order.

    Attributes
    ----------
    forward : dict
        From forward records to nodes.
    backward : dict
        From the records that VJP rules made to nodes; a sum of terms is the node of an adjoint.
    adjoints : dict
        From forward nodes to the nodes of their adjoints.
    every : list of Node
        All, in order.
    """

    forward: dict[Tensor, Node] = field(default_factory=dict)
    backward: dict[Tensor, Node] = field(default_factory=dict)
    adjoints: dict[Node, Node] = field(default_factory=dict)
    every: list[Node] = field(default_factory=list)
    _literals: dict[tuple[str, Any], Node] = field(default_factory=dict)

    def add(self, node: Node) -> Node:
        """Append a node."""
        node.order = len(self.every)
        self.every.append(node)
        return node

    def leaf(self, record: Tensor, time: int | None) -> Node:
        """The node of what nothing in the recording made; equal numbers share one."""
        if is_literal(record):
            key = (str(record.dtype), repr(record._value.item()))  # as text, which tells -0.0 from 0.0
            if key not in self._literals:
                self._literals[key] = self.add(Node(record, None, False, [], None, None))
            return self._literals[key]
        return self.add(Node(record, None, False, [], record.name, time))


def of_graph(graph: Graph, places: Mapping[Tensor, Scope]) -> Nodes:
    """The nodes of one graph, whose records are at some places."""
    nodes = Nodes()
    for record in graph:
        for x in record.inputs:
            if x not in nodes.forward:
                nodes.forward[x] = nodes.leaf(x, x.scope.time)  # of a forward pass that this one does not look behind
        if record.operation is None:
            nodes.forward[record] = nodes.leaf(record, places[record].time)
        else:
            inputs = [nodes.forward[x] for x in record.inputs]
            nodes.forward[record] = nodes.add(
                Node(record, record.operation, False, inputs, record.name, places[record].time)
            )
    return nodes


def join_sums(nodes: Nodes, outputs: Iterable[Tensor]) -> None:
    """Make one total of a chain of additions over time steps, as of losses: ((L<1> + L<2>) + L<3>)."""
    forward = list(dict.fromkeys(nodes.forward.values()))
    ends = {nodes.forward[record] for record in outputs}
    uses: dict[Node, int] = {}
    for node in forward:
        for x in node.inputs:
            uses[x] = uses.get(x, 0) + 1

    def terms(root: Node) -> tuple[list[Node], list[Node]]:
        found: list[Node] = []
        joined: list[Node] = []
        stack = list(root.inputs)[::-1]
        while stack:
            x = stack.pop()
            inner = _is_plain_sum(x) and not x.given and uses[x] == 1 and x not in ends
            if inner and (x.time is None) is (root.time is None):
                stack.extend(reversed(x.inputs))
                joined.append(x)
            elif not (x.literal and not x.record._value.any()):
                found.append(x)
        return found, joined

    for node in reversed(forward):  # the outermost addition first
        if _is_plain_sum(node):
            parts, joined = terms(node)
            times = {x.time for x in parts if x.time is not None}
            if len(times) > 1 and (node.time is None or len(times) == len(parts) > 2):
                node.operation, node.total, node.inputs, node.time = None, True, parts, None
                for x in joined:  # the variable that the terms are added up in is what it is at the end
                    x.name = None
                    if x in nodes.adjoints:
                        nodes.adjoints[x].name = None


def _is_plain_sum(node: Node) -> bool:
    """An addition without broadcasting."""
    return (
        node.operation is not None
        and node.operation.adds
        and all(x.record.shape == node.record.shape for x in node.inputs)
    )


def of_recording(recording: Recording, places: Mapping[Tensor, Scope]) -> Nodes:
    """The nodes of a forward pass, whose records are at some places, and of its backward pass."""
    nodes = of_graph(recording.forward, places)
    made: dict[Tensor, Node] = {}  # backward records

    def node_of(record: Tensor) -> Node:
        found = made.get(record) or nodes.forward.get(record)
        if found is None:
            found = made[record] = nodes.leaf(record, None)
        return found

    for f, adjoint in recording.adjoints.items():
        forward = nodes.forward[f]
        fresh = recording.emitted.get(f, [])
        own = adjoint in set(fresh)
        summed = own and adjoint.operation is not None and adjoint.operation.adds
        time = places[f].time

        here: dict[Tensor, Node] = {}  # what this step's rules see under another name

        def emit(
            record: Tensor, forward: Node = forward, time: int | None = time, here: dict[Tensor, Node] = here
        ) -> None:
            if record.operation is None:
                if not is_literal(record):
                    made[record] = nodes.leaf(record, time)
                return
            inputs = [here.get(x) or node_of(x) for x in record.inputs]
            node = Node(record, record.operation, False, inputs, None, time, owner=forward)
            made[record] = nodes.backward[record] = nodes.add(node)

        before = [r for r in fresh if r.index < adjoint.index] if own else []
        if own and not summed:
            before.append(adjoint)
        for record in before:
            emit(record)
        terms = [node_of(x) for x in adjoint.inputs] if summed else [node_of(adjoint)]
        name = "d" + f.name if f.name else None
        total = nodes.add(Node(adjoint, None, True, terms, name, time, owner=forward, adjoint_of=forward))
        nodes.adjoints[forward] = total
        if summed:
            nodes.backward[adjoint] = total
        here[adjoint] = total
        later = set(before) | {adjoint}
        for record in fresh:
            if record not in later:
                emit(record)
        if adjoint not in made or not made[adjoint].total:
            made[adjoint] = total  # where a rule passes the adjoint on, it is this one that is passed on
    return nodes
