"""The records of both passes as nodes of one kind: sums made explicit, so that every time step has the same form.

A reverse sweep records a sum only where an adjoint has several terms; at the last step,
where nothing comes from the right, the one term stands for itself. Here each adjoint is
a `total` of its terms, one or more, under the name of its forward record.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from autograd_seq.core.graph import Graph
from autograd_seq.core.recording import Recording
from autograd_seq.core.scope import Scope
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.folding.literal import is_literal
from autograd_seq.folding.provenance import CODE, COUNT, DATA, UNKNOWN, Origin, of_operand, of_sizes
from autograd_seq.folding.unit import Node
from autograd_seq.operations import negative


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

    def leaf(self, record: Tensor, time: int | None, origin: Origin | None = None) -> Node:
        """The node of what nothing in the recording made; equal numbers of one origin share one."""
        if not is_literal(record):
            return self.add(Node(record, None, False, [], record.name, time))
        key: Any = (str(record.dtype), repr(record._value.item()), origin)  # as text, which tells -0.0 from 0.0
        if origin is not None and origin.given and origin.varies:
            return self.add(Node(record, None, False, [], origin.words, time, origin=origin))
        if key not in self._literals:
            name = origin.words if origin is not None and origin.given else None
            self._literals[key] = self.add(Node(record, None, False, [], name, None, origin=origin))
        return self._literals[key]


def _origins(graph: Graph) -> dict[Tensor, Origin]:
    """Where the program has its numbers from, but for those that stand in its text."""
    found: dict[Tensor, Origin] = {}
    values: dict[tuple[Any, int, int], set[Any]] = {}  # by where a number is used, what it was there
    places: dict[Tensor, tuple[Any, int, int]] = {}
    for record in graph:
        for i, x in enumerate(record.inputs):
            if x.operation is None and x not in found and is_literal(x):
                found[x] = of_operand(record, i)
                if _is_unnamed(found[x]) and not of_sizes(record, i):
                    found[x] = replace(found[x], words="number")  # y.mean(): data that the program has no name for
                places[x] = record._code, record._offset, i
                values.setdefault(places[x], set()).add(x._value.item())
    return {x: _seen(origin, values[places[x]]) for x, origin in found.items() if origin.kind != CODE}


def _is_unnamed(origin: Origin) -> bool:
    return origin.kind == DATA and origin.words is None and origin is not UNKNOWN


def _seen(origin: Origin, values: set[Any]) -> Origin:
    """The origin of a number with what its values tell: the argument of a helper may be another at each call."""
    if origin.given and not origin.varies and len(values) > 1:
        return replace(origin, varies=True)
    return origin


def of_graph(graph: Graph, places: Mapping[Tensor, Scope]) -> Nodes:
    """The nodes of one graph, whose records are at some places."""
    nodes, origins = Nodes(), _origins(graph)
    for record in graph:
        for x in record.inputs:
            if x not in nodes.forward:
                nodes.forward[x] = nodes.leaf(x, x.scope.time, origins.get(x))  # of a pass not looked behind
        if record.operation is None:
            nodes.forward[record] = nodes.leaf(record, places[record].time, origins.get(record))
        else:
            inputs = [nodes.forward[x] for x in record.inputs]
            nodes.forward[record] = nodes.add(
                Node(record, record.operation, False, inputs, record.name, places[record].time)
            )
    return nodes


def join_sums(nodes: Nodes, outputs: Iterable[Tensor], absent: Container[Tensor] = ()) -> None:
    """Make one total of a chain of additions over time steps, as of losses: ((L<1> + L<2>) + L<3>).

    Without what is `absent`, which stands for a term of a step that was left out.
    """
    forward = list(dict.fromkeys(nodes.forward.values()))
    ends = {nodes.forward[record] for record in outputs}
    uses: dict[Node, int] = {}
    for node in forward:
        for x in node.inputs:
            uses[x] = uses.get(x, 0) + 1

    def terms(root: Node) -> list[Node]:
        """What a chain adds up; the additions inside of it are looked at once."""
        found: list[Node] = []
        links[root] = {}
        stack = _signed(root, 1)
        while stack:
            x, sign, user = stack.pop()
            inner = _is_plain_sum(x) and not x.given and uses[x] == 1 and x not in ends
            if inner and (x.time is None) is (root.time is None):
                stack.extend(_signed(x, sign))
                joined.add(x)
            elif not _is_nothing(x) and x.record not in absent:
                found.append(x if sign > 0 else _opposite(x, user, nodes))
                links[root][user] = found[-1]
        return found

    joined: set[Node] = set()
    links: dict[Node, dict[Node, Node]] = {}  # from each sum of a chain to the term that it adds
    for node in reversed(forward):  # the outermost addition first
        if node not in joined and _is_plain_sum(node):
            parts = terms(node)
            times = {x.time for x in parts if x.time is not None}
            if len(times) > 1 and (node.time is None or (len(parts) % len(times) == 0 and len(times) > 2)):
                node.operation, node.total, node.inputs, node.time = None, True, parts, None
                _join_adjoints(nodes, node, links[node])
                for x in links[node].keys() - {node}:  # the variable that is added up in is what it is at the end
                    x.name = None
                    if x in nodes.adjoints:
                        nodes.adjoints[x].name = None


def _join_adjoints(nodes: Nodes, root: Node, links: Mapping[Node, Node]) -> None:
    """The adjoint of a whole chain is that of each of its sums; what else their rules made belongs to their terms."""
    whole = nodes.adjoints.get(root)
    if whole is None:
        return
    whole.time = root.time
    parts = {nodes.adjoints.get(link) for link in links} - {None, whole}
    same = {part for part in parts if part is not None and part.record is whole.record}
    for node in nodes.every:
        if node.owner is not None and node.owner in links and node.adjoint_of is None:
            node.owner = links[node.owner]
            node.time = node.owner.time
        if same and node.owner is not None and node not in same:
            node.inputs = [whole if x in same else x for x in node.inputs]


def _signed(node: Node, sign: int) -> list[tuple[Node, int, Node]]:
    """The operands of a sum or difference, the last one first, with their signs in the whole."""
    signs = (sign, -sign) if algebra(node) == "difference" else (sign,) * len(node.inputs)
    return [(x, each, node) for x, each in zip(node.inputs, signs, strict=True)][::-1]


def _opposite(x: Node, user: Node, nodes: Nodes) -> Node:
    """What a difference takes off, as a term of a sum."""
    record = negative(x.record)
    record._code, record._offset, record.scope = user.record._code, user.record._offset, user.record.scope
    node = nodes.add(Node(record, record.operation, False, [x], None, x.time))
    node.order = user.order
    return node


def _is_nothing(node: Node) -> bool:
    """Whether it is the 0 that a sum begins with."""
    return node.literal and not node.record._value.any()


def _is_plain_sum(node: Node) -> bool:
    """An addition or a difference without broadcasting."""
    return (
        node.operation is not None
        and (node.operation.adds or node.operation.algebra == "difference")
        and all(_is_nothing(x) or x.record.shape == node.record.shape for x in node.inputs)
    )


def of_recording(recording: Recording, places: Mapping[Tensor, Scope]) -> Nodes:
    """The nodes of a forward pass, whose records are at some places, and of its backward pass."""
    nodes = of_graph(recording.forward, places)
    made: dict[Tensor, Node] = {}  # backward records
    here: dict[Tensor, Node] = {}  # what one step's rules see under another name

    def node_of(record: Tensor, owner: Node | None = None) -> Node:
        found = here.get(record) or made.get(record) or nodes.forward.get(record)
        if found is None:
            found = made[record] = nodes.leaf(record, None, None if owner is None else _count(record, owner))
        return found

    def emit(record: Tensor, owner: Node, time: int | None) -> None:
        if record.operation is not None:
            inputs = [node_of(x, owner) for x in record.inputs]
            node = nodes.add(Node(record, record.operation, False, inputs, None, time, owner))
            made[record] = nodes.backward[record] = node
        elif not is_literal(record):
            made[record] = nodes.leaf(record, time)

    for f, adjoint in recording.adjoints.items():
        forward, time = nodes.forward[f], places[f].time
        fresh = recording.emitted.get(f, ())
        own = any(record is adjoint for record in fresh)
        summed = own and adjoint.operation is not None and adjoint.operation.adds
        here.clear()
        before = [r for r in fresh if r.index < adjoint.index] if own else []
        if own and not summed:
            before.append(adjoint)
        for record in before:
            emit(record, forward, time)
        terms = [node_of(x) for x in adjoint.inputs] if summed else [node_of(adjoint)]
        name = "d" + f.name if f.name else None
        total = nodes.add(Node(adjoint, None, True, terms, name, time, forward, forward))
        nodes.adjoints[forward] = total
        if summed:
            nodes.backward[adjoint] = total
        here[adjoint] = total
        for record in fresh[len(before) + summed :]:
            emit(record, forward, time)
        if adjoint not in made or not made[adjoint].total:
            made[adjoint] = total  # where a rule passes the adjoint on, it is this one that is passed on
    _note_picks(nodes, recording.forward)
    return nodes


def _note_picks(nodes: Nodes, forward: Graph) -> None:
    """Tell backward nodes that have indices which forward nodes picked by them."""
    users: dict[tuple[Node, int], list[Node]] = {}  # who picks from a node by one and the same index
    for node in nodes.forward.values():
        if "index" in node.settings:
            users.setdefault((node.inputs[0], id(node.settings["index"])), []).append(node)
            picked = [x for x in node.inputs if x.settings.get("index") is node.settings["index"]]
            node.picked = tuple(picked[:1])  # what was picked is read on: as the log of a probability, say
    for node in nodes.backward.values():
        settings = node.settings
        if node.owner is None or not ("index" in settings or "indices" in settings):
            continue
        near = [*node.owner.inputs, node.owner]
        wanted = settings["indices"] if "indices" in settings else (settings["index"],)
        times = [x.time for x in node.inputs] if "indices" in settings else [node.time]
        picking = (
            [*(x for x in near if x.settings.get("index") is index), *users.get((node.owner, id(index)), [])]
            for index in wanted
        )
        node.picked = tuple(
            min(found, key=lambda x, time=time: x.time != time, default=None)  # type: ignore[misc]
            for found, time in zip(picking, times, strict=True)
        )


def _count(x: Tensor, owner: Node) -> Origin | None:
    """Of a number that a rule divides by: whether it is how many elements its forward record made one of."""
    if x.operation is not None or x.ndim or not owner.inputs or owner.total:
        return None
    many, one = owner.inputs[0].record._value.size, max(owner.record._value.size, 1)
    return Origin(COUNT) if many > one and x._value == many // one else None
