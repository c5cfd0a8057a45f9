"""The adjoint of an array that many steps read in parts, as a sum over the steps: what each step adds, where it read.

A sweep adds all that arrives at parts of an array in one record. Step by step it has the form of any gradient, Σ_t.
"""

from __future__ import annotations

from autograd_seq.core.traits import algebra
from autograd_seq.folding.nodes import Nodes
from autograd_seq.folding.unit import Node
from autograd_seq.operations import scatter


def split_by_step(nodes: Nodes) -> None:
    """Make each step's parts of an adjoint a term of its own, at the step that read them."""
    for total in nodes.adjoints.values():
        total.inputs = [part for x in total.inputs for part in _steps_of(x, nodes)]


def _steps_of(node: Node, nodes: Nodes) -> list[Node]:
    """What a node gathers, by step; the node itself if that is not of several steps."""
    if algebra(node) != "gathered parts":
        return [node]
    steps: dict[int | None, list[int]] = {}
    for i, x in enumerate(node.inputs):
        steps.setdefault(x.time, []).append(i)
    if None in steps:
        return [node]
    if len(steps) == 1:
        if node.time is not None:
            (node.time,) = steps
        return [node]
    alike = len({len(places) for places in steps.values()}) == 1
    groups = list(steps.values()) if alike else [[i] for places in steps.values() for i in places]
    return [_gathered(node, places, nodes) for places in groups]


def _gathered(node: Node, places: list[int], nodes: Nodes) -> Node:
    """Some of the parts that a node gathers."""
    inputs = [node.inputs[i] for i in places]
    indices = tuple(node.settings["indices"][i] for i in places)
    record = scatter([x.record for x in inputs], indices=indices, shape=node.settings["shape"])
    record._code, record._offset, record.scope = node.record._code, node.record._offset, inputs[0].record.scope
    made = nodes.add(Node(record, record.operation, False, inputs, None, inputs[0].time, owner=node.owner))
    made.order = node.order
    made.picked = tuple(node.picked[i] for i in places) if node.picked else ()
    return made
