"""In which loops families can be computed, and in which order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from heapq import heapify, heappop, heappush

import networkx

from autograd_seq.folding.folded import Block
from autograd_seq.folding.unit import Family, Node, Ref, Unit, Use


class Units:
    """Families and single nodes, who uses whom, and the loops that they can be computed in."""

    def __init__(self, nodes: list[Node], families: list[Family], roots: list[Node]) -> None:
        self.units: list[Unit] = list({node.family or node: None for node in nodes})
        self.inputs: dict[Unit, list[Use]] = {
            unit: unit.uses if isinstance(unit, Family) else _uses_of_single(unit) for unit in self.units
        }
        self._skip_unused(roots)
        self._skip_aliases()
        self._components()

    def _skip_unused(self, roots: list[Node]) -> None:
        """Leave out what is given once more: another record of the same array stands for it."""
        used = {ref.unit for unit in self.units for ref in self.needs(unit)} | set(roots)
        for unit in [unit for unit in self.units if unit.leaf and unit not in used]:
            self.units.remove(unit)
            del self.inputs[unit]

    def _skip_aliases(self) -> None:
        """Leave out the adjoints that a rule passed on unchanged: they are another adjoint once more."""
        alias: dict[Unit, Unit] = {}
        for family in [unit for unit in self.units if isinstance(unit, Family)]:
            alias.update({node: first for node, first in family.again.items() if node in self.inputs})
        for unit in sorted(self.units, key=lambda unit: unit.order):
            uses = self.inputs[unit]
            if unit.total and not unit.given and len(uses) == 1 and isinstance(unit, Family) is isinstance(
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
        """The families that no loop can compute: they depend on later and on earlier steps, or on single records."""
        broken: list[Family] = []
        for component in self.components:
            families = [unit for unit in component if isinstance(unit, Family)]
            mixed = len(component) > 1 and len(families) < len(component)
            both_ways = len({s > 0 for s in self._shifts(component)}) > 1
            if mixed and (begun := self._begun_apart(component, families)):
                broken.extend(begun)
            elif mixed or both_ways or self._begins_with_itself(component) or not self._orderable(families):
                broken.extend(families)
        return broken

    def _begun_apart(self, component: list[Unit], families: list[Family]) -> list[Family]:
        """The families that have the one step, the first or the last, that is otherwise made of single records."""
        times = {unit.time for unit in component if isinstance(unit, Node)}
        every = {t for family in families for t in family.times}
        if len(times) != 1 or not families or times - {min(every), max(every), min(every) - 1}:
            return []
        found = [family for family in families if times & set(family.members)]
        for family in found:
            family.misfits = {t for t in times if t is not None}
        return found

    def _begins_with_itself(self, component: list[Unit]) -> bool:
        """Whether a loop begins with what comes out of it."""
        inside = set(component)
        return any(r.at is not None and r.unit in inside for unit in component for r in self.needs(unit))

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

    def rank(unit: Unit) -> int:
        if not isinstance(unit, Family):
            return unit.order
        return unit.any.order if step is None else unit.members[step].order

    return {unit: rank(unit) for unit in pool}


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
    if node.operation is None or not node.operation.variadic:
        return False  # an input for each array, such as the two of a difference
    counted = any(isinstance(v, (tuple, list)) and len(v) >= len(places) for v in node.settings.values())
    if counted:
        return False  # a setting for each array: they are not a plain list
    side_by_side = places == list(range(places[0], places[0] + len(places)))
    return len(places) > 1 and side_by_side and times == family.times
