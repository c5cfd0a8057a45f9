"""Which nodes are the same operation at different time steps, and what each family uses."""

from __future__ import annotations

import functools
import operator
from itertools import islice
from operator import itemgetter
from typing import Any

from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.literal import may_be_one
from autograd_seq.folding.roles import from_the_middle, give_roles, likeness, same_settings
from autograd_seq.folding.shared_data import steps_of_shared
from autograd_seq.folding.unit import Family, Node, Ref, Role, Unit, Use, sort_of

# -- time ------------------------------------------------------------------------------------------


def infer_times(nodes: list[Node]) -> None:
    """Give a step to what was made outside of any, if it has siblings that each belong to one step alone."""
    uses: dict[Node, set[int | None]] = {node: set() for node in nodes if node.time is None}
    guess: dict[Node, int] = {}
    for node in reversed(nodes):
        if node.time is None:
            steps = uses[node]
            given = node.literal or (node.leaf and node.record.requires_grad)
            if len(steps) == 1 and None not in steps and not given:
                guess[node] = next(t for t in steps if t is not None)
        for x in node.inputs:
            if x.time is None:
                uses[x].add(node.time if node.time is not None else guess.get(node))
    for node in nodes:
        if node.time is None and node not in guess and node.inputs and not node.total:
            steps = {x.time if x.time is not None else guess.get(x) for x in node.inputs} - {None}
            if len(steps) == 1:
                guess[node] = next(t for t in steps if t is not None)
    _infer_from_owners(nodes, guess)
    guess |= steps_of_shared(nodes, guess)
    siblings: dict[tuple[Any, ...], set[int]] = {}
    for node, time in guess.items():
        siblings.setdefault(sort_of(node), set()).add(time)
    for node, time in guess.items():
        if len(siblings[sort_of(node)]) > 1:
            node.time = time


def _infer_from_owners(nodes: list[Node], guess: dict[Node, int]) -> None:
    """Go on guessing: what only serves one step, such as its target, and the backward pass of what has a step."""
    free = [node for node in nodes if node.time is None]
    before = -1
    while len(guess) != before:
        before = len(guess)
        uses: dict[Node, set[int | None]] = {}
        for node in reversed(nodes):
            if node.time is None and node not in guess and not node.total:
                given = node.literal or (node.leaf and node.record.requires_grad)
                steps = uses.get(node, set())
                if not given and len(steps) == 1 and None not in steps:
                    guess[node] = next(t for t in steps if t is not None)
            for x in node.inputs:
                if x.time is None:
                    uses.setdefault(x, set()).add(node.time if node.time is not None else guess.get(node))
        for node in free:
            if node not in guess and node.owner in guess:
                guess[node] = guess[node.owner]


# -- families --------------------------------------------------------------------------------------


def match_families(nodes: list[Node]) -> list[Family]:
    """Make families of the nodes that have one role and fit each other, at steps without a gap."""
    give_roles(nodes)
    steps: dict[tuple[bool, int], list[Node]] = {}
    for node in nodes:
        if node.time is not None and not node.literal:
            steps.setdefault((node.owner is not None, node.time), []).append(node)
    found: list[Family] = []
    pool: dict[Role, list[Family]] = {}
    for part in (False, True):  # the forward pass first, so that what it owns knows its family
        for time in from_the_middle({t for owned, t in steps if owned is part}):
            for node in steps[part, time]:
                _place(node, pool, found)
    result = []
    for family in found:
        times = family.times
        if len(times) > 1 and times == list(range(times[0], times[-1] + 1)):
            result.append(family)
        else:
            for node in family.members.values():
                node.family = None
    return result


def _place(node: Node, pool: dict[Role, list[Family]], found: list[Family]) -> None:
    assert node.time is not None and node.role is not None
    if node.model is not None and node.model.family is not None and _repeats(node, node.model, node.model.family):
        node.family = node.model.family
        node.family.members[node.time] = node
        return
    alike = pool.setdefault(node.role, [])
    scored = [(score, -i) for i, family in enumerate(alike) if (score := _fits(node, family)) is not None]
    if scored:
        node.family = alike[-max(scored)[1]]
    else:
        node.family = Family({})
        alike.append(node.family)
        found.append(node.family)
    node.family.members[node.time] = node


def _repeats(node: Node, model: Node, family: Family) -> bool:
    """Whether a node fits the family of the node that it repeats; what both use was compared when that was found."""
    if node.time in family.members or (node.owner and node.owner.family) is not (model.owner and model.owner.family):
        return False
    if node.total or not node.record.settings:
        return True
    known = islice(family.members.values(), 2)
    return all(member is model or same_settings(node, member) for member in known)


def _fits(node: Node, family: Family) -> float | None:
    """How well a node fits a family: None if one formula cannot say both."""
    first, *second = islice(family.members.values(), 2)
    mine, its = (x.owner and (x.owner.family or x.owner) for x in (node, first))
    if node.time in family.members or node.name != first.name or mine is not its:
        return None
    if not all(same_settings(node, member) for member in (first, *second)):
        return None  # any two numbers count with the step: it takes a third to tell whether these do
    return likeness(node, first, _same_family, fitting=True)


def _same_family(x: Node, y: Node) -> bool:
    return x.family is y.family and x.family is not None


def examine(family: Family) -> None:
    """Find the uses of a family, and put apart what is special at its first and last step."""
    if family.leaf:
        family.uses = []
    elif family.total:
        _examine_terms(family)
    else:
        _examine_inputs(family)


def _relative(x: Node, time: int) -> tuple[Unit, int]:
    """What is used at a step, and how many steps later it is."""
    return (x, 0) if x.family is None or x.time is None else (x.family, x.time - time)


def _extend(family: Family, at: int, ref: Ref) -> bool:
    """Let `ref` stand for the member that a family does not have at a step; whether that is possible."""
    if at in family.members or at in family.nothing or ref.unit is family:
        return False
    known = family.extension.setdefault(at, ref)
    if known == ref or not isinstance(known.unit, Node) or not isinstance(ref.unit, Node):
        return known == ref
    if not may_be_one(known.unit.record, ref.unit.record):
        return False
    family.again[ref.unit] = known.unit
    return True


def _examine_inputs(family: Family) -> None:
    count = len(family.any.inputs)
    family.uses = []
    for i in range(count):
        if (same := _same_everywhere(family, i)) is not None:
            family.uses.append(Use(Ref(*same), set(family.members)))
            continue
        places: dict[tuple[Unit, int], set[int]] = {}
        for t, m in family.members.items():
            places.setdefault(_relative(m.inputs[i], t), set()).add(t)
        refs = {Ref(*place): times for place, times in places.items()}
        middle = _middle(refs)
        family.uses.append(Use(middle, refs.pop(middle)))
        for t, ref in sorted(((t, ref) for ref, times in refs.items() for t in times), key=itemgetter(0)):
            fits = isinstance(middle.unit, Family) and middle.shift != 0
            if not fits or not _extend(middle.unit, t + middle.shift, _absolute(ref, t)):  # type: ignore[arg-type]
                family.irregular = True
                family.misfits.add(t)
        if family.irregular:
            return


def _same_everywhere(family: Family, number: int) -> tuple[Unit, int] | None:
    """What all members use as one of their inputs, and how many steps later it is; None if that differs."""
    middle = family.any
    assert middle.time is not None
    unit, shift = _relative(middle.inputs[number], middle.time)
    for time, member in family.members.items():
        x = member.inputs[number]
        if (x is not unit) if isinstance(unit, Node) else (x.family is not unit or x.time != time + shift):
            return None
    return unit, shift


def _middle(refs: dict[Ref, set[int]]) -> Ref:
    """The reference that most steps have; at a tie one to a neighbouring step, as a boundary is what differs."""
    return max(refs, key=lambda ref: (len(refs[ref]), isinstance(ref.unit, Family), -abs(ref.shift)))


def _absolute(ref: Ref, time: int) -> Ref:
    return Ref(ref.unit, 0, time + ref.shift) if isinstance(ref.unit, Family) else ref


def note_nothing(family: Family) -> None:
    """Tell what a sum uses at which steps nothing is, so that nothing else is put there for another sum's sake."""
    if not family.total or family.leaf or (found := _terms(family)) is None:
        return
    terms, strays = found
    special = {t for _, times in strays for t in times}
    for ref, _ in terms:
        if isinstance(ref.unit, Family):
            ref.unit.nothing |= {t + ref.shift for t in family.members if t not in special} - ref.unit.members.keys()


def _terms(family: Family) -> tuple[list[tuple[Ref, set[int]]], list[tuple[Ref, set[int]]]] | None:
    """What all members of a sum add up, where it is there, and what only some of them do; None if one does so twice."""
    count = len(family.any.inputs)
    if all(len(member.inputs) == count for member in family.members.values()):
        same = [_same_everywhere(family, i) for i in range(count)]
        if None not in same and len(set(same)) == count:
            return [(Ref(*place), set(family.members)) for place in same if place is not None], []
    present: dict[tuple[Unit, int], set[int]] = {}
    for t, member in family.members.items():
        places = [_relative(x, t) for x in member.inputs]
        if len(set(places)) != len(places):
            return None
        for place in places:
            present.setdefault(place, set()).add(t)
    mine = set(family.members)
    terms: list[tuple[Ref, set[int]]] = []
    strays: list[tuple[Ref, set[int]]] = []
    for place, times in present.items():
        ref, expected = Ref(*place), mine
        if isinstance(ref.unit, Family):
            expected = {t for t in mine if t + ref.shift in ref.unit.members}
        once = len(times) == 1 < len(mine) - 1 and abs(ref.shift) > 1  # far away, and not what all steps do
        (terms if times == expected and not once else strays).append((ref, times))
    return terms, strays


def _examine_terms(family: Family) -> None:
    found = _terms(family)
    if found is None:
        family.irregular = True
        return
    terms, strays = found
    family.uses = [Use(ref, times) for ref, times in terms]
    for steps in {frozenset(times) for _, times in strays}:
        t = min(steps)
        alone = [ref for ref, at in strays if at == steps]
        fitting = [
            use.ref
            for use in family.uses
            if isinstance(use.ref.unit, Family) and use.ref.shift and t + use.ref.shift not in use.ref.unit.members
        ]
        together = alone[0] if len(alone) == 1 else Ref(_sum_of(family, alone, t))
        stand_in = _absolute(together, t)
        if len(steps) > 1 or not any(_extend(r.unit, t + r.shift, stand_in) for r in fitting):  # type: ignore[arg-type]
            family.irregular = True
            return


def _sum_of(family: Family, refs: list[Ref], time: int) -> Node:
    """Terms that only one step has, as one."""
    parts = [ref.unit.members[time + ref.shift] if isinstance(ref.unit, Family) else ref.unit for ref in refs]
    member = family.members[time]
    value = functools.reduce(operator.add, [part.record._value for part in parts])
    node = Node(Tensor(value), None, True, parts, None, time, owner=member.owner, order=member.order)
    node.record.scope = member.record.scope
    family.together.append(node)
    return node


def part(family: Family) -> bool:
    """Let a family go without the first or the last steps that do not fit; whether enough of it is left."""
    times, away = family.times, family.misfits
    left = [t for t in times if t not in away]
    if not away or len(left) < max(2, len(times) / 2) or left != list(range(left[0], left[-1] + 1)):
        return False
    for t in away:
        family.members.pop(t).family = None
    return True
