"""The backward pass step by step, so that its steps can be taken in another order, or carry something else."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.perturb.context import Context, terms_of
from autograd_seq.diagnosis.rerun import Change, bare

State = Any  # the role of what is carried from step to step


class Loop:
    """The backward pass step by step, so that its steps can be taken in another order."""

    def __init__(self, c: Context) -> None:
        self.c = c
        self.at: dict[tuple[Any, int], Tensor] = {}
        for r in [*c.program.truth.recording.forward, *c.program.records]:
            t = c.program.time(r)
            if t is not None and c.role(r) is not None:
                self.at.setdefault((c.role(r), t), r)
        self.carried = c.carried_roles
        self.states = {role: c.quantities[role] for role, roles in self.carried.items() if roles}
        self.state_of: dict[Tensor, tuple[State, int]] = {}
        for role, found in self.states.items():
            for node, adjoint in found:
                if node.scope.time is not None:
                    self.state_of[adjoint] = role, node.scope.time
                    self.at[role, node.scope.time] = node
        for r in c.program.truth.recording.forward:
            if r.operation is None and (c.role(r), 1) in self.at and self.at[c.role(r), 1].operation is not None:
                self.at[c.role(r), 0] = r
        self.last: dict[Any, tuple[int, Tensor]] = {}  # of each role the time of its last record, and that record
        for (role, t), r in self.at.items():
            if t >= self.last.get(role, (t, r))[0]:
                self.last[role] = t, r

    def together(self) -> list[set[State]]:
        """All states, and those of each loop of its own."""
        loops: list[set[State]] = []
        for role, found in self.states.items():
            behind = {r for _, adjoint in found for r in self.c.behind(adjoint)}
            own = {role} | {s for s, others in self.states.items() if any(a in behind for _, a in others)}
            joined = [k for k in loops if k & own]
            loops = [k for k in loops if not k & own] + [own.union(*joined)]
        return [set(self.states), *loops] if len(loops) > 1 else [set(self.states)]

    def each(self) -> list[set[State]]:
        """All states, those of each loop, and each alone."""
        found: list[set[State]] = self.together()
        for role in self.states:
            if {role} not in found:
                found.append({role})
        return found

    def given_at_the_end(self, role: State) -> list[Array]:
        """What was given from above for the state after the last step, where no other step is given any."""
        given = {node.scope.time: [x for x in terms_of(a) if self.c.from_above(x)] for node, a in self.states[role]}
        last = given.pop(self.c.program.T, [])
        return [] if any(given.values()) else [v._value for v in last]

    def changes(self, order: list[int], active: set[State], carry: str) -> dict[Tensor, Change]:
        """Every gradient that the order can change."""
        run = cache(lambda: _Run(self, order, active, carry))  # once for all gradients
        results = self.c.program.results
        behind = {r for role in active for _, adjoint in self.states[role] for r in self.c.behind(adjoint)}
        return {
            results[key]: lambda v, key=key: run().gradient(key)  # type: ignore[misc]
            for key in results
            if (results[key] in behind or len(order) < self.c.program.T) and results[key].operation is not None
        }


class _Run:
    """One run of the loop."""

    def __init__(self, loop: Loop, order: list[int], active: set[State], carry: str) -> None:
        self.loop, self.c, self.order, self.active, self.carry = loop, loop.c, order, active, carry
        self.known: dict[tuple[Any, int], Array] = {}
        self.sums: dict[tuple[State, int], Array] = {}
        self.every = active == set(loop.states)
        self.within = {
            term for role in active for _, a in loop.states[role] for term in loop.c.behind(a)
        }  # what the order of the steps matters to

    def gradient(self, key: str) -> Array:
        """One gradient."""
        c, result = self.c, self.c.program.results[key]
        node = c.program.truth.inputs[key[1:]]
        if c.role(node) in self.active and node.operation is None:
            return self._of_initial_state(c.role(node), result)
        inner = bare(result)
        if algebra(inner) == "sum of uses":
            return self._total([self.value(x) for x in inner.inputs if self._happens(x)], result)
        if algebra(inner) == "gathered parts":
            pieces = [self.value(x) if self._happens(x) else np.zeros(x.shape) for x in inner.inputs]
            return np.asarray(inner.operation.value(*pieces, **inner.settings))
        return self.value(inner)

    def _happens(self, x: Tensor) -> bool:
        time = self.c.program.time(x)
        return time is None or time in self.order or (x not in self.within and not self.every)

    def _total(self, parts: list[Array], like: Tensor) -> Array:
        return np.sum(parts, axis=0) if parts else np.zeros(like.shape)

    def _of_initial_state(self, role: State, result: Tensor) -> Array:
        given = self.loop.given_at_the_end(role)
        if self.carry == "stale":
            return self._total(given, result)
        parts = [
            self._line(x, self.order[-1] - 1) if self.c.term_role(x) in self.loop.carried[role] else self.value(x)
            for x in terms_of(result)
        ]
        if self.carry == "kept":
            parts.append(self.state(role, self.order[-1]))
        if self.carry == "summed":
            parts += [*given, *self._carried(role, self.order[:-1])]
        return self._total(parts, result)

    def _carried(self, role: State, steps: list[int]) -> list[Array]:
        """What some steps carry back to the state."""
        carried = [(r, time) for kind, (time, r) in self.loop.last.items() if kind in self.loop.carried[role]]
        return [self._line(r, step - time) for r, time in carried for step in steps]

    def state(self, role: State, t: int) -> Array:
        """The adjoint of a state as the loop has it at step `t`."""
        if (role, t) not in self.sums:
            self.sums[role, t] = self._state(role, t)
        return self.sums[role, t]

    def _state(self, role: State, t: int) -> Array:
        c, T, carried = self.c, self.c.program.T, self.loop.carried[role]
        adjoint = next(a for n, a in self.loop.states[role] if n.scope.time == t)
        initial = self.loop.given_at_the_end(role)
        parts = [
            self.step(x)
            for x in terms_of(adjoint)
            if c.term_role(x) not in carried and not (initial and c.from_above(x))
        ]
        order = self.order if role in self.active else list(range(T, 0, -1))
        place = order.index(t) if t in order else 0
        carry = self.carry if role in self.active else "next"
        if place == 0 or carry == "stale":
            return self._total([*parts, *initial], adjoint)
        if carry == "kept":
            parts.append(self.state(role, order[place - 1]))
        if carry == "summed":
            return self._total([*parts, *initial, *self._carried(role, order[:place])], adjoint)
        return self._total([*parts, *self._carried(role, [order[place - 1]])], adjoint)

    def value(self, x: Tensor, shift: int = 0) -> Array:
        """What stands where `x` stands, so many time steps later."""
        if x in self.loop.state_of:
            role, t = self.loop.state_of[x]
            return self.state(role, t + shift)
        return self._line(x, shift)

    def _line(self, x: Tensor, shift: int) -> Array:
        time = self.c.program.time(x)
        if time is None and shift and (self.c.role(x), 0) in self.loop.at:
            time = 0
        if time is None:
            return self.step(x, shift) if x in self.within else x._value
        return self.step(self.loop.at.get((self.c.role(x), time + shift), x), None, time + shift)

    def step(self, r: Tensor, shift: int | None = 0, at: int | None = None) -> Array:
        """A line of the step that it belongs to, or of another."""
        time = self.c.program.time(r)
        if shift is None:
            shift = (at or 0) - (time or 0)
        if r.operation is None or (shift == 0 and r not in self.within):
            return r._value
        key = r, shift
        if key not in self.known:
            values = [self.value(x, shift) for x in r.inputs]
            self.known[key] = np.asarray(r.operation.value(*values, **r.settings))
        return self.known[key]
