"""What a rule may ask about the network around a value: who uses it, in which loop it is, what was computed already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import networkx as nx

from autograd_seq.plan.value import Network, Use, Value, retie

Users = list[tuple[Value | None, Use]]


class Surroundings:
    """The network as it is now; what is asked for is kept until something changes.

    Parameters
    ----------
    network : Network
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.changed: set[Value] = set()  # what is another, or used by others, than when this was emptied
        self._users: dict[Value, Users] = {}
        self._known: set[Value] = set()
        self._remembered: dict[Any, Any] = {}
        self._loops: dict[Value, int | None] = {}
        for use in network.outputs.values():
            self._enter(None, use)

    def look_again(self) -> None:
        """Forget what was worked out of the whole network."""
        self._remembered = {}

    # -- what rules ask -------------------------------------------------------------------------

    def users(self, value: Value) -> Users:
        """Who uses a value and how; None stands for the outputs."""
        return self._users.get(value, [])

    def only_user(self, value: Value) -> Value | None:
        """The value that alone uses another one, at the same step."""
        users = self.users(value)
        return users[0][0] if len(users) == 1 and users[0][1].plain else None

    @property
    def values(self) -> list[Value]:
        """All values, operands first, as they were when they were looked at last."""
        values: list[Value] = self.remembered("values", lambda: self.network.values)
        return values

    def loop(self, value: Value) -> int | None:
        """Which loop a value is in: whether and with what it depends on itself at another step."""
        if not value.timed:
            return None
        if value not in self._loops:  # what stands instead of a value is in its loop, so the others stay right
            self._loops = _loops(self.network.values)
        return self._loops.get(value)

    def inside(self, value: Value, other: Value) -> bool:
        """Whether a value is in the loop of another one."""
        both = [self.loop(one) for one in (value, other, value)][1:]  # the second look is at the same loops
        return both[0] is not None and both[0] == both[1]

    def in_order(self, values: Iterable[Value]) -> list[Value]:
        """Values in the order in which they are computed."""
        number = self.remembered("numbers", lambda: {value: i for i, value in enumerate(self.values)})
        return sorted(values, key=lambda value: number.get(value, len(number)))

    def remembered(self, what: Any, make: Callable[[], Any]) -> Any:
        """Something about the whole network that is worked out once."""
        if what not in self._remembered:
            self._remembered[what] = make()
        return self._remembered[what]

    def near(self, values: set[Value]) -> set[Value]:
        """Values, what they are made of, and who uses them and whom these use: all whose pattern may fit now."""
        found = {use.value for value in values for use in value.every_use} | values
        level = values
        for _ in range(2):
            level = {user for value in level for user, _ in self.users(value) if user is not None} - found
            found |= level
        return found

    # -- changes --------------------------------------------------------------------------------

    def replace(self, replacements: Mapping[Value, Value]) -> None:
        """Let users use other values; those that nobody uses any more are forgotten."""

        def turned(use: Use) -> Use:
            made = use.value
            while made in replacements:
                made = replacements[made]
            return use if made is use.value else use.of(made)

        users = {user: None for old in replacements for user, _ in self.users(old)}
        for key, use in self.network.outputs.items():
            if None in users and turned(use) is not use:
                self.network.outputs[key] = turned(use)
                self._enter(None, turned(use), turned)
                self._leave(None, use)
        for user in users:
            if user is not None and user in self._known:
                before = user.every_use
                self.changed.add(user)
                retie(user, turned)
                for use in user.every_use:
                    self._enter(user, use, turned)
                for use in before:
                    self._leave(user, use)

    def _enter(self, user: Value | None, use: Use, turned: Callable[[Use], Use] | None = None) -> None:
        stack = [(user, use)]
        while stack:
            user, use = stack.pop()
            value = use.value
            self._users.setdefault(value, []).append((user, use))
            self.changed.add(value)
            if value not in self._known:
                self._known.add(value)
                if turned is not None:
                    retie(value, turned)
                stack += [(value, inner) for inner in reversed(value.every_use)]

    def _leave(self, user: Value | None, use: Use) -> None:
        stack = [(user, use)]
        while stack:
            user, use = stack.pop()
            users = self._users[use.value]
            users.remove((user, use))
            self.changed.add(use.value)
            if not users:
                del self._users[use.value]
                self._known.discard(use.value)
                stack += [(use.value, inner) for inner in use.value.every_use]

    def alive(self, value: Value) -> bool:
        """Whether a value is still needed."""
        return value in self._known


def _loops(values: list[Value]) -> dict[Value, int | None]:
    """The number of the loop of each value that has steps; None if it is in none."""
    timed = [value for value in values if value.timed]
    graph: Any = nx.DiGraph()
    graph.add_nodes_from(timed)
    graph.add_edges_from((use.value, value) for value in timed for use in value.every_use if use.value.timed)
    loops: dict[Value, int | None] = dict.fromkeys(timed)
    for number, inside in enumerate(nx.strongly_connected_components(graph)):
        if len(inside) > 1 or any(use.value in inside for value in inside for use in value.uses):
            loops.update(dict.fromkeys(inside, number))
    return loops
