"""The records of both passes as nodes of one kind: sums made explicit, so that every time step has the same form.

A reverse sweep records a sum only where an adjoint has several terms; at the last step,
where nothing comes from the right, the one term stands for itself. Here each adjoint is
a `total` of its terms, one or more, under the name of its forward record.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autograd_seq.backward import Recording
from autograd_seq.graph import Graph
from autograd_seq.operation import Operation
from autograd_seq.readings.expression import is_literal
from autograd_seq.tensor import Tensor

if TYPE_CHECKING:
    from autograd_seq.readings.folded import Family


@dataclass(eq=False, repr=False, slots=True)
class Node:
    """One record in a fold.

    Attributes
    ----------
    record : Tensor
        Where its value, shape and name are.
    operation : Operation or None
        What made it; None for a leaf and for a total.
    total : bool
        Whether it is the sum of its inputs, however many there are.
    inputs : list of Node
        Its operands, or its terms.
    name : str or None
        Its name without a place.
    time : int or None
        Its step, said or inferred.
    owner : Node or None
        For a backward node, the forward node whose VJP rule made it.
    adjoint_of : Node or None
        For an adjoint, the forward node that it belongs to.
    order : int
        Its place in the order in which things were made.
    family : Family or None
        The same node at all steps, where there is such.
    """

    record: Tensor
    operation: Operation | None
    total: bool
    inputs: list[Node]
    name: str | None
    time: int | None
    owner: Node | None = None
    adjoint_of: Node | None = None
    order: int = 0
    family: Family | None = None

    def __repr__(self) -> str:
        return f"<node {self.order}: {self.name or self.record.label}>"

    @property
    def parameters(self) -> dict[str, Any]:
        """The operation's settings."""
        return {} if self.total else self.record.parameters

    @property
    def leaf(self) -> bool:
        """Whether nothing in the recording made it."""
        return self.operation is None and not self.total

    @property
    def literal(self) -> bool:
        """Whether it is written as a number."""
        return self.leaf and is_literal(self.record)

    @property
    def lane(self) -> tuple[int | None, str | None]:
        """Layer and direction."""
        if self.adjoint_of is not None:
            return self.adjoint_of.lane
        return self.record.scope.layer, self.record.scope.direction


@dataclass(slots=True)
class Nodes:
    """All nodes of one or both passes, in order.

    Attributes
    ----------
    forward : dict
        From forward records to nodes.
    adjoints : dict
        From forward nodes to the nodes of their adjoints.
    every : list of Node
        All, in order.
    """

    forward: dict[Tensor, Node] = field(default_factory=dict)
    adjoints: dict[Node, Node] = field(default_factory=dict)
    every: list[Node] = field(default_factory=list)
    _literals: dict[tuple[str, Any], Node] = field(default_factory=dict)

    def add(self, node: Node) -> Node:
        """Append a node."""
        node.order = len(self.every)
        self.every.append(node)
        return node

    def leaf(self, record: Tensor, time: int | None) -> Node:
        """The node of a leaf; equal numbers share one."""
        if is_literal(record):
            key = (str(record.dtype), repr(record._value.item()))  # as text, which tells -0.0 from 0.0
            if key not in self._literals:
                self._literals[key] = self.add(Node(record, None, False, [], None, None))
            return self._literals[key]
        return self.add(Node(record, None, False, [], record.name, time))


def of_graph(graph: Graph) -> Nodes:
    """The nodes of one graph."""
    nodes = Nodes()
    scopes = graph.scopes
    for record in graph:
        if record.operation is None:
            nodes.forward[record] = nodes.leaf(record, scopes[record].time)
        else:
            inputs = [nodes.forward[x] for x in record.inputs]
            nodes.forward[record] = nodes.add(
                Node(record, record.operation, False, inputs, record.name, scopes[record].time)
            )
    _join_sums(nodes.every, {nodes.forward[record] for record in graph.outputs})
    return nodes


def _join_sums(nodes: list[Node], outputs: set[Node]) -> None:
    """Make one total of a chain of additions over time steps, as of losses: ((L<1> + L<2>) + L<3>)."""
    uses: dict[Node, int] = {}
    for node in nodes:
        for x in node.inputs:
            uses[x] = uses.get(x, 0) + 1

    def terms(root: Node) -> list[Node]:
        found: list[Node] = []
        stack = list(root.inputs)[::-1]
        while stack:
            x = stack.pop()
            inner = _is_plain_sum(x) and x.name is None and uses[x] == 1 and x not in outputs
            if inner and (x.time is None) is (root.time is None):
                stack.extend(reversed(x.inputs))
            elif not (x.literal and not x.record._value.any()):
                found.append(x)
        return found

    for node in reversed(nodes):  # the outermost addition first
        if _is_plain_sum(node):
            parts = terms(node)
            times = {x.time for x in parts if x.time is not None}
            if len(times) > 1 and (node.time is None or len(times) == len(parts) > 2):
                node.operation, node.total, node.inputs, node.time = None, True, parts, None


def _is_plain_sum(node: Node) -> bool:
    """An addition without broadcasting."""
    return (
        node.operation is not None
        and node.operation.adds
        and all(x.record.shape == node.record.shape for x in node.inputs)
    )


def of_recording(recording: Recording) -> Nodes:
    """The nodes of a forward and a backward pass."""
    nodes = of_graph(recording.forward)
    scopes = recording.forward.scopes
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
        time = scopes[f].time

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
            made[record] = nodes.add(node)

        before = [r for r in fresh if r.index < adjoint.index] if own else []
        if own and not summed:
            before.append(adjoint)
        for record in before:
            emit(record)
        terms = [node_of(x) for x in adjoint.inputs] if summed else [node_of(adjoint)]
        name = "d" + f.name if f.name else None
        total = nodes.add(Node(adjoint, None, True, terms, name, time, owner=forward, adjoint_of=forward))
        nodes.adjoints[forward] = total
        here[adjoint] = total
        later = set(before) | {adjoint}
        for record in fresh:
            if record not in later:
                emit(record)
        if adjoint not in made or not made[adjoint].total:
            made[adjoint] = total  # where a rule passes the adjoint on, it is this one that is passed on
    return nodes
