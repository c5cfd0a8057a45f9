"""The user's own function behind a recording: what it is called, what it takes, and what of that each array is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from types import CodeType
from typing import Any

import numpy as np

from autograd_seq.core.program_arguments import PartOf, Taken, arguments_of
from autograd_seq.core.program_names import DEPTH, NOWHERE, Origin, Place, PutInto, destinations
from autograd_seq.core.source_line import ours
from autograd_seq.folding.unit import Family, Node, Unit
from autograd_seq.readings.code_patterns import called
from autograd_seq.readings.derivation import Derivation
from autograd_seq.readings.way import MADE, Way, picked, uncounted, without_dots, written
from autograd_seq.readings.way_in import WaysIn
from autograd_seq.writer.tree import record_of

MOST = 16  # chains of callers of one helper that are looked at


@dataclass(frozen=True)
class Given:
    """What one unit of a derivation is in the arguments of a function.

    Attributes
    ----------
    way : Way
        The expression; what its counters add is counted from the first of them.
    shift : int
        Of what has steps: the element of step t is at t + shift, or at T - t + shift where it is counted from the end.
    falls : bool
        Whether it is counted from the end.
    """

    way: Way
    shift: int = 0
    falls: bool = False

    def write(self, at: Callable[[int, bool], str]) -> str:
        """As Python; `at` writes a step with something added, or counted from the end."""
        return self.way.write(lambda more: at(self.shift + more, self.falls))

    @property
    def bare(self) -> bool:
        """Whether it is the whole of an argument."""
        return self.way.word == "argument"


@dataclass
class OwnFunction:
    """A function of the user's.

    Attributes
    ----------
    name : str
        As the user has it.
    arguments : list of str
        In its order; behind them, what the recording takes from around it.
    given : dict
        From leaves to what they are in the arguments.
    parameters : str
        The argument that has the parameters of which nobody knows where they come from, by their names.
    made : list
        Leaves that it makes itself.
    """

    name: str
    arguments: list[str]
    given: dict[Unit, Given] = field(default_factory=dict)
    parameters: str = "parameters"
    made: list[Unit] = field(default_factory=list)

    @property
    def roots(self) -> set[str]:
        """The arguments that something comes from."""
        return {root for given in self.given.values() if (root := given.way.root) is not None}


def own_function(derivation: Derivation) -> OwnFunction | None:
    """The function of the user's that takes most of what is needed; None if there is none that could be called."""
    return _Search(derivation).best()


class _Search:
    """All functions that were running when the recording was made."""

    def __init__(self, derivation: Derivation) -> None:
        self.d = derivation
        self.graph = derivation.forward
        self.sites: dict[CodeType, list[tuple[CodeType, int]]] = {}
        self.depth: dict[CodeType, int] = {}
        self.users: dict[Any, list[tuple[Any, int]]] = {}
        for record in self.graph:
            if record.operation is not None:
                self._note(_places(record))
            for i, x in enumerate(record.inputs):
                self.users.setdefault(x, []).append((record, i))
        self.running = set(self.depth)
        for leaf in self.graph.leaves:
            if self._is_taken_here(leaf):
                self._note(_places(leaf))
        self._note_calls()
        self._callers: dict[Origin, list[Origin]] = {}  # chains that were looked for
        wanted = set(derivation.parameters)
        leaves = [u for u in derivation.folded.units if u.leaf and derivation.in_forward(u)]
        leaves = [u for u in leaves if not (isinstance(u, Node) and u.literal)]
        self.parameters = [unit for unit in leaves if unit in wanted]
        self.data = [unit for unit in leaves if unit not in wanted]

    def _note(self, places: Origin) -> None:
        for i, (code, _) in enumerate(places):
            self.depth[code] = min(i, self.depth.get(code, i))
            known = self.sites.setdefault(code, [])
            if i + 1 < len(places) and places[i + 1] not in known:
                known.append(places[i + 1])

    def _is_taken_here(self, leaf: Any) -> bool:
        """Whether a leaf says where this recording took it from, and not an earlier one of the same array."""
        return bool(places := _places(leaf)) and places[0][0] in self.running

    def _note_calls(self) -> None:
        """All calls of a function by its name: what a helper was given the second time is told by no array."""
        for caller in self.depth:
            flow = destinations(caller).flow
            for step in flow.steps:
                if step.word == "call":
                    name, _ = called(flow.steps, step)
                    for code in self.depth:
                        if code.co_name == name and not self._is_known(code, caller, step.offset):
                            self.sites[code].append((caller, step.offset))

    def _is_known(self, code: CodeType, caller: CodeType, offset: int) -> bool:
        flow = destinations(caller).flow
        at = flow.step_at(offset)
        return any(site is caller and flow.step_at(known) == at for site, known in self.sites[code])

    def best(self) -> OwnFunction | None:
        """Of several functions that take as much, the innermost that is not a method."""
        if any(record._code is not None and ours(record._code) for record in self.graph):
            return None
        codes = [code for code in self.running if code.co_name.isidentifier() and not ours(code)]
        found = [(own, code) for code in codes if (own := self._read(code)) is not None]
        if not found:
            return None
        return max(found, key=lambda x: (self._weight(*x), not _is_method(x[1]), -self.depth[x[1]]))[0]

    def _weight(self, own: OwnFunction, code: CodeType) -> int:
        """How much of what is needed comes from the function's own arguments."""
        names = arguments_of(code)
        known = sum(given.way.root in names for given in own.given.values())
        return known + (own.parameters in names) * sum(unit not in own.given for unit in self.parameters)

    def _read(self, code: CodeType) -> OwnFunction | None:
        """What a function takes; None if data that it uses come from elsewhere."""
        ways, around = WaysIn(code, self.sites), self._around(code)
        own = OwnFunction(code.co_name, [name for name in arguments_of(code) if name not in ("self", "cls")])
        for unit in self.data:
            given = self._given(unit, ways)
            if record_of(unit)._origin == NOWHERE or (given is not None and given.way is MADE):
                if isinstance(unit, Family) or record_of(unit)._value.any():
                    return None
                own.made.append(unit)
                continue
            if given is None and around is not None and not self._is_inside(unit, code):
                given = self._given(unit, around)
                if given is not None and given.way.root in arguments_of(code):
                    return None  # another thing of that name
                if given is not None and given.way.root not in own.arguments:
                    own.arguments.append(str(given.way.root))
            if given is None:
                return None
            own.given[unit] = given
        if not own.roots & set(arguments_of(code)):
            return None
        own.given |= self._parameters(ways)
        return self._with_dictionary(own) if _different(own.given.values()) else None

    def _around(self, code: CodeType) -> WaysIn | None:
        """What is known at the one place that called a function."""
        callers = {caller for caller, _ in self.sites.get(code, [])}
        return WaysIn(callers.pop(), self.sites, variables=True) if len(callers) == 1 else None

    def _is_inside(self, unit: Unit, code: CodeType) -> bool:
        """Whether a function, or one that it calls, uses something."""
        return any(code is c for node in _members(unit) for c, _ in _places(node.record))

    # -- data

    def _given(self, unit: Unit, ways: WaysIn) -> Given | None:
        found = [self._member(node, ways) for node in _members(unit)]
        if isinstance(unit, Node):
            return self._of_one(unit, found[0])
        steps = [(t, way) for t, way in zip(unit.times, found, strict=True)]
        given = {None if way is None else self._at(unit.members[t], t, way) for t, way in steps}
        known = given - {None}
        return known.pop() if len(given) == 1 == len(known) else None

    def _member(self, node: Node, ways: WaysIn) -> Way | None:
        origin = node.record._origin
        if isinstance(origin, PartOf):
            whole = self._taken(origin.whole, ways, False)
            return None if whole is None or whole.counter else _part(whole, origin.index)
        zeros = not node.record._value.any()
        if isinstance(origin, Taken) and not self._is_taken_here(node.record):
            user, position = self.users[node.record][0]
            origin = Taken(_places(user)[:1], position, len(user.inputs))
        way = self._taken(origin, ways, zeros)
        if way is not None and way.word == "one-hot":
            value = node.record._value
            return replace(way, argument=value.shape) if np.count_nonzero(value) == 1 == value.max() else None
        return None if way is None else without_dots(way, node.record.ndim)

    def _taken(self, origin: Any, ways: WaysIn, zeros: bool) -> Way | None:
        if not isinstance(origin, Taken) or origin.position < 0 or not origin.places:
            return None
        known = any(code is ways.entry for code, _ in origin.places)
        several = [origin.places] if known else self._chains(origin.places[:1])
        found = {ways.operand(places, origin.position, origin.count, zeros) for places in several} - {None}
        return found.pop() if len(found) == 1 else None

    def _of_one(self, node: Node, way: Way | None) -> Given | None:
        """What has no step: the turn of a loop that took it is told by the others that were taken there."""
        if way is None or way.counter is None:
            return None if way is None else Given(way)
        if node.time is not None:
            return None
        places = _places(node.record)
        nodes = [x for x in self.data if isinstance(x, Node) and _places(x.record) == places]
        turn = self._in_turn([x.record for x in nodes]).get(node.record)
        if turn is None and len(nodes) == 1 and isinstance(node.record._origin, Taken):
            turns = self._turns(node)
            turn = turns[0] if turns is not None and turns[1] == self.d.last > 1 and not turns[2] else None
        return None if turn is None or way.counter.falls else Given(_numbered(way, turn))

    def _in_turn(self, leaves: list[Any]) -> dict[Any, int]:
        """The turns of a loop that took leaves, if each turn goes on with what the one before made.

        Where turns have nothing to do with each other, some may be missing in the recording; then there is no answer.
        """
        users = {leaf: self.users[leaf][0][0] for leaf in leaves if leaf in self.users}
        ordered = sorted(users, key=lambda leaf: users[leaf].index)
        linked = all(self._meets(users[b], users[a]) for a, b in pairwise(ordered))
        known = linked and len(leaves) == len(ordered) > 1
        return {leaf: turn for turn, leaf in enumerate(ordered)} if known else {}

    def _meets(self, later: Any, earlier: Any) -> bool:
        """Whether what a record makes, or what it is added to, was made of an earlier one."""
        near = [later, *(user for user, _ in self.users.get(later, []))]
        return any(_depends(record, earlier) for record in near)

    def _at(self, node: Node, t: int, way: Way) -> Given | None:
        """Where the element of a step lies."""
        counter = way.counter
        if counter is None or way.root is None:
            return None
        origin = node.record._origin
        if isinstance(origin, PartOf):
            return Given(_from_first(way), counter.argument - t)
        turns = self._turns(node)
        if turns is None:
            return None
        turn, count, turned = turns
        way = way if count == self.d.last else uncounted(way)
        rises = counter.falls is turned
        position = count - 1 - turn if counter.falls else turn
        first = position + counter.argument
        return Given(_from_first(way), first - t if rises else first - count + t, not rises)

    def _turns(self, node: Node) -> tuple[int, int, bool] | None:
        """At which turn a leaf was used first, of how many, and whether steps are counted from the last turn."""
        place, forward = node.record._origin.places[0], self.d.folded.nodes.forward
        users = [user for user, _ in self.users.get(node.record, []) if user in forward]
        user = next((u for u in users if (u._code, u._offset) == place), users[0] if users else None)
        if user is None:
            return None
        order = self._order.get((user._code, user._offset), {})
        times = list(order)
        if None in order:
            return None
        return order[self._step(user)], len(times), times[0] > times[-1]  # type: ignore[operator]

    def _step(self, record: Any) -> int | None:
        """The step of something that was made."""
        left_out = self.d.folded.left_out.get(record)
        return self.d.folded.nodes.forward[record].time if left_out is None else left_out

    @cached_property
    def _order(self) -> dict[Place, dict[int | None, int]]:
        """By instruction the steps at which it made something, each with its number in their order."""
        found: dict[Place, dict[int | None, int]] = {}
        for record in self.graph:
            if record.operation is not None and record in self.d.folded.nodes.forward:
                order = found.setdefault((record._code, record._offset), {})
                order.setdefault(self._step(record), len(order))
        return found

    # -- parameters

    def _parameters(self, ways: WaysIn) -> dict[Unit, Given]:
        found: dict[Unit, Given] = {}
        in_turn: dict[Way, list[Unit]] = {}  # elements of a list
        for unit in self.parameters:
            uses = self.users.get(record_of(unit), [])
            several = {
                way
                for places, i, count in {(_places(user), i, len(user.inputs)) for user, i in uses}
                for chain in self._chains(places)
                for way in _elements(ways.operand(chain, i, count))
            }
            several = {way for way in several if way.keys and way.keys[-1] == unit.name} or several
            way = several.pop() if len(several) == 1 else None
            if way is not None and way.keys is None:
                in_turn.setdefault(way, []).append(unit)
            elif way is not None:
                found[unit] = Given(way)
        for way, listed in in_turn.items():
            turns = self._in_turn([record_of(unit) for unit in listed])
            found |= {u: Given(_numbered(way, turns[record_of(u)])) for u in listed if turns}
        return found

    def _chains(self, places: Origin) -> list[Origin]:
        """An instruction with all who can have called it."""
        if places in self._callers:
            return self._callers[places]
        found: list[Origin] = self._callers.setdefault(places, [])
        open_ = [places] if places else []
        while open_ and len(found) < MOST:
            chain = open_.pop()
            more = self.sites.get(chain[-1][0], []) if len(chain) < DEPTH else []
            found.append(chain)
            open_ += [(*chain, site) for site in more]
        return found

    def _with_dictionary(self, own: OwnFunction) -> OwnFunction:
        """Say where parameters come from that were not found: where others do, or the one argument that is left."""
        for unit in self.parameters:
            if unit not in own.given and unit.name in own.arguments and unit.name not in own.roots:
                own.given[unit] = Given(Way("argument", unit.name))
        if all(unit in own.given for unit in self.parameters):
            return own
        roots = [own.given[unit].way.root for unit in self.parameters if unit in own.given and own.given[unit].way.keys]
        named = all(record_of(unit)._name is not None for unit in self.parameters if unit not in own.given)
        left = [name for name in own.arguments if name not in own.roots and named]
        words = list(dict.fromkeys(filter(None, roots))) or left
        if len(words) == 1:
            own.parameters = words[0]
        else:
            own.arguments.append(own.parameters)
        return own


def _places(record: Any) -> Origin:
    """Where something was made, or taken from, and who had called."""
    origin = record._origin
    if isinstance(origin, PartOf):
        origin = origin.whole
    if isinstance(origin, Taken):
        return origin.places
    if isinstance(origin, PutInto):
        return (origin.place,)
    return origin or (((record._code, record._offset),) if record._code is not None else ())


def _depends(later: Any, earlier: Any) -> bool:
    """Whether a record was made of an earlier one."""
    seen, stack = {later}, [later]
    while stack:
        for x in stack.pop().inputs:
            if x is earlier:
                return True
            if x not in seen and x.operation is not None:
                seen.add(x)
                stack.append(x)
    return False


def _members(unit: Unit) -> list[Node]:
    return [unit.members[t] for t in unit.times] if isinstance(unit, Family) else [unit]


def _is_method(code: CodeType) -> bool:
    return arguments_of(code)[:1] in (("self",), ("cls",))


def _part(whole: Way, index: Any) -> Way | None:
    """One step of a whole array."""
    if not isinstance(index, tuple) or sum(isinstance(part, int) for part in index) != 1:
        return None
    parts = tuple(Way("counter", part) if isinstance(part, int) else written(part) for part in index)
    return Way("item", None, (whole, Way("collect", None, parts)))


def _numbered(way: Way, number: int) -> Way:
    """An expression whose counter has counted to a number."""
    if way.word == "counter":
        return Way("number", way.argument + number)
    parts = tuple(_numbered(part, number) for part in way.parts)
    return (picked(*parts) if way.word == "item" else None) or replace(way, parts=parts)


@lru_cache(maxsize=256)
def _from_first(way: Way) -> Way:
    """The same, with what its counters add counted from the first."""
    first = way.counter.argument if way.counter is not None else 0

    def again(part: Way) -> Way:
        if part.word == "counter":
            return replace(part, argument=part.argument - first)
        return replace(part, parts=tuple(map(again, part.parts)))

    return again(way)


def _elements(way: Way | None) -> Iterable[Way]:
    """What an expression of a parameter can be: of a list that the program has written out, each of its elements."""
    if way is None:
        return ()
    if way.word == "item" and way.parts[0].word == "collect" and way.parts[1].word == "counter":
        return [part for part in way.parts[0].parts if part.keys is not None]
    if way.keys is not None:
        return (way,)
    return (way,) if way.counter is not None and _numbered(way, 0).keys is not None else ()


def _different(given: Iterable[Given]) -> bool:
    """Whether no two units are one thing."""
    listed = list(given)
    return len({(x.way, x.shift, x.falls) for x in listed}) == len(listed)
