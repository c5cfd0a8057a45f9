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
    return len(step) == len(model) and all(
        _is_alike(node, other, same_settings) and _has_like_inputs(node, other, place)
        for node, other in zip(step, model, strict=True)
    )


def _is_alike(node: Node, other: Node, same_settings: SameSettings) -> bool:
    """Whether two nodes are the same operation with the same settings, made at the same place in the program."""
    mine, its = node.record, other.record
    if node.operation is not other.operation or node.total is not other.total or node.name != other.name:
        return False
    if mine._code is not its._code or (mine._offset != its._offset and site(mine) != site(its)):
        return False
    if mine._value.shape != its._value.shape or (node.adjoint_of is None) is not (other.adjoint_of is None):
        return False
    if node.owner is None or other.owner is None:
        if node.owner is not other.owner or node.lane != other.lane:
            return False
    elif node.owner.role is not other.owner.role:
        return False
    return node.total or not (mine.settings or its.settings) or same_settings(node, other)


def _has_like_inputs(node: Node, other: Node, place: Mapping[Node, int]) -> bool:
    """Whether each input of two nodes is the same, or stands in the same place in its step, as many steps away."""
    if len(node.inputs) != len(other.inputs):
        return False
    for x, y in zip(node.inputs, other.inputs, strict=True):
        if x is y:
            continue
        if x.time is None or y.time is None or x.time - node.time != y.time - other.time:  # type: ignore[operator]
            return False
        if x.leaf is not y.leaf or (not x.leaf and place.get(x) != place.get(y)):
            return False
    return True
