"""Where values live: in place of an operand that nobody else needs, or in the room of a single step."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from autograd_seq.plan.rewrites.lifting import elementwise
from autograd_seq.plan.value import AFFINE, CONCAT, PRODUCT, ROWS, STEPS, SUM, Network, Use, Value, carried, tie


def view(value: Value) -> bool:
    """Whether a value has no memory of its own, but is seen in, or written over, that of its operand."""
    return value.kind == ROWS or bool(value.kind == AFFINE and value.settings.get("over"))


Users = dict[Value, list[tuple[Value | None, Use]]]


class Memory:
    """Which values share memory.

    Parameters
    ----------
    network : Network
        All values.
    rows : dict
        Which steps each block must hold.
    compiled : function or None
        Of a value, whether a compiled loop can hold it: there, all that is element by element is read before
        anything is written, and to take rows of a step costs nothing. None if no loops are compiled.

    Attributes
    ----------
    home : dict of Value to Value
        Whose block a value is written into, if not its own.
    place : dict of Value to (Value, int, int)
        Which columns of another block a value is written into, if it has no block of its own.
    brief : set of Value
        Values of a loop that are gone after the step, or after the next one: one row serves all.
    reset : set of Value
        Those of them that are zero when the loop begins.
    order : dict of Value to list of Value
        Of each loop, by its first value, the order within a step.
    """

    def __init__(self, network: Network, rows: dict[Value, range], compiled: Callable[[Value], bool] | None) -> None:
        self.rows = rows
        self.compiled = compiled
        self.users: Users = network.users()
        self.home: dict[Value, Value] = {}
        self.brief: set[Value] = set()
        self.place: dict[Value, tuple[Value, int, int]] = {}
        self.reset: set[Value] = set()
        self.order: dict[Value, list[Value]] = {}
        values = network.values
        self.looped = {value for component in network.components() if carried(component) for value in component}
        for value in values:
            if value.kind == CONCAT and value.settings.get("placed"):
                self._side_by_side(value)
        if compiled is not None:
            for value in values:
                self._over_rows(value)
        for value in reversed(values):
            self._in_place(value)
        if self.home:
            network.notes.append(f"{len(self.home)} values: computed in place of what uses them")
        self.components = network.components()
        self.hosts = {self.block(host) for host, _, _ in self.place.values()}
        for component in self.components:
            if carried(component):
                self._single_rows(component)
        for component in self.components:
            if compiled is not None and carried(component) and all(map(compiled, component)):
                self._over_gates(component)
        if self.brief:
            network.notes.append(f"{len(self.brief)} values of loops: room for one step, not for all")

    def block(self, value: Value) -> Value:
        """The value whose block a value is written into."""
        while value in self.home:
            value = self.home[value]
        return value

    def _side_by_side(self, stacked: Value) -> None:
        """Let what is stacked be computed in its place, so that nothing is copied."""
        whole = all(
            x.value.times == stacked.times == self.rows[x.value] == self.rows[stacked] and not view(x.value)
            for x in stacked.uses
        )  # fmt: skip
        if not whole:
            tie(stacked, settings={**stacked.settings, "placed": False})
            return
        start = 0
        for use in stacked.uses:
            stop = start + use.value.shape[0]
            self.place[use.value] = (stacked, start, stop)
            start = stop

    def _over_rows(self, value: Value) -> None:
        """Let what is made of rows that only it needs, element by element, be written over them."""
        if value.times is None or len(value.uses) != 1 or not elementwise(value.kind) or value in self.place:
            return
        rows = value.uses[0].value
        if rows.kind != ROWS or value.uses[0].shift or len(self.users[rows]) != 1 or rows.uses[0].shift:
            return
        whole = rows.uses[0].value
        alone = all(
            user is not None and user.kind == ROWS and len(self.users[user]) == 1 for user, _ in self.users[whole]
        )
        same = value.shape == rows.shape and value.dtype == whole.dtype and not value.beyond and not whole.beyond
        steps = value.times == whole.times == self.rows[value] == self.rows[whole]
        if alone and same and steps and whole not in self.place and not whole.settings.get("placed"):
            self.place[value] = (whole, *rows.settings["rows"])

    def _over_gates(self, component: list[Value]) -> None:
        """Let adjoints that stand above each other be written over gates that nobody needs after that step.

        What is itself written over something is not a host: two would be written over each other.
        """
        inside = set(component)
        for stacked in component:
            if not stacked.settings.get("placed") or stacked in self.home:
                continue
            for host in [v for v in self.rows if v in self.hosts and v not in inside and v not in self.home]:
                same = (host.shape, host.dtype, host.times) == (stacked.shape, stacked.dtype, stacked.times)
                tenants = [value for value, (base, _, _) in self.place.items() if self.block(base) is host]
                if same and self.rows[host] == self.rows[stacked] and all(
                    self._done_with(tenant, stacked, inside) for tenant in tenants
                ):  # fmt: skip
                    self.home[stacked] = host
                    self.hosts.discard(host)
                    break

    def _done_with(self, tenant: Value, stacked: Value, inside: set[Value]) -> bool:
        """Whether all who need a value in a loop have read it when others are written over it."""
        level = levels(list(inside))
        writing = [level[use.value] for use in stacked.uses]
        neighbours = [v for v in inside if level[v] in writing and not _alone(v) and not view(v)]
        whole = all(v.shape == tenant.shape for v in neighbours if v is not stacked)
        before = {value for component in self.components if tenant in component for value in component}
        return whole and len(set(writing)) == 1 and all(
            user in before or (user in inside and not use.shift and use.at is None and level[user] <= writing[0])
            for user, use in self.users[tenant]
        )  # fmt: skip

    def _in_place(self, value: Value) -> None:
        """Let an operand that only this value needs be computed where the value will stand."""
        if value.times is None or view(value) or not (value.kind in (SUM, PRODUCT) or elementwise(value.kind)):
            return
        fitting = [i for i, use in enumerate(value.uses) if self._fits(use, value)]
        if fitting:
            # Rather something computed before the loop than in it: what is gone after a step needs one row only.
            i = min(fitting, key=lambda i: value.uses[i].value in self.looped)
            use = value.uses[i]
            self.home[use.value] = value
            if value.kind in (SUM, PRODUCT):  # it is read before anything is written over it
                tie(value, uses=(use, *value.uses[:i], *value.uses[i + 1 :]))

    def _fits(self, use: Use, value: Value) -> bool:
        x = use.value
        same = (x.times, x.shape, x.dtype) == (value.times, value.shape, value.dtype)
        alone = len(self.users[x]) == 1 and not use.shift and use.at is None
        own = not view(x) and x.kind != STEPS and x not in self.place and not x.settings.get("placed")
        return same and alone and own and not x.beyond and self.rows[x] == x.times

    def _single_rows(self, component: list[Value]) -> None:
        inside = set(component)
        order = self.order[component[0]] = within_step(component)
        number = {value: i for i, value in enumerate(order)}
        tenants: dict[Value, list[Value]] = {}
        for value in self.rows:
            tenants.setdefault(self.block(value), []).append(value)
        for value in component:
            if value in self.home or value in self.place or view(value) or value in self.hosts:
                continue
            if all(self._gone(x, inside) for x in tenants[value]):
                self.brief.add(value)
            elif all(self._gone(x, inside) for x in tenants[value] if x is not value) and self._handed_on(
                value, inside
            ):
                first = min(number[x] for x in tenants[value] if x in number)
                if all(number[user] < first for user, _ in self.users[value]):  # type: ignore[index]
                    self.brief.add(value)
                    self.reset.add(value)

    def _gone(self, value: Value, inside: set[Value]) -> bool:
        """Whether a value is needed at its own step of its own loop only, and at none where it is not computed."""
        if value not in inside or value.beyond or value.settings.get("placed"):
            return False
        if value in self.rows and self.rows[value] != value.times:
            return False  # it is 0 where it is not computed, and in one row there would be what another step left
        return all(
            user in inside and not use.shift and use.at is None and user is not None
            and (not view(user) or (self.compiled is not None and user.kind == ROWS and self._gone(user, inside)))
            for user, use in self.users[value]
        )  # fmt: skip

    def _handed_on(self, value: Value, inside: set[Value]) -> bool:
        """Whether a value is needed at the next step only, and is zero before the first."""
        shifts = {use.shift for _, use in self.users[value]}
        if value.beyond or value.settings.get("placed") or len(shifts) != 1 or abs(shift := next(iter(shifts))) != 1:
            return False
        assert value.times is not None
        for user, use in self.users[value]:
            if user is None or user not in inside or use.at is not None or view(user) or user.times is None:
                return False
            if (shift > 0 and user.times[0] + 1 < value.times[0]) or (
                shift < 0 and user.times[-1] - 1 > value.times[-1]
            ):
                return False
        return True


def within_step(component: list[Value]) -> list[Value]:
    """The values of a loop, each after those of the same step that it uses."""
    inside = set(component)
    done: dict[Value, None] = {}
    for root in component:
        stack = [(root, False)]
        while stack:
            value, left = stack.pop()
            if left:
                done[value] = None
            elif value not in done:
                stack.append((value, True))
                stack += [(use.value, False) for use in value.uses if use.value in inside and not use.shift]
    level = _levels(done)
    return sorted(done, key=level.__getitem__)


def levels(component: list[Value]) -> dict[Value, int]:
    """How many products, or the like, must come before each value of a step."""
    return _levels(within_step(component))


def _levels(ordered: Iterable[Value]) -> dict[Value, int]:
    level: dict[Value, int] = {}
    for value in ordered:  # products first, then all that they make possible: neighbours can be computed together
        before = [u.value for u in value.uses if u.value in level and not u.shift]
        level[value] = max((level[x] + (_alone(x) or _alone(value)) for x in before), default=0)
    return level


def _alone(value: Value) -> bool:
    """Whether a value is not computed together with others, element by element."""
    return not (value.kind in (SUM, PRODUCT, ROWS, CONCAT) or elementwise(value.kind))
