"""What is edited: the terms of a sum, by the weight that each is given, 1 where all is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.perturb.context import Context, terms_of
from autograd_seq.diagnosis.perturb.variant import Edit, Form, Variant, at, own
from autograd_seq.diagnosis.perturb.where import Found, collected
from autograd_seq.diagnosis.rerun import Values, bare, evaluate

MOST_PAIRED = 8  # terms of which two at a time are tried


def weighed(total: Tensor, weights: Mapping[Tensor, float]) -> Form:
    """A sum in which some terms have another weight; what is not a sum is its own term."""

    def change(v: Values) -> Any:
        whole = evaluate(total, v)
        return whole + sum((k - 1) * (whole if x is total else v(x)) for x, k in weights.items())

    return Form(change)


def whole(c: Context, r: Tensor) -> Iterator[Edit]:
    """All of it, of the wrong sign or twice."""
    if r in c.live and r.operation is not None and algebra(r) != "name":
        yield Edit(("negative",), kinds.SIGN(c.called(r)), -own(r))
        yield Edit(("doubled",), kinds.DOUBLED(c.called(r)), own(r) * 2, weight=2)


def terms(c: Context, r: Tensor) -> Iterator[Edit]:
    """A term, two, or what is carried back: left out, twice, of the wrong sign, alone."""
    if algebra(r) != "sum of uses":
        return
    yield from _carry(c, r)
    told = _told_apart(c, r)
    carried = set(c.carried(r))
    for role, x in told:
        yield from _one_term(c, r, role, x, alone={x} == carried)
        if len(told) > 2:
            others = {y: 0.0 for _, y in told if y is not x}
            yield Edit(("only term", role), kinds.ONLY_TERM(c.called(x)), weighed(r, others))
    yield from _two_terms(c, r, told, carried)
    yield from _alike(c, r)


def _alike(c: Context, r: Tensor) -> Iterator[Edit]:
    """Terms that do the same, one at each time step, all of them together."""
    by_role: dict[Any, list[Tensor]] = {}
    for x in r.inputs:
        by_role.setdefault(c.term_role(x), []).append(x)
    for role, found in by_role.items() if len(by_role) > 1 else ():
        said = c.called(found[0]) + ", nor those of the other steps"
        if len(found) > 1:
            yield Edit(("without all", role), kinds.NO_TERM(said), weighed(r, dict.fromkeys(found, 0.0)))
            said = c.called(found[0]) + ", and those of the other steps,"
            yield Edit(("all twice", role), kinds.TERM_TWICE(said), weighed(r, dict.fromkeys(found, 2.0)))
            yield Edit(("sign of all", role), kinds.SIGN_OF_TERM(said), weighed(r, dict.fromkeys(found, -1.0)))


def carried_adjoint(c: Context, r: Tensor) -> Iterator[Edit]:
    """The same of an adjoint that something is carried back to."""
    return adjoint(c, r) if c.carried_roles_of(r) else iter(())


def adjoint(c: Context, r: Tensor) -> Iterator[Edit]:
    """The same of an adjoint that may have one term only, as in the last time step."""
    yield Edit(("negative",), kinds.SIGN(c.called(r)), -own(r))
    yield Edit(("doubled",), kinds.DOUBLED(c.called(r)), own(r) * 2)
    yield from _carry(c, r)
    told = [(c.term_role(x), x) for x in terms_of(r)]
    carried = set(c.carried(r))
    for role, x in told:
        yield from _one_term(c, r, role, x, alone={x} == carried)
        if len(told) > 1 and _differs(c, r, role):
            others = {y: 0.0 for _, y in told if y is not x}
            yield Edit(("only term", role), kinds.ONLY_TERM(c.called(x)), weighed(r, others), weight=2)
    yield from _two_terms(c, r, told, carried)


def _differs(c: Context, r: Tensor, role: Any) -> bool:
    """Whether what stands beside a term is not the same in every time step."""
    roles = [{c.term_role(y) for y in terms_of(a)} for a in c.at_all_steps(r)]
    others = set().union(*(found for found in roles if role in found)) - {role}
    return len(others) > 1 and not others <= c.carried_roles_of(r)


def _carry(c: Context, r: Tensor) -> Iterator[Edit]:
    if carried := c.carried(r):
        said = " + ".join(map(c.called, carried))
        for key, kind, weight in (
            ("no carry", kinds.NO_CARRY, 0.0),
            ("carry twice", kinds.CARRY_TWICE, 2.0),
            ("sign of carry", kinds.SIGN_OF_CARRY, -1.0),
        ):
            yield Edit((key,), kind(said), weighed(r, dict.fromkeys(carried, weight)))


def _one_term(c: Context, r: Tensor, role: Any, x: Tensor, alone: bool) -> Iterator[Edit]:
    for key, kind, weight in (
        ("without term", kinds.NO_TERM, 0.0),
        ("term twice", kinds.TERM_TWICE, 2.0),
        ("sign of term", kinds.SIGN_OF_TERM, -1.0),
    ):
        if not (alone and weight == 0):  # that is the carry
            of = kinds.UPSTREAM if weight == 0 and c.from_above(x) else ""
            yield Edit((key, role), kind(c.called(x), of=of), weighed(r, {x: weight}))


def _two_terms(c: Context, r: Tensor, told: list[tuple[Any, Tensor]], carried: set[Tensor]) -> Iterator[Edit]:
    for (role, x), (other, y) in combinations(told, 2) if 2 < len(told) <= MOST_PAIRED else ():
        if {x, y} != carried:
            said = c.called(x), c.called(y)
            yield Edit(("without terms", role, other), kinds.NO_TERMS(*said), weighed(r, {x: 0, y: 0}))
            yield Edit(("sign of terms", role, other), kinds.SIGN_OF_TERMS(*said), weighed(r, {x: -1, y: -1}))


def _told_apart(c: Context, r: Tensor) -> list[tuple[Any, Tensor]]:
    """The terms with what each does; those that do the same, one at each time step, with the time too."""
    roles = [c.term_role(x) for x in r.inputs]
    return [
        ((role, c.program.time(x)) if roles.count(role) > 1 else role, x)
        for role, x in zip(roles, r.inputs, strict=True)
    ]


def one_step_left(c: Context, r: Tensor) -> Iterator[Edit]:
    """Assignment in place of addition: of what the steps give, the first or the last is left."""
    total = bare(r)
    if algebra(total) != "sum of uses":
        return
    by_role: dict[Any, list[Tensor]] = {}
    for x in total.inputs:
        if c.program.time(x) is not None:
            by_role.setdefault(c.role(x), []).append(x)
    groups = list(by_role.items())
    if c.is_result(r) and len(by_role) != 1:
        groups = [("all", list(total.inputs)), *groups]
    for role, found in groups:
        times = sorted({t for x in found if (t := c.program.time(x)) is not None})
        for first, kept in ((True, times[0]), (False, times[-1])) if len(times) > 1 else ():
            left = [x for x in found if c.program.time(x) == kept]
            gone = {x: 0.0 for x in found if c.program.time(x) != kept}
            if len(found) == len(total.inputs):
                key, said = "all", (kinds.FIRST_STEP_LEFT if first else kinds.LAST_STEP_LEFT)()
            else:
                kind = kinds.FIRST_STEP_LEFT_OF if first else kinds.LAST_STEP_LEFT_OF
                key, said = role, kind(c.called(left[0]))
            yield Edit(("one step left", first, key), said, weighed(r, gone))


def shared_factors(c: Context, r: Tensor) -> Iterator[Edit]:
    """A factor of one term that reaches another one too."""
    for x in r.inputs if algebra(r) == "sum of uses" else ():
        for y in r.inputs:
            for f in c.factors(y) if y is not x else ():
                if f.shape == x.shape:
                    key = ("factor of another term", c.term_role(x), c.role(y), c.role(f))
                    said = kinds.REACHES_TOO(c.called(f), c.called(x))
                    yield Edit(key, said, own(r) - at(x) + at(x) * at(f))


def exchanged_factors(c: Context, r: Tensor) -> Iterator[Edit]:
    """Two terms of a sum, each with the plain factor of the other: weights or gates that are mixed up."""
    products = []
    for x in r.inputs if algebra(r) == "sum of uses" else ():
        part = bare(x)
        places = [i for i, y in enumerate(part.inputs) if y not in c.live]
        if algebra(part) in ("product", "matrix product") and len(places) == 1:
            products.append((x, part, part.inputs[places[0]]))
    for (y, q, b), (x, p, a) in combinations(products, 2):
        if a.shape == b.shape and a is not b and p.operation is q.operation:
            change = own(r) - at(x) - at(y) + _with(p, a, b) + _with(q, b, a)
            said = kinds.EXCHANGED(c.called(a), c.called(b))
            yield Edit(("exchanged factors", c.role(x), c.role(y)), said, change)


def _with(r: Tensor, x: Tensor, y: Tensor) -> Form:
    """A product with `y` where `x` stands."""
    return Form(lambda v: evaluate(r, lambda z: v(y) if z is x else v(z)))


# -- terms that belong elsewhere ---------------------------------------------------------------------------------


def at_every_step(c: Context, rank: int) -> Iterator[Variant]:
    """What is given to the state at the last (or first) step only, given to the others as well."""
    for role, found in c.quantities.items():
        inside = sorted((p for p in found if p[0].scope.time is not None), key=lambda p: p[0].scope.time or 0)
        initial = [a for n, a in found if n.scope.time is None]
        adjoints = [a for _, a in inside]
        if len(adjoints) < 2:
            continue
        for place, mine, rest in (("last", adjoints[-1], adjoints[:-1]), ("first", adjoints[0], adjoints[1:])):
            other = rest[0] if place == "last" else rest[-1]
            for xs in _own_terms(c, mine, rest):
                said = " + ".join(map(c.called, xs[:3])) + " + …" * (len(xs) > 3)
                key = ("at every step", role, place, tuple(c.term_role(x) for x in xs))
                for states in (rest, rest + initial) if initial else (rest,):
                    edit = Edit(("added", len(states) > len(rest)), kinds.AT_EVERY_STEP[place](said), own(rest[0]))
                    yield c.variant(key, edit, rest[0], rank, {a: own(a) + _total(xs) for a in states})
                edit = Edit(("moved",), kinds.AT_THE_OTHER_END[place](said), own(mine))
                moved = {mine: own(mine) - _total(xs), other: own(other) + _total(xs)}
                yield c.variant(key, edit, mine, rank, moved)


def _own_terms(c: Context, mine: Tensor, rest: list[Tensor]) -> list[list[Tensor]]:
    """The terms that none of the other steps has: each, those that do the same, all."""
    common = {c.term_role(x) for a in rest for x in terms_of(a)} | c.carried_roles_of(mine)
    alike: dict[Any, list[Tensor]] = {}
    for x in terms_of(mine):
        if c.term_role(x) not in common:
            alike.setdefault(c.term_role(x), []).append(x)
    all_of_them = [x for xs in alike.values() for x in xs]
    return [[x] for x in all_of_them] + [xs for xs in [*alike.values(), all_of_them] if len(xs) > 1]


def _total(terms: list[Tensor]) -> Form:
    return Form(lambda v: np.sum([own(x)(v) for x in terms], axis=0))  # one of them may be what is changed


def foreign_terms(c: Context, rank: int) -> Iterator[Variant]:
    """A term of another adjoint of the same time step: on top of what is there, or in place of a term."""
    added: dict[Any, dict[Tensor, Form]] = {}
    instead: dict[Any, list[tuple[Tensor, Edit]]] = {}
    for place, a, b, y in _foreign(c):
        added.setdefault(place, {})[a] = own(a) + _total([y])
        said = kinds.TERM_OF_ANOTHER(c.called(y), c.called(b))
        instead.setdefault((place, "added"), []).append((a, Edit((), said, own(a) + _total([y]))))
        for x in terms_of(a) if len(terms_of(a)) > 1 else ():
            said = kinds.TERM_FOR_TERM(c.called(y), c.called(b), c.called(x))
            instead.setdefault((place, c.term_role(x)), []).append((a, Edit((), said, own(a) - at(x) + at(y))))
    for (place, role), found in instead.items():
        a, edit = found[0]
        changes = dict(added[place]) if role != "added" else {}  # where there is nothing to replace, it is added
        yield c.variant(("foreign", place, role), edit, a, rank, changes | {r: e.change for r, e in found})


def _foreign(c: Context) -> Iterator[tuple[Any, Tensor, Tensor, Tensor]]:
    """Adjoints of one time step, or of two neighbours: one, the other, and a term of the other."""
    by_time: dict[int, list[tuple[Tensor, Tensor]]] = {}
    for node, a in c.adjoints.items():
        if a.operation is not None:
            by_time.setdefault(node.scope.time or 0, []).append((node, a))
    marked = set(c.marked)
    for time, found in by_time.items():
        sums = [(n, a) for n, a in found if algebra(bare(a)) == "sum of uses" or n in marked]
        before = [(n, a) for n, a in by_time.get(time - 1, ()) if c.program.T > 1 and (time > 1 or n.operation is None)]
        for node, a in sums:
            for other, b in [*sums, *before]:
                if b is a or a.shape != b.shape:
                    continue
                for y in terms_of(b):
                    if not any(y is x for x in terms_of(a)) and y not in c.behind(a) and y.shape == a.shape:
                        distance = (other.scope.time or 0) - time
                        yield (c.role(node), c.role(other), distance, c.term_role(y)), a, b, y


def never_carried(c: Context, rank: int) -> Iterator[Variant]:
    """States that only the next step reads, with nothing coming back from it: a carry that is never set."""

    def found() -> Found:
        for role, states in c.quantities.items():
            for node, a in reversed(states):
                if node.scope.time is not None and c.program.time(bare(a)) == node.scope.time + 1:
                    edit = Edit(("never carried",), kinds.NO_CARRY(c.called(bare(a))), own(a) * 0.0)
                    yield role, a, edit

    return collected(c, "never carried", found(), rank)
