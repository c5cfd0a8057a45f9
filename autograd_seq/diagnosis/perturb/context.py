"""What all perturbations need to know of a backward pass: which lines do the same, and what stands where."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.kinds import (
    AT_ANOTHER_STEP,
    DERIVATIVE,
    IN_PLACE_OF,
    NO_FACTOR,
    OFF_BY_ONE,
    WRONG_VALUE,
    Said,
)
from autograd_seq.diagnosis.perturb.variant import Edit, Variant
from autograd_seq.diagnosis.perturb.which_step import STEPS
from autograd_seq.diagnosis.rerun import DOES_NOT_FIT, Change, Program, bare, called, formula
from autograd_seq.diagnosis.truth import bends_elements, is_activation
from autograd_seq.folding.literal import is_literal

What = Callable[["Context", Tensor], Iterable[Edit]]  # a rule: what can be edited in a line


class Context:
    """A program, seen by those who change its lines.

    Parameters
    ----------
    program : Program
        The program.
    wrong : collection of str
        The gradients that may change.

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
    products : list
        Forward values that a backward pass may compute anew.
    quantities : dict
        Under the role of a forward value what it is at each time step, with its adjoint.
    ways : dict
        Under the role of some lines what leads to them, as far as that was asked for.
    """

    def __init__(self, program: Program, wrong: Collection[str] | None = None) -> None:
        self.program = program
        self.wrong = frozenset(program.results if wrong is None else wrong)
        self._made: dict[tuple[What, Tensor], list[Edit]] = {}
        self.adjoints = program.truth.recording.adjoints
        self.called, self._formula = cache(called), cache(formula)
        self._seeds = set(program.truth.seeds.values())
        outputs = set(program.truth.outputs.values())
        self.products = [r for r in program.truth.recording.forward if r not in outputs and _is_made_anew(r)]
        self.live = set(self._seeds)
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
        self.quantities: dict[Any, list[tuple[Tensor, Tensor]]] = {}
        self._role_of: dict[Tensor, Any] = {}  # from an adjoint to the role of what it is the adjoint of
        for node, adjoint in self.adjoints.items():
            self._role_of[adjoint] = self.role(node)
            self._role_of.setdefault(bare(adjoint), self.role(node))  # of two with one adjoint it is the outer one's
            if adjoint.operation is not None:
                self.quantities.setdefault(self.role(node), []).append((node, adjoint))
        self.carried_roles = {role: self._carried(found) for role, found in self.quantities.items() if len(found) > 1}
        self._written: dict[Tensor, tuple[str, str]] = {}
        self._followers: dict[Tensor, set[Tensor]] = {}
        self.ways: dict[Any, dict[Any, list[tuple[Tensor, Tensor, list[Tensor]]]]] = {}
        self._join_initial_states()
        self.hosts = {r: self._host(r) for r in program.records}

    def role(self, r: Tensor, otherwise: Any = None) -> Any:
        """What a record does in its time step."""
        return self.program.roles.get(r, otherwise)

    def open(self, r: Tensor) -> bool:
        """Whether a line may be changed: only what may change depends on it."""
        return self.program.reach(r) <= self.wrong

    def edits(self, what: What, r: Tensor) -> list[Edit]:
        """What a rule makes of a line, made once for all places."""
        if (what, r) not in self._made:
            found = self._made[what, r] = []
            with suppress(*DOES_NOT_FIT):
                for edit in what(self, r):
                    found.append(edit)
        return self._made[what, r]

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

    def variant(
        self, key: Any, edit: Edit, at: Tensor, rank: int, changes: Mapping[Tensor, Change], also: str = ""
    ) -> Variant:
        """An edit at a record, in every time step that `changes` says; `also` ends its sentence."""
        where, correct = self.where(at)
        words = edit.said.words + also
        return Variant((key, edit.key), edit.said.category, where, words, correct, rank, changes, edit.weight)

    def listed(self, key: Any, edit: Edit, keys: list[str], rank: int, changes: Mapping[Tensor, Change]) -> Variant:
        """An edit of whole gradients."""
        correct = "; ".join(f"{k} = {self._formula(bare(self.program.results[k]))}" for k in keys[:3])
        where, (category, words) = ", ".join(keys), edit.said
        return Variant((key, edit.key), category, where, words, correct, rank, changes, edit.weight)

    def in_the_loop(self, key: Any, said: Said, correct: str, rank: int, changes: Mapping[Tensor, Change]) -> Variant:
        """A mistake of the loop over time."""
        return Variant(key, said.category, "the loop", said.words, correct, rank, changes)

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
        for step in STEPS[2:]:
            for y in self._alike.get(self.role(x), ()):
                if y.scope.time == step.of(t, n) and y is not x and y.shape == x.shape:
                    yield y, step.name

    def instead(self, y: Tensor, x: Tensor, distance: Any) -> Said:
        """What is said of one value in place of another, so far away in time."""
        step = next((step for step in STEPS if step.name == distance), None)
        if step is not None:
            return AT_ANOTHER_STEP[step.name](self.called(x))
        if algebra(x) == "product" and any(y is z for z in x.inputs) and x not in self.program.serves:
            return NO_FACTOR(self.called(x.inputs[1] if x.inputs[0] is y else x.inputs[0]))
        return IN_PLACE_OF(self.told_from(y, x), self.called(x), of=self.kind_of_swap(y, x))

    def told_from(self, y: Tensor, x: Tensor) -> str:
        """What a value is called where another may have the same name."""
        return self.called(y) if self.called(y) != self.called(x) else f"another value called {self.called(y)}"

    def kind_of_swap(self, wrong: Tensor, right: Tensor) -> str:
        """A neighbour in time is off by one; anything else is the wrong value."""
        same_role = self.role(wrong) == self.role(right)
        stem = {re.sub(r"(_prev|_next|0)$", "", r.name or "") for r in (wrong, right)}
        different_time = wrong.scope.time != right.scope.time or wrong.operation is None or right.operation is None
        return OFF_BY_ONE if different_time and (same_role or (len(stem) == 1 and stem != {""})) else WRONG_VALUE

    def of_derivative(self, r: Tensor) -> str:
        """The category of an edit within the derivative of an activation; none elsewhere."""
        return DERIVATIVE if bends_elements(self.program.serves[r]) else ""

    # -- the terms of an adjoint -------------------------------------------------------------------

    def term_role(self, x: Tensor) -> Any:
        """What a term does, the same in all time steps."""
        if self.from_above(x):
            return ("from above",)
        if x in self._role_of and algebra(x) in ("name", "sum of uses"):  # it may be a sum at some of the steps only
            return "adjoint of", self._role_of[x]
        return self.role(x, x._name)

    def _carried(self, found: list[tuple[Tensor, Tensor]]) -> set[Any]:
        """The roles of terms that always come from the next time step."""
        apart: dict[Any, set[int]] = {}
        for node, adjoint in found:
            for x in terms_of(adjoint):
                there = self.program.time(bare(x))
                if there is not None:
                    apart.setdefault(self.term_role(x), set()).add(there - (node.scope.time or 0))
        return {role for role, steps in apart.items() if steps == {1}}

    def at_all_steps(self, adjoint: Tensor) -> list[Tensor]:
        """The adjoints of the same quantity, this one among them."""
        return [a for _, a in self.quantities.get(self._role_of.get(adjoint), ())]

    def quantity(self, r: Tensor) -> Any:
        """The role of what a record is the adjoint of; its own where it is none."""
        return self._role_of.get(r, self.role(r))

    def carried_roles_of(self, adjoint: Tensor) -> set[Any]:
        """The roles of those terms that come from the next time step."""
        return self.carried_roles.get(self._role_of.get(adjoint), set())

    def carried(self, adjoint: Tensor) -> list[Tensor]:
        """The terms of an adjoint, or of its sum, that come from the next time step."""
        roles = self.carried_roles_of(adjoint)
        return [x for x in terms_of(adjoint) if roles and self.term_role(x) in roles]

    def from_above(self, x: Tensor) -> bool:
        """Whether a term is (a part of) an adjoint that was given."""
        while x.operation is not None and len(x.inputs) == 1:
            x = x.inputs[0]
        return x in self._seeds

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


def _is_made_anew(r: Tensor) -> bool:
    """Whether a backward pass that needs a forward value may compute it itself, and not read it."""
    plain = algebra(r) not in ("matrix product", "sum", "stacked")
    return r.operation is not None and plain and not is_activation(r)


def is_complement(r: Tensor) -> bool:
    """Whether a record is 1 - y."""
    return algebra(r) == "difference" and is_literal(r.inputs[0])


def terms_of(adjoint: Tensor) -> list[Tensor]:
    """The terms of an adjoint; itself if it is not a sum."""
    inner = bare(adjoint)
    return list(inner.inputs) if algebra(inner) == "sum of uses" else [inner]
