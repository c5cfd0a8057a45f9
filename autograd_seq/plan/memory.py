"""Where values live: in place of an operand that nobody else needs, or in the room of a single step."""

from __future__ import annotations

from autograd_seq.plan.lifting import elementwise
from autograd_seq.plan.value import AFFINE, CONCAT, PRODUCT, ROWS, STEPS, SUM, Network, Use, Value, carried


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

    Attributes
    ----------
    home : dict of Value to Value
        Whose block a value is written into, if not its own.
    place : dict of Value to (Value, int, int)
        Which columns of another block a value is written into, if it has no block of its own.
    brief : set of Value
        Values of a loop that are gone after the step: one row serves all.
    """

    def __init__(self, network: Network, rows: dict[Value, range]) -> None:
        self.rows = rows
        self.users: Users = network.users()
        self.home: dict[Value, Value] = {}
        self.brief: set[Value] = set()
        self.place: dict[Value, tuple[Value, int, int]] = {}
        values = network.values
        for value in values:
            if value.kind == CONCAT and value.settings.get("placed"):
                self._side_by_side(value)
        for value in reversed(values):
            self._in_place(value)
        if self.home:
            network.notes.append(f"{len(self.home)} values: computed in place of what uses them")
        for component in network.components():
            if carried(component):
                self._single_rows(component)
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
            and x.value.kind != STEPS
            for x in stacked.uses
        )  # fmt: skip
        if not whole:
            stacked.settings["placed"] = False
            return
        start = 0
        for use in stacked.uses:
            stop = start + use.value.shape[0]
            self.place[use.value] = (stacked, start, stop)
            start = stop

    def _in_place(self, value: Value) -> None:
        """Let an operand that only this value needs be computed where the value will stand."""
        if value.times is None or view(value) or not (value.kind in (SUM, PRODUCT) or elementwise(value.kind)):
            return
        for i, use in enumerate(value.uses):
            x = use.value
            fits = x.times == value.times and x.shape == value.shape and x.dtype == value.dtype
            alone = len(self.users[x]) == 1 and not use.shift and use.at is None
            own = not view(x) and x.kind != STEPS and x not in self.place and not x.settings.get("placed")
            if fits and alone and own and not x.beyond and self.rows[x] == x.times:
                self.home[x] = value
                if value.kind in (SUM, PRODUCT):  # it is read before anything is written over it
                    value.uses = [use, *value.uses[:i], *value.uses[i + 1 :]]
                return

    def _single_rows(self, component: list[Value]) -> None:
        inside = set(component)
        tenants: dict[Value, list[Value]] = {}
        for value in self.rows:
            tenants.setdefault(self.block(value), []).append(value)
        for value in component:
            if value in self.home or value in self.place or view(value):
                continue
            if all(self._gone(x, inside) for x in tenants[value]):
                self.brief.add(value)

    def _gone(self, value: Value, inside: set[Value]) -> bool:
        """Whether a value is needed at its own step of its own loop only."""
        if value not in inside or value.beyond or value.settings.get("placed"):
            return False
        return all(
            user in inside and not use.shift and use.at is None and user is not None and not view(user)
            for user, use in self.users[value]
        )
