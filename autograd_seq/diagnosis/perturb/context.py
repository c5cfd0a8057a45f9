"""What all perturbations need to know of a backward pass: which lines do the same, and what stands where."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.perturb.variant import FIRST, Edit, Variant
from autograd_seq.diagnosis.rerun import Change, Program, bare, called, formula
from autograd_seq.diagnosis.truth import bends_elements, is_activation
from autograd_seq.folding.literal import is_literal


class Context:
    """A program, seen by those who change its lines.

    Attributes
    ----------
    groups : dict
        The records of all time steps that do the same, under their role.
    live : set
        Everything that depends on an adjoint that was given; the rest is made of forward values.
    notable : list
        Forward values that a person's program has a name for, or could have.
    marked : list
        Forward values whose adjoint a person's program could have a name for.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.adjoints = program.truth.recording.adjoints
        self.called = cache(called)
        self.live = set(program.truth.seeds.values())
        for r in program.records:
            if any(x in self.live for x in r.inputs):
                self.live.add(r)
        self.forward = [r for r in program.truth.recording.forward if r.ndim]
        arguments = {r.inputs[0] for r in self.forward if is_activation(r)}
        self.marked = [r for r in self.forward if r.name or is_activation(r) or r in arguments]
        self.notable = [r for r in self.forward if r.name or is_activation(r) or is_complement(r)]
        self.groups: dict[Any, list[Tensor]] = {}
        for r in program.records:
            self.groups.setdefault(program.roles.get(r), []).append(r)
        self._alike: dict[Any, list[Tensor]] = {}
        for r in self.forward:
            if r.scope.time is not None:
                self._alike.setdefault(program.roles.get(r), []).append(r)
        self._states = {
            program.roles.get(x)
            for r in program.truth.recording.forward
            for x in r.inputs
            if x.scope.time is not None and r.scope.time is not None and x.scope.time < r.scope.time
        }
        self._written: dict[Tensor, tuple[str, str]] = {}
        self._followers: dict[Tensor, set[Tensor]] = {}
        self._join_initial_states()
        self.hosts = {r: self._host(r) for r in program.records}

    def role(self, r: Tensor, otherwise: Any = None) -> Any:
        """What a record does in its time step."""
        return self.program.roles.get(r, otherwise)

    def _join_initial_states(self) -> None:
        """What comes back to the state before the first step is a carry like any other."""
        for role, records in list(self.groups.items()):
            if len(records) > 1 or algebra(records[0]) != "sum of uses" or not self.is_result(records[0]):
                continue
            mine = {self.role(x) for x in records[0].inputs}
            for other, states in self.groups.items():
                its = {self.role(x) for x in states[0].inputs}
                if other != role and algebra(states[0]) == "sum of uses" and mine <= its:
                    states.append(records[0])

    # -- where a mistake is ----------------------------------------------------------------------

    def _host(self, r: Tensor) -> Tensor:
        """The named quantity in whose formula a record stands."""
        while not r.name and (users := self.program.users.get(r)):
            r = users[0]
        return r

    def where(self, r: Tensor) -> tuple[str, str]:
        """The quantity in whose formula a record stands, and that formula."""
        host = self.hosts.get(r, r)
        if host not in self._written:
            self._written[host] = self._name_and_formula(host)
        return self._written[host]

    def _name_and_formula(self, host: Tensor) -> tuple[str, str]:
        name = next((k for k, result in self.program.results.items() if result is host), None)
        label = name or (self.called(host) if host.name else "the gradient")
        return label, f"{label} = {formula(bare(host))}"

    def is_result(self, r: Tensor) -> bool:
        """Whether a record is one of the gradients asked for."""
        return any(r is result for result in self.program.results.values())

    def variant(self, key: Any, edit: Edit, at: Tensor, rank: int, changes: Mapping[Tensor, Change]) -> Variant:
        """An edit at a record, in every time step that `changes` says."""
        where, correct = self.where(at)
        return Variant((key, edit.key), edit.category, where, edit.words, correct, rank, changes, edit.weight)

    def listed(self, key: Any, edit: Edit, keys: list[str], changes: Mapping[Tensor, Change]) -> Variant:
        """An edit of whole gradients."""
        correct = "; ".join(f"{k} = {formula(bare(self.program.results[k]))}" for k in keys[:3])
        return Variant((key, edit.key), edit.category, ", ".join(keys), edit.words, correct, FIRST, changes)

    # -- what stands there -----------------------------------------------------------------------

    def near(self, x: Tensor) -> list[Tensor]:
        """Values of a person's program that could be mistaken for `x`: of its time step or one beside it."""
        t = x.scope.time
        return [y for y in self.notable if t is None or y.scope.time is None or abs(y.scope.time - t) <= 1]

    def others(self, x: Tensor, reader: Tensor | None = None) -> Iterator[tuple[Tensor, Any]]:
        """Values that could be mistaken for `x`, each with how far away in time it is: near ones, and those of
        its own role at the time step that a reversed or a fixed index would read. Of other time steps than
        its own and its `reader`'s it is a value of its own role, or a state.
        """
        t, n = x.scope.time, self.program.T
        here = {None, t, t if reader is None else self.program.time(reader)}
        role = self.role(x, x)
        for y in self.near(x):
            if y is x or y.shape != x.shape:
                continue
            if reader is None or t is None or y.scope.time in here or self.role(y) in self._states | {role}:
                yield y, (y.scope.time or 0) - (t or 0)
        if t is None or n < 3:
            return
        for tag, place in (("reversed", n + 1 - t), ("first", 1), ("last", n)):
            for y in self._alike.get(self.role(x), ()):
                if y.scope.time == place and y is not x and y.shape == x.shape:
                    yield y, tag

    def kind_of_swap(self, wrong: Tensor, right: Tensor) -> str:
        """A neighbour in time is off by one; anything else is the wrong value."""
        same_role = self.role(wrong) == self.role(right)
        stem = {re.sub(r"(_prev|_next|0)$", "", r.name or "") for r in (wrong, right)}
        different_time = wrong.scope.time != right.scope.time or wrong.operation is None or right.operation is None
        return "off by one" if different_time and (same_role or (len(stem) == 1 and stem != {""})) else "wrong value"

    def of_derivative(self, r: Tensor, category: str) -> str:
        """The category of an edit at `r`: within the derivative of an activation it is of that."""
        node = self.program.serves[r]
        return "activation derivative" if bends_elements(node) else category

    def carried(self, x: Tensor, r: Tensor) -> bool:
        """Whether a term `x` of `r` comes from the next time step."""
        mine, its = self.program.time(r), self.program.time(x)
        return mine is not None and its == mine + 1

    def from_above(self, x: Tensor) -> bool:
        """Whether a term is (a part of) an adjoint that was given."""
        seeds = self.program.truth.seeds.values()
        while x.operation is not None and len(x.inputs) == 1:
            x = x.inputs[0]
        return any(x is seed for seed in seeds)

    def behind(self, r: Tensor) -> set[Tensor]:
        """A record and everything that is computed from it."""
        if r not in self._followers:
            found, stack = {r}, [r]
            while stack:
                fresh = [u for u in self.program.users.get(stack.pop(), []) if u not in found]
                found.update(fresh)
                stack.extend(fresh)
            self._followers[r] = found
        return self._followers[r]

    def factors(self, r: Tensor) -> Iterator[Tensor]:
        """The plain factors that a term was multiplied with."""
        while algebra(r) == "product" or algebra(r) == "negative" or algebra(r) == "name":
            plain = [x for x in r.inputs if x not in self.live]
            alive = [x for x in r.inputs if x in self.live]
            if len(alive) != 1:
                return
            yield from plain
            r = alive[0]

    def chain(self, total: Tensor, user: Tensor) -> list[tuple[Tensor, Tensor]]:
        """The products that a sum runs through, each with its plain factor."""
        chain = []
        alive = total
        while algebra(user) in ("product", "name") and user.shape == total.shape:
            plain = [x for x in user.inputs if x is not alive]
            if algebra(user) == "product":
                if len(plain) != 1 or plain[0] in self.live:
                    break
                chain.append((user, plain[0]))
            alive = user
            users = self.program.users.get(user, [])
            if not users:
                break
            user = users[0]
        return chain


def is_complement(r: Tensor) -> bool:
    """Whether a record is 1 - y."""
    return algebra(r) == "difference" and is_literal(r.inputs[0])


def product(g: Tensor, factor: Tensor) -> Change:
    """A product in place of what stands there."""
    return lambda v: v(g) * v(factor)
