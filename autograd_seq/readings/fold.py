"""Equal time steps folded into one: the recording as loops over time, with their boundary cases.

A `Family` is one operation at all the time steps at which it happens. A family's inputs
are other families at the same step, the step before or after, or records outside of
time. What is special about the first and the last step is kept apart as an `extension`:
what stands where a neighbour's member would be, such as a<0>, or nothing, which is zero.

Nothing here is guessed: a family is made only where every member fits, and whatever does
not fit stays a record of its own. Equations, source and whatever else wants loops
instead of T copies read this one form.

Examples
--------
>>> from autograd_seq import Parameter, Tensor, name, steps, tanh
>>> W, a = Parameter([[0.5]], "W"), Tensor([[1.0]], "a0")
>>> for t in steps(4):
...     a = name(tanh(W @ a), "a")
>>> folded = fold(a.graph)
>>> [len(block.units) for block in folded.loops], folded.loops[0].times
([2], [1, 2, 3, 4])
"""

from __future__ import annotations

import functools
import operator
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heappush
from typing import Any

from autograd_seq.backward import Recording
from autograd_seq.graph import Graph
from autograd_seq.operation import Operation
from autograd_seq.readings.nodes import Node, Nodes, of_graph, of_recording
from autograd_seq.readings.step_index import StepIndex, unify
from autograd_seq.tensor import Tensor


@dataclass(eq=False, repr=False)
class Family:
    """One operation at all time steps at which it happens.

    Attributes
    ----------
    members : dict of int to Node
        By time step, without a gap.
    uses : list of Use
        Its inputs in order; for a total, its terms.
    extension : dict of int to Ref
        What stands in for a member just before the first or just after the last.
    """

    members: dict[int, Node]
    uses: list[Use] = field(default_factory=list)
    extension: dict[int, Ref] = field(default_factory=dict)
    irregular: bool = False
    together: list[Node] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<family {self.order}: {self.name or self.any.record.label}, t = {self.times}>"

    @property
    def any(self) -> Node:
        """A member to ask for what all have in common; from the middle, where no boundary is near."""
        times = self.times
        return self.members[times[len(times) // 2]]

    @property
    def times(self) -> list[int]:
        """The steps of its members, ascending."""
        return sorted(self.members)

    @property
    def name(self) -> str | None:
        """Its name without a place."""
        return self.any.name

    @property
    def operation(self) -> Operation | None:
        """What makes it; None for leaves and totals."""
        return self.any.operation

    @property
    def total(self) -> bool:
        """Whether it is the sum of its terms."""
        return self.any.total

    @property
    def leaf(self) -> bool:
        """Whether it is given at every step, such as x<t>."""
        return self.any.leaf

    @property
    def parameters(self) -> dict[str, Any]:
        """The operation's settings; what counts with time is a `StepIndex`."""
        result = {}
        for key, value in self.any.parameters.items():
            result[key] = unify({t: m.parameters[key] for t, m in self.members.items()}, value)
        return result

    @property
    def lane(self) -> tuple[int | None, str | None]:
        """Layer and direction."""
        return self.any.lane

    @property
    def order(self) -> int:
        """Where its first member stands in the recording."""
        return min(m.order for m in self.members.values())


Unit = Family | Node


@dataclass(frozen=True, slots=True)
class Ref:
    """How one unit is used by another.

    Attributes
    ----------
    unit : Family or Node
        What is used.
    shift : int
        For a family used by a family: the member at t + shift.
    at : int or None
        For a family used from outside the loop: the member at this step.
    every : bool
        All members, as the terms of a sum or the arrays of a list.
    """

    unit: Unit
    shift: int = 0
    at: int | None = None
    every: bool = False


@dataclass(slots=True)
class Use:
    """One input of a unit.

    Attributes
    ----------
    ref : Ref
        What is used, at a step in the middle.
    times : set of int
        At which steps; the others are the boundary.
    """

    ref: Ref
    times: set[int]


@dataclass(eq=False, repr=False)
class Block:
    """A loop over time, or straight code.

    Attributes
    ----------
    units : list
        In an order in which they can be computed.
    direction : int
        1 for t = 1 … T, -1 for t = T … 1, 0 if it does not matter or there is no loop.
    loop : bool
        Whether it is a loop.
    """

    units: list[Unit] = field(default_factory=list)
    direction: int = 0
    loop: bool = False
    lane: str | None = None

    @property
    def times(self) -> list[int]:
        """All steps of the loop, ascending."""
        return sorted({t for unit in self.units if isinstance(unit, Family) for t in unit.times})


@dataclass(eq=False, repr=False)
class Folded:
    """A folded recording.

    Attributes
    ----------
    blocks : list of Block
        In an order in which they can be computed.
    nodes : Nodes
        What was folded.
    inputs : dict
        From each unit to its inputs (or terms) as `Use`.
    seeds : frozenset of Tensor
        The adjoints that the backward pass starts from.
    """

    blocks: list[Block]
    nodes: Nodes
    inputs: dict[Unit, list[Use]]
    seeds: frozenset[Tensor] = frozenset()

    @property
    def loops(self) -> list[Block]:
        """The loops over time."""
        return [block for block in self.blocks if block.loop]

    @property
    def units(self) -> list[Unit]:
        """All units in an order in which they can be computed; leaves first."""
        leaves = [unit for unit in self.inputs if unit.leaf]
        return leaves + [unit for block in self.blocks for unit in block.units]

    def unit(self, node: Node) -> Unit:
        """The unit that a node went into."""
        return node.family or node


def fold(recording: Graph | Recording) -> Folded:
    """Fold equal time steps.

    Parameters
    ----------
    recording : Graph or Recording
        One pass, or a forward pass and its backward pass together.

    Returns
    -------
    Folded
        Loops and straight code.
    """
    seeds: set[Tensor] = set()
    if isinstance(recording, Recording):
        seeds = {recording.adjoints[r] for r in recording.forward.outputs}
        nodes = of_recording(recording)
        roots = [nodes.forward[r] for r in recording.forward.outputs]
        roots += [
            nodes.adjoints[nodes.forward[f]]
            for f in recording.adjoints
            if not any(x.requires_grad for x in f.inputs) and nodes.forward[f] in nodes.adjoints
        ]
    else:
        nodes = of_graph(recording)
        roots = [nodes.forward[r] for r in recording.outputs]
    alive = _reachable(roots)
    _infer_times(alive)
    families = _families(alive)
    while True:
        for family in families:
            _examine(family)
        broken = [f for f in families if f.irregular]
        if not broken:
            graph = _Units([*alive, *(node for family in families for node in family.together)], families)
            broken = graph.not_loops()
            if not broken:
                blocks = graph.blocks()
                return Folded(blocks, nodes, graph.inputs, frozenset(seeds))
        for family in broken:
            for node in family.members.values():
                node.family = None
        families = [f for f in families if not f.irregular and f not in set(broken)]
        for family in families:
            family.uses, family.extension, family.together = [], {}, []


def _reachable(roots: Iterable[Node]) -> list[Node]:
    seen = set(roots)
    stack = list(seen)
    while stack:
        for x in stack.pop().inputs:
            if x not in seen:
                seen.add(x)
                stack.append(x)
    return sorted(seen, key=lambda node: node.order)


# -- time ------------------------------------------------------------------------------------------


def _infer_times(nodes: list[Node]) -> None:
    """Give a step to what was made outside of any, if it has siblings that each belong to one step alone."""
    uses: dict[Node, set[int | None]] = {node: set() for node in nodes}
    guess: dict[Node, int] = {}
    for node in reversed(nodes):
        steps = uses[node]
        given = node.literal or (node.leaf and node.record.requires_grad)
        if node.time is None and len(steps) == 1 and None not in steps and not given:
            guess[node] = next(t for t in steps if t is not None)
        for x in node.inputs:
            uses[x].add(node.time if node.time is not None else guess.get(node))
    for node in nodes:
        if node.time is None and node not in guess and node.inputs and not node.total:
            steps = {x.time if x.time is not None else guess.get(x) for x in node.inputs} - {None}
            if len(steps) == 1:
                guess[node] = next(t for t in steps if t is not None)
    siblings: dict[tuple[Any, ...], set[int]] = {}
    for node, time in guess.items():
        siblings.setdefault(_key(node), set()).add(time)
    for node, time in guess.items():
        if len(siblings[_key(node)]) > 1:
            node.time = time


# -- families --------------------------------------------------------------------------------------


def _key(node: Node) -> tuple[Any, ...]:
    """What must be equal for two nodes to be the same at different steps."""
    owner = node.owner and (node.owner.family or node.owner)
    kind = "adjoint" if node.adjoint_of is not None else node.operation
    count = None if node.total else len(node.inputs)
    return kind, node.name, node.lane, node.record.shape, owner, count, node.leaf and node.record.requires_grad


def _families(nodes: list[Node]) -> list[Family]:
    """Match the nodes of each step with those of the others, steps from the middle first."""
    steps: dict[int, list[Node]] = {}
    for node in nodes:
        if node.time is not None and not node.literal:
            steps.setdefault(node.time, []).append(node)
    times = sorted(steps)
    found: list[Family] = []
    # The forward pass first, so that what it owns knows its family.
    for part in (False, True):
        pool: dict[tuple[Any, ...], list[Family]] = {}
        for time in sorted(times, key=lambda t: (t != times[len(times) // 2], t)):
            for node in steps[time]:
                if (node.owner is not None) is part:
                    _place(node, time, pool, found)
    result = []
    for family in found:
        times = family.times
        if len(times) > 1 and times == list(range(times[0], times[-1] + 1)):
            result.append(family)
        else:
            for node in family.members.values():
                node.family = None
    return result


def _place(node: Node, time: int, pool: dict[tuple[Any, ...], list[Family]], found: list[Family]) -> None:
    candidates = [f for f in pool.get(_key(node), []) if time not in f.members]
    scored = [(score, -i) for i, f in enumerate(candidates) if (score := _likeness(node, time, f)) is not None]
    if scored:
        family = candidates[-max(scored)[1]]
    else:
        family = Family({})
        pool.setdefault(_key(node), []).append(family)
        found.append(family)
    family.members[time] = node
    node.family = family


def _likeness(node: Node, time: int, family: Family) -> float | None:
    """How well a node fits a family: None if not at all; a use of another step may differ at the boundary."""
    if node.total:
        return 1.0
    other_time, other = next(iter(family.members.items()))
    for key, value in node.parameters.items():
        if unify({time: value, other_time: other.parameters[key]}, None) is None and value is not None:
            return None
    same_line = (node.record._code, node.record._offset) == (other.record._code, other.record._offset)
    score = 0.5 * same_line
    for x, y in zip(node.inputs, other.inputs, strict=True):
        if x is y:
            score += 1
            continue
        here = None if x.time is None else x.time - time
        there = None if y.time is None else y.time - other_time
        if here == there and here is not None:
            if x.family is y.family and x.family is not None:
                score += 1
            elif here == 0:
                return None
        elif (there in (0, None) and not (here == 0 and x.leaf)) or x.literal or y.literal:
            return None  # within a step, or outside of time, there is no boundary
    return score


def _examine(family: Family) -> None:
    """Find the uses of a family, and put apart what is special at its first and last step."""
    if family.leaf:
        family.uses = []
    elif family.total:
        _examine_terms(family)
    else:
        _examine_inputs(family)


def _relative(x: Node, time: int) -> Ref:
    if x.family is not None and x.time is not None:
        return Ref(x.family, x.time - time)
    return Ref(x)


def _extend(family: Family, at: int, ref: Ref) -> bool:
    """Let `ref` stand for the member that a family does not have at a step; whether that is possible."""
    return at not in family.members and family.extension.setdefault(at, ref) == ref


def _examine_inputs(family: Family) -> None:
    count = len(family.any.inputs)
    family.uses = []
    for i in range(count):
        refs = {t: _relative(m.inputs[i], t) for t, m in family.members.items()}
        middle = _middle(refs)
        regular = {t for t, ref in refs.items() if ref == middle}
        family.uses.append(Use(middle, regular))
        for t, ref in refs.items():
            if t in regular:
                continue
            fits = isinstance(middle.unit, Family) and middle.shift != 0
            if not fits or not _extend(middle.unit, t + middle.shift, _absolute(ref, t)):  # type: ignore[arg-type]
                family.irregular = True
                return


def _middle(refs: dict[int, Ref]) -> Ref:
    """The reference that most steps have; at a tie one to a neighbouring step, as a boundary is what differs."""
    counts = Counter(refs.values())
    return max(counts, key=lambda ref: (counts[ref], isinstance(ref.unit, Family), -abs(ref.shift)))


def _absolute(ref: Ref, time: int) -> Ref:
    return Ref(ref.unit, 0, time + ref.shift) if isinstance(ref.unit, Family) else ref


def _examine_terms(family: Family) -> None:
    present: dict[Ref, set[int]] = {}
    for t, member in family.members.items():
        refs = [_relative(x, t) for x in member.inputs]
        if len(set(refs)) != len(refs):
            family.irregular = True
            return
        for ref in refs:
            present.setdefault(ref, set()).add(t)
    mine = set(family.members)
    family.uses = []
    strays = []
    for ref, times in present.items():
        expected = mine
        if isinstance(ref.unit, Family) and ref.shift:
            expected = {t for t in mine if t + ref.shift in ref.unit.members}
        if times == expected:
            family.uses.append(Use(ref, times))
        else:
            strays.append((ref, times))
    for times in {frozenset(times) for _, times in strays}:
        t = min(times)
        alone = [ref for ref, at in strays if at == times]
        fitting = [
            use.ref
            for use in family.uses
            if isinstance(use.ref.unit, Family) and use.ref.shift and t + use.ref.shift not in use.ref.unit.members
        ]
        together = alone[0] if len(alone) == 1 else Ref(_sum_of(family, alone, t))
        stand_in = _absolute(together, t)
        if len(times) > 1 or not any(_extend(r.unit, t + r.shift, stand_in) for r in fitting):  # type: ignore[arg-type]
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


# -- loops -----------------------------------------------------------------------------------------


class _Units:
    """Families and single nodes, who uses whom, and the loops that they can be computed in."""

    def __init__(self, nodes: list[Node], families: list[Family]) -> None:
        self.units: list[Unit] = list({node.family or node: None for node in nodes})
        self.inputs: dict[Unit, list[Use]] = {
            unit: unit.uses if isinstance(unit, Family) else _uses_of_single(unit) for unit in self.units
        }
        self._skip_aliases()
        self._components()

    def _skip_aliases(self) -> None:
        """Leave out the adjoints that a rule passed on unchanged: they are another adjoint once more."""
        alias: dict[Unit, Unit] = {}
        for unit in sorted(self.units, key=lambda unit: unit.order):
            uses = self.inputs[unit]
            if unit.total and unit.name is None and len(uses) == 1 and isinstance(unit, Family) is isinstance(
                uses[0].ref.unit, Family
            ):
                other = uses[0].ref
                if other.unit.total and not (other.shift or other.every or other.at is not None):
                    alias[unit] = alias.get(other.unit, other.unit)
        for unit in alias:
            self.units.remove(unit)
            del self.inputs[unit]
        for unit in self.units:
            self.inputs[unit] = [Use(_without(use.ref, alias), use.times) for use in self.inputs[unit]]
            if isinstance(unit, Family):
                unit.uses = self.inputs[unit]
                unit.extension = {t: _without(ref, alias) for t, ref in unit.extension.items()}

    def _components(self) -> None:
        import networkx

        graph = networkx.DiGraph()
        graph.add_nodes_from(self.units)
        for unit in self.units:
            graph.add_edges_from((ref.unit, unit) for ref in self.needs(unit))
        self.components: list[list[Unit]] = [list(c) for c in networkx.strongly_connected_components(graph)]
        self.of = {unit: i for i, component in enumerate(self.components) for unit in component}

    def needs(self, unit: Unit) -> list[Ref]:
        """All that a unit uses, what stands in at boundaries included."""
        refs = [use.ref for use in self.inputs[unit]]
        if isinstance(unit, Family):
            for use in unit.uses:
                if isinstance(use.ref.unit, Family) and use.ref.shift:
                    refs.extend(use.ref.unit.extension.values())
        return refs

    def not_loops(self) -> list[Family]:
        """The families that no loop can compute: they hang on later and on earlier steps, or on single records."""
        broken: list[Family] = []
        for component in self.components:
            families = [unit for unit in component if isinstance(unit, Family)]
            mixed = len(component) > 1 and len(families) < len(component)
            both_ways = len({s > 0 for s in self._shifts(component)}) > 1
            if mixed or both_ways or not self._orderable(families):
                broken.extend(families)
        return broken

    def _shifts(self, component: Iterable[Unit]) -> set[int]:
        inside = set(component)
        return {
            use.ref.shift
            for unit in inside
            if isinstance(unit, Family)
            for use in unit.uses
            if use.ref.unit in inside and use.ref.shift
        }

    def _orderable(self, families: list[Family]) -> bool:
        return not families or len(_in_order(families, self.inputs)) == len(families)

    def blocks(self) -> list[Block]:
        """Loops and straight code, fused where that keeps the order."""
        position: dict[Unit, int] = {}
        blocks: list[Block] = []
        for component in self._sorted_components():
            if all(unit.leaf for unit in component):
                continue
            loop = isinstance(component[0], Family)
            inside = set(component)
            needed = max(
                (position[r.unit] for u in component for r in self.needs(u) if r.unit in position), default=0
            )
            place = self._joinable(blocks, needed, component, loop)
            if place is None:
                blocks.append(Block(loop=loop, lane=component[0].lane[1]))
                place = len(blocks) - 1
            block = blocks[place]
            block.units.extend(component)
            if loop:
                shifts = self._shifts(inside)
                block.direction = block.direction or (0 if not shifts else -1 if max(shifts) > 0 else 1)
            position.update(dict.fromkeys(component, place))
        for block in blocks:
            if block.loop:
                block.units = list(_in_order(block.units, self.inputs))
                if not block.direction:
                    shifts = self._shifts(block.units)
                    backward = any(u.any.owner is not None for u in block.units if isinstance(u, Family))
                    block.direction = (-1 if max(shifts) > 0 else 1) if shifts else -1 if backward else 1
            else:
                block.units.sort(key=lambda unit: unit.order)
        return blocks

    def _sorted_components(self) -> list[list[Unit]]:
        """Each after all that it uses; as far as that allows, in the order of the recording."""
        waiting = {i: set() for i in range(len(self.components))}  # type: dict[int, set[int]]
        users: dict[int, set[int]] = {i: set() for i in waiting}
        for i, component in enumerate(self.components):
            for unit in component:
                for ref in self.needs(unit):
                    j = self.of[ref.unit]
                    if j != i:
                        waiting[i].add(j)
                        users[j].add(i)
        order = {i: min(unit.order for unit in c) for i, c in enumerate(self.components)}
        ready = [(order[i], i) for i, needs in waiting.items() if not needs]
        heapify(ready)
        result = []
        while ready:
            _, i = heappop(ready)
            result.append(sorted(self.components[i], key=lambda unit: unit.order))
            for j in users[i]:
                waiting[j].discard(i)
                if not waiting[j]:
                    heappush(ready, (order[j], j))
        return result

    def _joinable(self, blocks: list[Block], needed: int, component: list[Unit], loop: bool) -> int | None:
        for i in range(needed, len(blocks)):
            block = blocks[i]
            if block.loop != loop:
                continue
            if not loop:
                return i
            if block.lane == component[0].lane[1] and _same_span(block, component) and self._fuses(block, component):
                return i
        return None

    def _fuses(self, block: Block, component: list[Unit]) -> bool:
        """Whether a loop over both reads only what is there already."""
        backward = {isinstance(u, Family) and u.any.owner is not None for u in (block.units[0], component[0])}
        if len(backward) > 1:
            return False
        both = set(block.units) | set(component)
        if any(ref.unit in both and ref.at is not None for unit in component for ref in self.needs(unit)):
            return False
        shifts = self._shifts(both)
        signs = {s > 0 for s in shifts} | ({block.direction < 0} if block.direction else set())
        own = self._shifts(component)
        return len(signs | {s > 0 for s in own}) <= 1


def _without(ref: Ref, alias: dict[Unit, Unit]) -> Ref:
    return replace(ref, unit=alias.get(ref.unit, ref.unit))


def _same_span(block: Block, component: list[Unit]) -> bool:
    """Whether two loops run over the same steps, give or take one at each end."""
    times = block.times
    more = sorted({t for unit in component if isinstance(unit, Family) for t in unit.times})
    return abs(times[0] - more[0]) <= 1 and abs(times[-1] - more[-1]) <= 1


def _in_order(units: Iterable[Unit], inputs: dict[Unit, list[Use]]) -> list[Unit]:
    """Units of one loop, each after those that it uses at the same step; shorter where they use each other.

    Where possible, also each before those whose last step it uses, so that a program may keep only that.
    """
    pool = list(units)
    careful = _sorted(pool, inputs, True)
    return careful if len(careful) == len(pool) else _sorted(pool, inputs, False)


def _sorted(pool: list[Unit], inputs: dict[Unit, list[Use]], careful: bool) -> list[Unit]:
    inside = set(pool)
    waiting = {u: {use.ref.unit for use in inputs[u] if use.ref.unit in inside and not use.ref.shift} for u in pool}
    if careful:
        for u in pool:
            for use in inputs[u]:
                if use.ref.shift and use.ref.unit in inside and use.ref.unit is not u:
                    waiting[use.ref.unit].add(u)
    users: dict[Unit, list[Unit]] = {u: [] for u in pool}
    for u, needs in waiting.items():
        for x in needs:
            users[x].append(u)
    rank = _ranks(pool)
    ready = [(rank[u], i, u) for i, u in enumerate(pool) if not waiting[u]]
    number = {u: i for i, u in enumerate(pool)}
    heapify(ready)
    result = []
    while ready:
        *_, unit = heappop(ready)
        result.append(unit)
        for user in users[unit]:
            waiting[user].discard(unit)
            if not waiting[user]:
                heappush(ready, (rank[user], number[user], user))
    return result


def _ranks(pool: list[Unit]) -> dict[Unit, int]:
    """The order of the recording, at one step that all families have."""
    common = set.intersection(*(set(u.members) for u in pool if isinstance(u, Family)))
    step = sorted(common)[len(common) // 2] if common else None
    return {
        u: u.order if not isinstance(u, Family) else u.any.order if step is None else u.members[step].order for u in pool
    }


def _uses_of_single(node: Node) -> list[Use]:
    """The inputs of a record outside of any loop: single records, single members, or all members of a family."""
    places: dict[Family, list[int]] = {}
    for i, x in enumerate(node.inputs):
        if x.family is not None:
            places.setdefault(x.family, []).append(i)
    whole = {family for family, at in places.items() if _takes_all(node, family, at)}
    result: list[Use] = []
    for i, x in enumerate(node.inputs):
        if x.family is None:
            result.append(Use(Ref(x), set()))
        elif x.family not in whole:
            result.append(Use(Ref(x.family, at=x.time), set()))
        elif i == places[x.family][0]:
            result.append(Use(Ref(x.family, every=True), set()))
    return result


def _takes_all(node: Node, family: Family, places: list[int]) -> bool:
    """Whether a record takes every member once: in any order for a sum, side by side in time for a list."""
    times = [node.inputs[i].time for i in places]
    if node.total:
        return sorted(t for t in times if t is not None) == family.times
    side_by_side = places == list(range(places[0], places[0] + len(places)))
    return len(places) > 1 and side_by_side and times == family.times


__all__ = ["Block", "Family", "Folded", "Ref", "StepIndex", "Unit", "Use", "fold"]
