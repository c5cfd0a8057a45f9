"""The ways in which people get a backward pass wrong, made from the true one by general rules.

A `Variant` is the true backward pass with some lines changed: one edit in one place of
every time step, an edit that reaches one formula only, or a mistake of the loop over time.
They come in order, the simplest and likeliest first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

import autograd_seq.operations as ops
from autograd_seq.check.edits import Edit, Editor
from autograd_seq.check.program import Change, Program, along, bare, evaluate, formula
from autograd_seq.tensor import Tensor

FIRST, LIKELY, LOCAL, SWAP, RARE = range(5)


@dataclass(frozen=True)
class Variant:
    """The true backward pass with a mistake in it.

    Attributes
    ----------
    key : tuple
        The same in another recording of the same program.
    category : str
        The kind of mistake.
    where : str
        The quantity whose formula is wrong.
    words : str
        What it then equals.
    correct : str
        The right formula.
    rank : int
        Smaller is likelier.
    changes : dict
        The changed records.
    """

    key: tuple[Any, ...]
    category: str
    where: str
    words: str
    correct: str
    rank: int
    changes: Mapping[Tensor, Change] = field(compare=False)
    weight: int = 1


def variants(program: Program) -> Iterator[Variant]:
    """All variants, the likeliest first."""
    maker = _Maker(program)
    yield from maker.scaled()
    yield from maker.over_time()
    yield from maker.everywhere()
    yield from maker.parentheses()
    yield from maker.in_one_formula()
    yield from maker.swapped()
    yield from maker.swapped_in_one_term()
    yield from maker.swapped_in_one_formula()


class _Maker:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.editor = Editor(program)
        self.groups: dict[Any, list[Tensor]] = {}
        for r in program.records:
            self.groups.setdefault(program.roles.get(r), []).append(r)
        self._written: dict[Tensor, tuple[str, str]] = {}
        self._join_initial_states()
        self.hosts = {r: self._host(r) for r in program.records}

    def _join_initial_states(self) -> None:
        """What comes back to the state before the first step is a carry like any other."""
        for role, records in list(self.groups.items()):
            if len(records) > 1 or records[0].operation is not ops.accumulate or not self._is_result(records[0]):
                continue
            mine = {self.program.roles.get(x) for x in records[0].inputs}
            for other, states in self.groups.items():
                its = {self.program.roles.get(x) for x in states[0].inputs}
                if other != role and states[0].operation is ops.accumulate and mine <= its:
                    states.append(records[0])

    # -- where a mistake is ----------------------------------------------------------------------

    def _host(self, r: Tensor) -> Tensor:
        """The named quantity in whose formula a record stands."""
        while not r.name and (users := self.program.users.get(r)):
            r = users[0]
        return r

    def _where(self, r: Tensor) -> tuple[str, str]:
        host = self.hosts.get(r, r)
        if host not in self._written:
            self._written[host] = self._name_and_formula(host)
        return self._written[host]

    def _name_and_formula(self, host: Tensor) -> tuple[str, str]:
        name = next((k for k, result in self.program.results.items() if result is host), None)
        label = name or (self.editor.called(host) if host.name else "the gradient")
        return label, f"{label} = {formula(bare(host))}"

    def _variant(self, key: Any, edit: Edit, at: Tensor, rank: int, changes: Mapping[Tensor, Change]) -> Variant:
        where, correct = self._where(at)
        return Variant((key, edit.key), edit.category, where, edit.words, correct, rank, changes, edit.weight)

    # -- whole gradients ---------------------------------------------------------------------------

    def _summed(self) -> dict[str, int]:
        """The gradients that are summed over examples, with how many examples there are."""
        found = {}
        for key, result in self.program.results.items():
            terms = list(result.inputs) if result.operation is ops.accumulate else [result]
            sizes = [_summed_over(bare(t)) for t in terms]
            if all(sizes):
                found[key] = sizes[0]
        return found

    def scaled(self) -> Iterator[Variant]:
        """Means in place of sums, over the examples or over time."""
        for key, r in self.program.results.items():
            edit = Edit(("zero",), "missing term", "with zero in place of everything: it was never assigned", _nothing)
            yield self._listed(("zero", key), edit, [key], {r: _scaled(r, 0.0)})
        summed = self._summed()
        biases = [k for k in summed if self.program.results[k].shape[-1:] == (1,)]
        sets = [[k] for k in summed] + [list(summed), biases, [k for k in summed if k not in biases]]
        for keys in _distinct(sets):
            records = [self.program.results[k] for k in keys]
            counts = [("mean over the batch", "the number of examples", summed[keys[0]])]
            if self.program.T > 1:
                counts.append(("mean over time", "the number of time steps", self.program.T))
            for category, words, n in counts:
                for sign, power in (("divided", 1.0 / n), ("multiplied", float(n))):
                    edit = Edit(
                        (category, sign), category, f"{sign} {'by' if power < 1 else 'with'} {words}, {n}", _nothing
                    )
                    changes = {r: _scaled(r, power) for r in records}
                    yield self._listed(("scaled", *keys), edit, keys, changes)

    def _listed(self, key: Any, edit: Edit, keys: list[str], changes: Mapping[Tensor, Change]) -> Variant:
        correct = "; ".join(f"{k} = {formula(bare(self.program.results[k]))}" for k in keys[:3])
        return Variant((key, edit.key), edit.category, ", ".join(keys), edit.words, correct, FIRST, changes)

    # -- the loop over time --------------------------------------------------------------------------

    def over_time(self) -> Iterator[Variant]:
        """Assignment in place of addition, a loop that is too short, indices that are off."""
        if self.program.T < 2:
            return
        added = {}
        for key, r in self.program.results.items():
            if r.operation is ops.accumulate and len({self.program.time(x) for x in r.inputs}) > 1:
                added[key] = r
        biases = [k for k in added if self.program.results[k].shape[-1:] == (1,)]
        sets = [[k] for k in added] + [list(added), biases, [k for k in added if k not in biases]]
        for keys in _distinct(sets):
            for first, words in ((True, "the first"), (False, "the last")):
                edit = Edit(
                    ("assigned", first),
                    "assignment",
                    f"with the part of {words} time step only: each step replaces it (=) in place of adding to it (+=)",
                    _nothing,
                )
                changes = {added[k]: self._only_time(added[k], 1 if first else self.program.T) for k in keys}
                yield self._listed(("assigned", *keys), edit, keys, changes)
        yield from self._overwritten()
        yield from self._short_loop()
        yield from self._other_indices()
        yield from self._other_cache()

    def _only_time(self, r: Tensor, time: int, without: bool = False) -> Change:
        terms = [x for x in r.inputs if (self.program.time(x) == time) != without]
        return lambda v: np.sum([v(x) for x in terms], axis=0) if terms else np.zeros(r.shape)

    def _overwritten(self) -> Iterator[Variant]:
        """Parts of one array to which two ways lead: the second replaces what the first left there."""
        for name, r in self.program.results.items():
            if r.operation is not ops.scatter:
                continue
            indices = [str(index) for index in r.parameters["indices"]]
            for first in (True, False):
                order = indices if first else indices[::-1]
                chosen = {(order.index(i) if first else len(order) - 1 - order.index(i)) for i in order}
                if len(chosen) == len(order):
                    continue
                words = (
                    "with one of the parts that belong there only: the other is replaced (=) in place of added to (+=)"
                )
                edit = Edit(("overwritten", first), "assignment", words, _nothing)
                yield self._listed(("overwritten", name), edit, [name], {r: _some_pieces(r, chosen)})

    def _short_loop(self) -> Iterator[Variant]:
        """The first step left out: its parts missing, and the state's adjoint one step early."""
        changes: dict[Tensor, Change] = {}
        for r in self.program.results.values():
            if r.operation is ops.scatter:
                changes[r] = self._scattered_without(r)
            elif r.operation is ops.accumulate and len({self.program.time(x) for x in r.inputs}) > 1:
                changes[r] = self._only_time(r, 1, without=True)
            elif (early := self._a_step_later(r)) is not None:
                changes[r] = early
        edit = Edit(("first step",), "off by one", "without the first time step: the loop ends too early", _nothing)
        if changes:
            yield Variant(
                ("short loop",), edit.category, "the loop", edit.words, "t runs from T_x - 1 down to 0", FIRST, changes
            )

    def _scattered_without(self, r: Tensor) -> Change:
        def change(v: Any) -> Any:
            pieces = [np.zeros(x.shape) if self.program.time(x) == 1 else v(x) for x in r.inputs]
            return r.operation.value(*pieces, **r.parameters)  # type: ignore[union-attr]

        return change

    def _a_step_later(self, r: Tensor) -> Change | None:
        """What belongs to the state before step 2 in place of the state before step 1."""
        part = bare(r)
        mine = list(part.inputs) if part.operation is ops.accumulate else [part]
        for state in self.program.records:
            if state.operation is not ops.accumulate or self.program.time(state) != 1:
                continue
            carried = [x for x in state.inputs if self.program.time(x) == 2]
            if carried and {self.program.roles.get(x) for x in carried} == {self.program.roles.get(x) for x in mine}:
                return lambda v, carried=carried: np.sum([v(x) for x in carried], axis=0)  # type: ignore[misc]
        return None

    def _other_indices(self) -> Iterator[Variant]:
        """A sequence of adjoints read or written at another time than it should be."""
        read: dict[Tensor, list[tuple[Tensor, int, int]]] = {}
        for r in self.program.records:
            if r.operation.name == "getitem" and r.inputs[0] in self.editor.live:  # type: ignore[union-attr]
                place = _integer(r.parameters["index"])
                if place is not None:
                    read.setdefault(r.inputs[0], []).append((r, *place))
        for source, parts in read.items():
            if len(parts) < 2:
                continue
            for key, words, other in _SHIFTS:
                changes = {r: _indexed(r, at, other(k, len(parts))) for r, at, k in parts}
                edit = Edit((key,), "off by one", f"with {self.editor.called(source)} read {words}", _nothing)
                yield self._variant(("read", self.program.roles.get(source)), edit, parts[0][0], FIRST, changes)
        for name, r in self.program.results.items():
            if r.operation is ops.scatter:
                for key, words, other in _SHIFTS:
                    edit = Edit((key,), "off by one", f"written {words}", _nothing)
                    yield self._listed(("written", name), edit, [name], {r: _rewritten(r, other)})

    def _other_cache(self) -> Iterator[Variant]:
        """The forward values of another time step."""
        for shift, words in ((-1, "before"), (1, "after")):
            changes: dict[Tensor, Change] = {}
            for r in self.program.records:
                time = self.program.time(r)
                if r not in self.editor.live or time is None:
                    continue
                wanted = (time + shift - 1) % self.program.T + 1
                twin = next((x for x in self.groups[self.program.roles.get(r)] if self.program.time(x) == wanted), None)
                if twin is not None and twin is not r:
                    changes[r] = _with_operands_of(r, twin, self.editor.live)
            edit = Edit((shift,), "off by one", f"with the forward values of the time step {words}", _nothing)
            yield Variant(
                ("cache", shift), edit.category, "the loop", edit.words, "step t uses caches[t]", FIRST, changes
            )

    # -- single lines ---------------------------------------------------------------------------------

    def everywhere(self) -> Iterator[Variant]:
        """One edit, in every time step, for all that uses the line."""
        for role, records in self.groups.items():
            for variant in self._grouped(("line", role), records, self.editor.simple, LIKELY):
                yield variant
                if alone := self._only_term(variant, records[0]):
                    yield replace(variant, key=(*variant.key, "alone"), changes={**variant.changes, **alone})
        yield from self._exchanged()

    def _only_term(self, variant: Variant, total: Tensor) -> dict[Tensor, Change]:
        """Where a forgotten term is all there is, as in the last time step, nothing is left."""
        edit = variant.key[1]
        if edit[0] != "without term":
            return {}
        wanted = self.program.roles.get(self.program.serves[total])
        found: dict[Tensor, Change] = {}
        for node, adjoint in self.program.truth.recording.adjoints.items():
            part = bare(adjoint)
            if self.program.roles.get(node) != wanted or part.operation in (None, ops.accumulate):
                continue
            role = ("from above",) if self.editor.from_above(part) else self.program.roles.get(part)
            if role == edit[1]:
                found[adjoint] = _scaled(adjoint, 0.0)
        return found

    def _exchanged(self) -> Iterator[Variant]:
        """Both adjoints of a product, each with the factor that the other should have."""
        groups: dict[Any, list[tuple[Tensor, Edit]]] = {}
        for node in self.program.truth.recording.forward:
            made = self.program.truth.recording.emitted.get(node, [])
            g = self.program.truth.recording.adjoints.get(node)
            pieces = [r for r in made if r.operation is ops.multiply]
            if node.operation is not ops.multiply or len(pieces) != 2 or g is None:
                continue
            u, v = node.inputs
            if u.shape == v.shape == node.shape:
                both = f"{self.editor.called(u)} and {self.editor.called(v)}"
                words = f"with {both} exchanged: each gets the factor that the other should have"
                for r, factor in zip(pieces, (u, v), strict=True):
                    edit = Edit(("exchanged",), "wrong value", words, _product(g, factor))
                    groups.setdefault(self.program.roles.get(node), []).append((r, edit))
        for role, found in groups.items():
            r, edit = found[0]
            yield self._variant(("exchanged", role), edit, r, LIKELY, {r: e.change for r, e in found})

    def swapped(self) -> Iterator[Variant]:
        """One value in place of another, in every time step."""
        restacked = [(r, e) for r in self.program.records for e in self.editor.swaps(r) if e.key[0] == "restacked"]
        if restacked:
            r, edit = restacked[0]
            yield self._variant(("restacked everywhere",), edit, r, SWAP, {r: e.change for r, e in restacked})
        for role, records in self.groups.items():
            yield from self._grouped(("swap", role), records, self.editor.swaps, SWAP)

    def _grouped(self, key: Any, records: list[Tensor], edits: Any, rank: int) -> Iterator[Variant]:
        collected: dict[Any, list[tuple[Tensor, Edit]]] = {}
        for r in records:
            for edit in edits(r):
                collected.setdefault(edit.key, []).append((r, edit))
        for found in collected.values():
            r, edit = found[0]
            yield self._variant(key, edit, r, rank, {r: e.change for r, e in found})

    def in_one_formula(self) -> Iterator[Variant]:
        """One edit that reaches one formula only: a line that somebody wrote out several times."""
        yield from self._local(self.editor.simple, LOCAL)

    def swapped_in_one_formula(self) -> Iterator[Variant]:
        """One value in place of another, in one formula only."""
        yield from self._local(self.editor.swaps, RARE)

    def _local(self, edits: Any, rank: int) -> Iterator[Variant]:
        ends = [role for role, rs in self.groups.items() if rs[0].name or self._is_result(rs[0])]
        for end_role in ends:
            ways: dict[Any, list[tuple[Tensor, Tensor, list[Tensor]]]] = {}
            for end in self.groups[end_role]:
                for start in self.program.records:
                    if start.index >= end.index:
                        break
                    if self.program.time(start) != self.program.time(end) or len(self.program.users.get(start, ())) < 1:
                        continue
                    if self.program.reach(start) == self.program.reach(end) and start in self.editor.live:
                        continue
                    if path := self.program.between(start, end):
                        ways.setdefault(self.program.roles.get(start), []).append((start, end, path))
            for start_role, found in ways.items():
                collected: dict[Any, list[tuple[Tensor, Edit, Change]]] = {}
                for start, end, path in found:
                    for edit in edits(start):
                        collected.setdefault(edit.key, []).append((end, edit, along(edit.change, start, path)))
                for entries in collected.values():
                    end, edit, _ = entries[0]
                    changes = {e: c for e, _, c in entries}
                    made = self._variant(("local", end_role, start_role), edit, end, rank, changes)
                    within, formula_within = self._where(found[0][0])
                    if within != made.where and found[0][0] in self.editor.live:
                        made = replace(made, correct=f"{made.correct}; {formula_within}")
                    yield made

    def _is_result(self, r: Tensor) -> bool:
        return any(r is result for result in self.program.results.values())

    def parentheses(self) -> Iterator[Variant]:
        """A factor that reaches only some terms of a sum."""
        collected: dict[Any, list[tuple[Tensor, Edit]]] = {}
        for total in self.program.records:
            if total.operation is not ops.accumulate:
                continue
            for user in self.program.users.get(total, []):
                chain = self._chain(total, user)
                for a in range(len(chain)):
                    for b in range(a + 1, len(chain) + 1):
                        for term in total.inputs:
                            edit = self._skipped(total, term, chain[:b], a)
                            key = (self.program.roles.get(total), self.program.roles.get(chain[b - 1][0]), edit.key)
                            collected.setdefault(key, []).append((chain[b - 1][0], edit))
        for key, found in collected.items():
            yield self._variant(("parentheses", key), found[0][1], found[0][0], LIKELY, {r: e.change for r, e in found})

    def swapped_in_one_term(self) -> Iterator[Variant]:
        """A factor of a whole sum that is another quantity of its shape on one of the terms."""
        collected: dict[Any, list[tuple[Tensor, Edit]]] = {}
        for total in self.program.records:
            if total.operation is not ops.accumulate:
                continue
            for user in self.program.users.get(total, []):
                chain = self._chain(total, user)
                for k, (r, factor) in enumerate(chain):
                    for other in self.editor.near(factor):
                        if other is factor or other.shape != factor.shape:
                            continue
                        for term in total.inputs:
                            edit = self._other_factor(term, chain[: k + 1], other)
                            key = (self.program.roles.get(total), self.program.roles.get(r), edit.key)
                            collected.setdefault(key, []).append((r, edit))
        for key, found in collected.items():
            yield self._variant(("one term", key), found[0][1], found[0][0], SWAP, {r: e.change for r, e in found})

    def _other_factor(self, term: Tensor, chain: list[tuple[Tensor, Tensor]], other: Tensor) -> Edit:
        r, factor = chain[-1]

        def change(v: Any) -> Any:
            part = v(term)
            for _, f in chain[:-1]:
                part = part * v(f)
            return evaluate(r, v) + part * (v(other) - v(factor))

        called = self.editor.called
        distance = (other.scope.time or 0) - (factor.scope.time or 0)
        roles = self.program.roles
        return Edit(
            ("other factor", roles.get(term, term._name), roles.get(other), distance, len(chain)),
            self.editor.kind_of_swap(other, factor),
            f"with {called(other)} in place of {called(factor)} on the term of {called(term)}",
            change,
        )

    def _chain(self, total: Tensor, user: Tensor) -> list[tuple[Tensor, Tensor]]:
        """The products that a sum runs through, each with its plain factor."""
        chain = []
        alive = total
        while user.operation in (ops.multiply, ops.identity) and user.shape == total.shape:
            plain = [x for x in user.inputs if x is not alive]
            if user.operation is ops.multiply:
                if len(plain) != 1 or plain[0] in self.editor.live:
                    break
                chain.append((user, plain[0]))
            alive = user
            users = self.program.users.get(user, [])
            if not users:
                break
            user = users[0]
        return chain

    def _skipped(self, total: Tensor, term: Tensor, chain: list[tuple[Tensor, Tensor]], start: int) -> Edit:
        def change(v: Any) -> Any:
            rest, alone = v(total) - v(term), v(term)
            for i, (_, factor) in enumerate(chain):
                rest = rest * v(factor)
                alone = alone if i >= start else alone * v(factor)
            return rest + alone

        factors = " ∘ ".join(self.editor.called(f) for _, f in chain[start:])
        words = (
            f"where the factor {factors} does not reach the term of {self.editor.called(term)}: "
            "parentheses misplaced, or the factor forgotten there"
        )
        return Edit(
            ("skips", self.program.roles.get(term, term._name), start, len(chain)), "parentheses", words, change
        )


# -- small changes -------------------------------------------------------------------------------------


def _nothing(v: Any) -> Any:
    raise NotImplementedError


def _product(g: Tensor, factor: Tensor) -> Change:
    return lambda v: v(g) * v(factor)


def _scaled(r: Tensor, factor: float) -> Change:
    return lambda v: evaluate(r, v) * factor


def _summed_over(term: Tensor) -> int:
    """How many examples a term sums over; 0 if it does not."""
    if term.operation is ops.matmul and term.inputs[1].operation is ops.transpose:
        return term.inputs[1].shape[0]
    if term.operation is ops.sum:
        return term.inputs[0].size // max(term.size, 1)
    return 0


def _distinct(sets: list[list[str]]) -> list[list[str]]:
    return [list(keys) for keys in dict.fromkeys(tuple(s) for s in sets if s)]


_SHIFTS: list[tuple[str, str, Any]] = [
    ("reversed", "in the opposite order of time", lambda t, n: n - 1 - t),
    ("before", "one time step too early", lambda t, n: t - 1),
    ("after", "one time step too late", lambda t, n: (t + 1) % n),
]


def _integer(index: Any) -> tuple[int, int] | None:
    """Where in an index a single integer stands, and which."""
    parts = index if isinstance(index, tuple) else (index,)
    found = [(i, p) for i, p in enumerate(parts) if isinstance(p, int) and not isinstance(p, bool)]
    return found[0] if len(found) == 1 else None


def _moved(index: Any, at: int, k: int) -> Any:
    parts = list(index) if isinstance(index, tuple) else [index]
    parts[at] = k
    return tuple(parts)


def _indexed(r: Tensor, at: int, k: int) -> Change:
    index = _moved(r.parameters["index"], at, k)
    return lambda v: v(r.inputs[0])[index]


def _rewritten(r: Tensor, other: Any) -> Change:
    indices = []
    for index in r.parameters["indices"]:
        place = _integer(index)
        indices.append(_moved(index, place[0], other(place[1], len(r.parameters["indices"]))) if place else index)
    return lambda v: r.operation.value(*(v(x) for x in r.inputs), indices=indices, shape=r.parameters["shape"])  # type: ignore[union-attr]


def _some_pieces(r: Tensor, chosen: set[int]) -> Change:
    def change(v: Any) -> Any:
        pieces = [v(x) if i in chosen else np.zeros(x.shape) for i, x in enumerate(r.inputs)]
        return r.operation.value(*pieces, **r.parameters)  # type: ignore[union-attr]

    return change


def _with_operands_of(r: Tensor, twin: Tensor, live: set[Tensor]) -> Change:
    operands = [x if x in live else y for x, y in zip(r.inputs, twin.inputs, strict=False)]
    return lambda v: r.operation.value(*(v(x) for x in operands), **r.parameters)  # type: ignore[union-attr]
