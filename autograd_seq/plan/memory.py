"""Where values live: in place of an operand that nobody else needs, or in the room of a single step."""

from __future__ import annotations

from autograd_seq.plan.lifting import elementwise
from autograd_seq.plan.value import PRODUCT, ROWS, STEPS, SUM, Network, Use, Value, carried

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
    brief : set of Value
        Values of a loop that are gone after the step: one row serves all.
    """

    def __init__(self, network: Network, rows: dict[Value, range]) -> None:
        self.rows = rows
        self.users: Users = network.users()
        self.home: dict[Value, Value] = {}
        self.brief: set[Value] = set()
        values = network.values
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

    def _in_place(self, value: Value) -> None:
        """Let an operand that only this value needs be computed where the value will stand."""
        if value.times is None or not (value.kind in (SUM, PRODUCT) or elementwise(value.kind)):
            return
        for i, use in enumerate(value.uses):
            x = use.value
            fits = x.times == value.times and x.shape == value.shape and x.dtype == value.dtype
            alone = len(self.users[x]) == 1 and not use.shift and use.at is None
            if fits and alone and x.kind not in (ROWS, STEPS) and not x.beyond and self.rows[x] == x.times:
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
            if value in self.home or value.kind == ROWS:
                continue
            if all(self._gone(x, inside) for x in tenants[value]):
                self.brief.add(value)

    def _gone(self, value: Value, inside: set[Value]) -> bool:
        """Whether a value is needed at its own step of its own loop only."""
        if value not in inside or value.beyond:
            return False
        return all(
            user in inside and not use.shift and use.at is None and user is not None and user.kind != ROWS
            for user, use in self.users[value]
        )
