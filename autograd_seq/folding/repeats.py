"""Steps that repeat another one, node for node: most do, and what was found out about one holds for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from autograd_seq.folding.steps import site
from autograd_seq.folding.unit import Node

SameSettings = Callable[[Node, Node], bool]


def places(steps: Iterable[list[Node]]) -> dict[Node, int]:
    """Where each node stands in its step."""
    return {node: i for step in steps for i, node in enumerate(step)}


def repeats(step: list[Node], model: list[Node], place: Mapping[Node, int], same_settings: SameSettings) -> bool:
    """Whether a step does in the same order what another does, with what stands in the same place as there."""
    if len(step) != len(model):
        return False
    for node, other in zip(step, model, strict=True):
        if node.operation is not other.operation or node.total is not other.total or node.name != other.name:
            return False
        if not (_is_alike(node, other) and _has_like_inputs(node, other, place)):
            return False
        if node.record.settings and not node.total and not same_settings(node, other):
            return False
    return True


def _is_alike(node: Node, other: Node) -> bool:
    """Whether two nodes of one operation are of one shape, made at the same place in the program, for the same."""
    mine, its = node.record, other.record
    if mine._code is not its._code or (mine._offset != its._offset and site(mine) != site(its)):
        return False
    if mine._value.shape != its._value.shape or (node.adjoint_of is None) is not (other.adjoint_of is None):
        return False
    if node.owner is not None and other.owner is not None:
        return node.owner.role is other.owner.role
    return node.owner is other.owner and node.lane == other.lane


def _has_like_inputs(node: Node, other: Node, place: Mapping[Node, int]) -> bool:
    """Whether each input of two nodes is the same, or stands in the same place in its step, as many steps away."""
    inputs, others = node.inputs, other.inputs
    if len(inputs) != len(others):
        return False
    for x, y in zip(inputs, others, strict=True):
        if x is y:
            continue
        if x.time is None or y.time is None or x.time - node.time != y.time - other.time:  # type: ignore[operator]
            return False
        if x.leaf is not y.leaf or (not x.leaf and place.get(x) != place.get(y)):
            return False
    return True
