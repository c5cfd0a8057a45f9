"""What one step made and many steps use, as the last state that attention compares all states with.

To those steps it is one thing and the same, as a weight is, though it has a step of its own: so they are given a node
of no step that stands for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from autograd_seq.folding.site import site
from autograd_seq.folding.unit import Node

MANY = 3  # steps that use it at one place in the program: what one state hands on has fewer


def hold(nodes: Iterable[Node]) -> list[Node]:
    """Let many steps that use what one step made use a node of no step; the new nodes.

    Parameters
    ----------
    nodes : iterable of Node
        Those of both passes, with their steps.
    """
    places: dict[tuple[Any, ...], list[Node]] = {}
    made: Counter[tuple[Any, ...]] = Counter()
    for node in nodes:
        if node.time is not None and not node.total:
            here = node.owner or node.time, site(node.record)
            owner = node.owner and site(node.owner.record)
            for i, x in enumerate(node.inputs):
                if x.time is not None and not x.leaf:
                    places.setdefault((x, here[1], owner, made[here], i), []).append(node)
            made[here] += 1
    held: dict[Node, Node] = {}
    for (x, *_, i), users in places.items():
        if len({user.time for user in users}) == len(users) >= MANY:
            if x not in held:
                held[x] = Node(x.record, None, True, [x], None, None, order=x.order)
            for user in users:
                user.inputs[i] = held[x]
    return list(held.values())
