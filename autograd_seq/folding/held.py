"""Operands of steps that are not what they look like: one state that many use, and numbers that count with the step.

What one step made and many use, as the last state that attention compares all states with, is one thing to them, as a
weight is, though it has a step of its own: so they are given a node of no step that stands for it. And numbers that are
others at each step, as the t / T in x * t / T, are given at each, as data are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from autograd_seq.folding.site import site
from autograd_seq.folding.unit import Node

MANY = 3  # steps: what one state hands on has fewer users at one place in the program
Places = list[tuple[int, list[Node]]]
"""Of each place in the program that uses something: which of its inputs it is, and who does so, one at each step."""


def hold(nodes: Iterable[Node]) -> list[Node]:
    """Let many steps that use what one step made use a node of no step, and each its own number; the new nodes.

    Parameters
    ----------
    nodes : iterable of Node
        Those of both passes, with their steps.
    """
    held: dict[Node, Node] = {}
    numbers: list[Node] = []
    for number, users in _places(nodes):
        used = [user.inputs[number] for user in users]
        if all(x is used[0] for x in used) and used[0].time is not None and not used[0].leaf:
            x = used[0]
            if x not in held:
                held[x] = Node(x.record, None, True, [x], None, None, order=x.order)
            for user in users:
                user.inputs[number] = held[x]
        elif len(set(used)) > 1 and all(x.literal for x in used):
            numbers += [_given(user, number) for user in users]
    return [*held.values(), *numbers]


def _given(user: Node, number: int) -> Node:
    """A number as what is given at one step."""
    x = user.inputs[number]
    made = Node(x.record, None, False, [], "number", user.time, order=x.order, origin=x.origin)
    made.literal = False
    user.inputs[number] = made
    return made


def _places(nodes: Iterable[Node]) -> Places:
    """The places at which many steps use something; what one of them uses may be several things, such as a state."""
    users: dict[tuple[Any, ...], list[Node]] = {}
    made: Counter[tuple[Any, ...]] = Counter()
    for node in nodes:
        if node.time is not None and not node.total:
            here = node.owner or node.time, site(node.record)
            owner = node.owner and site(node.owner.record)
            for i, x in enumerate(node.inputs):
                kept = None if x.literal else x if x.time is not None and not x.leaf else False
                if kept is not False:
                    users.setdefault((kept, here[1], owner, made[here], i), []).append(node)
            made[here] += 1
    every = [(place[-1], found) for place, found in users.items()]
    return [(i, found) for i, found in every if len({user.time for user in found}) == len(found) >= MANY]
