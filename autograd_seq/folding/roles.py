"""What a node does in its step: nodes of several steps that do the same have one role.

The steps are gone through one by one, and each node takes the role of that node of another step which it is most like:
made by the same operation, at the same place in the program, with the same settings, of inputs that have the same
roles. At the first and the last step something may be missing, or stand in for something else; so whatever fits no
role takes one that nothing in its step has taken yet, of the same place in the program or else of the same kind.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from autograd_seq.folding.provenance import RULES
from autograd_seq.folding.repeats import places, repeats
from autograd_seq.folding.steps import site
from autograd_seq.folding.unit import Node, Role, unify_setting

Score = Callable[[Node, Node], float | None]
SAME_SITE, SAME_SETTINGS, SAME_INPUT = 0.5, 0.25, 1.0


def give_roles(nodes: list[Node]) -> None:
    """Give every node a role: those of each step the same as those of the others, all else one of its own."""
    slots = _Slots(nodes)

    def repeated(step: list[Node], model: list[Node]) -> bool:
        return repeats(step, model, place, same_settings)

    def repeated_leaves(step: list[Node], model: list[Node]) -> bool:
        return len(step) == len(model) and all(
            kind(leaf) == kind(other) and slots.likeness(leaf, other) for leaf, other in zip(step, model, strict=True)
        )

    groups: dict[tuple[bool, bool], dict[int, list[Node]]] = {}
    for node in nodes:
        if node.time is None or node.literal:
            node.role = Role(("alone", kind(node)), node.order)
        else:
            groups.setdefault((slots.backward(node), node.leaf), {}).setdefault(node.time, []).append(node)
    place = places(step for (_, leaf), steps in groups.items() if not leaf for step in steps.values())
    # What is given is told apart by the roles of those who use it, what is owned by the role of its owner.
    for (_, leaf), steps in sorted(groups.items()):
        casting = _Casting(slots.likeness if leaf else likeness)
        models: list[list[Node]] = []
        for time in from_the_middle(steps):
            step = steps[time]
            like = repeated_leaves if leaf else repeated
            model = next((model for model in models if like(step, model)), None)
            if model is None:
                casting.cast(step)
                models = [*models[:1], step]
            else:
                for node, other in zip(step, model, strict=True):
                    node.role, node.model = other.role, other


def from_the_middle(times: Iterable[int]) -> list[int]:
    """Steps in the order in which they are matched: one from the middle first, where no boundary is near."""
    ordered = sorted(times)
    return sorted(ordered, key=lambda time: (time != ordered[len(ordered) // 2], time))


def kind(node: Node) -> Hashable:
    """What must be equal for two nodes to do the same."""
    called = node.name or ("adjoint" if node.adjoint_of is not None else node.operation)
    owner = node.owner and (node.owner.role or node.owner.order)
    return called, node.lane, owner, node.leaf, node.leaf and node.record.requires_grad


class _Casting:
    """The roles that were found so far, each with the node that had it first."""

    def __init__(self, likeness: Score) -> None:
        self.likeness = likeness
        self.of_kind: dict[Hashable, dict[Role, Node]] = {}
        self.at_site: dict[Hashable, dict[Role, Node]] = {}

    def cast(self, step: list[Node]) -> None:
        """Give the nodes of one step their roles."""
        free: dict[Hashable, dict[Role, Node]] = {}
        left = []
        for node in step:
            key = kind(node)
            if key not in free:
                free[key] = dict(self.of_kind.get(key, {}))
            if not _take(node, free[key], self.likeness):
                left.append((node, key))
        taken = {node.role for node in step}
        for node, key in left:
            known = self.at_site.get(_site(node), {}), free[key]
            role = next((role for roles in known for role in roles if role not in taken), None)
            node.role = role or self._new(node, key)
            taken.add(node.role)

    def _new(self, node: Node, key: Hashable) -> Role:
        role = Role(key, len(self.of_kind.setdefault(key, {})))
        self.of_kind[key][role] = self.at_site.setdefault(_site(node), {})[role] = node
        return role


def _site(node: Node) -> Hashable:
    """Where in the program, layer and direction something is made; what is given is made nowhere."""
    return kind(node) if node.leaf else (site(node.record), node.lane, node.owner and node.owner.role, node.total)


def _take(node: Node, free: dict[Role, Node], score: Score) -> bool:
    """Take the role that fits best, the first of several; whether there is one."""
    found, best, perfect = None, -1.0, _perfect(node)
    for role, other in free.items():
        value = score(node, other)
        if value is not None and value > best:
            found, best = role, value
            if best >= perfect:
                break
    if found is None:
        return False
    del free[found]
    node.role = found
    return True


def _perfect(node: Node) -> float:
    """The score of the best fit that there can be, as far as the inputs have roles by now."""
    if node.total or node.leaf:
        return 1.0
    known = [x for x in node.inputs if (not x.beyond if x.leaf else x.role is not None)]
    return SAME_SITE + SAME_SETTINGS + SAME_INPUT * len(known)


def same_role(x: Node, y: Node) -> bool | None:
    """Whether two inputs do the same; None where it is not known yet. What is given gets its role last."""
    if x.leaf or y.leaf:
        return x.leaf and y.leaf
    return None if x.role is None or y.role is None else x.role == y.role


def same_settings(node: Node, other: Node) -> bool:
    """Whether the settings of two nodes are equal, or count with the step."""
    settings = other.settings
    if node.settings.keys() != settings.keys():
        return False
    for key, value in node.settings.items():
        known = settings[key]
        if key in INDICES:
            if not _picked_alike(node, other, key):
                return False
        elif value is known or (type(value) is type(known) and _is_number(value) and value == known):
            continue
        if unify_setting(key, {node.step or 0: value, other.step or 0: known}, _DIFFERENT, node) is _DIFFERENT:
            return False
    return True


_DIFFERENT = object()
_NUMBERS = bool, int, float, str


def _is_number(value: Any) -> bool:
    """Whether a setting is compared by ==, as an axis or a shape."""
    return type(value) in _NUMBERS or (type(value) is tuple and all(type(part) in _NUMBERS for part in value))


INDICES = "index", "indices"


def _picked_alike(node: Node, other: Node, key: str) -> bool:
    """Whether the parts of two nodes' indices are rules in both or data in both, of the same step."""
    if node.settings[key] is other.settings[key] and not node.picked:
        return True
    numbers = range(len(node.settings[key])) if key == "indices" else (0,)
    if any(node.picked_later(i) != other.picked_later(i) for i in numbers):
        return False
    if node.owner is None and site(node.record) == site(other.record):
        return True
    return all(_rules(node, i) == _rules(other, i) for i in numbers)


def _rules(node: Node, number: int) -> list[bool]:
    return [origin.kind in RULES for origin in node.index_origins(number)]


def likeness(
    node: Node, other: Node, same: Callable[[Node, Node], bool | None] = same_role, fitting: bool = False
) -> float | None:
    """How well a node fits another of another step: None if not at all.

    A use of a third step may differ, as at a boundary something else stands there. `fitting`: their settings are
    known to be the same.
    """
    if node.operation is not other.operation or node.record._value.shape != other.record._value.shape:
        return None
    if node.total or other.total:
        return 1.0 if node.total and other.total else None
    if len(node.inputs) != len(other.inputs):
        return None
    score = SAME_SITE * (site(node.record) == site(other.record))
    score += SAME_SETTINGS * (fitting or same_settings(node, other))
    time, its_time = node.time, other.time
    for x, y in zip(node.inputs, other.inputs, strict=True):
        if x is y:
            score += SAME_INPUT * (not x.beyond)
            continue
        if x.beyond and y.beyond:
            continue  # of which step they are is not known
        here = None if x.time is None or time is None else x.time - time  # how many steps later it is made
        there = None if y.time is None or its_time is None else y.time - its_time
        if here == there and here is not None:
            equal = same(x, y)
            score += SAME_INPUT * bool(equal)
            if equal is False and here == 0:
                return None
        elif x.literal or y.literal:
            if (there if x.literal else here) in (0, None) or (x.literal and y.literal):
                return None  # but what is not there before the first step may be a number, such as 0
        elif there in (0, None) and not (here == 0 and x.leaf):
            return None  # within a step, or outside of time, there is no boundary
    return score


class _Slots:
    """Where what is given is first used."""

    def __init__(self, nodes: list[Node]) -> None:
        self.first: dict[Node, tuple[Node, int]] = {}
        for node in nodes:
            for i, x in enumerate(node.inputs):
                if x.leaf and x not in self.first:
                    self.first[x] = node, i

    def backward(self, node: Node) -> bool:
        """Whether a node belongs to the backward pass; what is given, with those who use it."""
        user = self.first[node][0] if node.leaf and node in self.first else node
        return user.owner is not None

    def likeness(self, leaf: Node, other: Node) -> float | None:
        """How well something given fits what was given at another step: whether the same use it first."""
        mine, its = self.first.get(leaf), self.first.get(other)
        if mine is None or its is None or mine[0].role != its[0].role or mine[1] != its[1]:
            return None
        return 1.0
