"""Edits of the adjoint of one quantity in every time step, whether it has one term there or several."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.gradients import scaled_by
from autograd_seq.diagnosis.perturb.variant import LIKELY, RARE, Edit, Variant, nothing
from autograd_seq.diagnosis.rerun import Change, bare, evaluate


def terms_of(adjoint: Tensor) -> list[Tensor]:
    """The terms of an adjoint; itself if it is not a sum."""
    inner = bare(adjoint)
    return list(inner.inputs) if algebra(inner) == "sum of uses" else [inner]


def in_every_step(c: Context) -> Iterator[Variant]:
    """A term of an adjoint left out, doubled or of the wrong sign, in the last time step as in the others."""
    if c.program.T < 2:
        return
    groups: dict[Any, list[tuple[Tensor, Tensor]]] = {}
    for node, adjoint in c.adjoints.items():
        if adjoint.operation is not None:
            groups.setdefault(c.role(node), []).append((node, adjoint))
    for role, found in groups.items():
        inside = [(n, a) for n, a in found if n.operation is not None]
        for key, states in (("with the first", found), ("alone", inside)):
            if len(states) > 1 and (key == "alone" or len(inside) < len(found)):
                yield from _edited(c, (key, role), states)


def _edited(c: Context, key: Any, states: list[tuple[Tensor, Tensor]]) -> Iterator[Variant]:
    collected: dict[Any, list[tuple[Tensor, Edit]]] = {}
    carried = carried_roles(c, states)
    for _, adjoint in states:
        for edit in [*adjoint_edits(c, adjoint, carried), *_only_term(c, adjoint, states, carried)]:
            collected.setdefault(edit.key, []).append((adjoint, edit))
    for found in collected.values():
        adjoint, edit = max(found, key=lambda pair: len(terms_of(pair[0])))
        yield c.variant(("adjoint", key), edit, adjoint, LIKELY, {a: e.change for a, e in found})


def _only_term(
    c: Context, adjoint: Tensor, states: list[tuple[Tensor, Tensor]], carried: set[Any]
) -> Iterator[Edit]:
    """One term alone, where what stands beside it is not the same in every time step."""
    terms = terms_of(adjoint)
    for x in terms if len(terms) > 1 else ():
        role = term_role(c, x)
        roles = [[term_role(c, y) for y in terms_of(a)] for _, a in states]
        others = {other for found in roles if role in found for other in found} - {role}
        if len(others) > 1 and others - carried:
            rest = [y for y in terms if y is not x]
            words = f"with the term {c.called(x)} only"
            yield Edit(("only", role), "missing term", words, _with_more(adjoint, rest, -1.0), weight=2)


def at_every_step(c: Context) -> Iterator[Variant]:
    """What is given to the state at the last (or first) step only, given to the others as well."""
    groups: dict[Any, list[tuple[Tensor, Tensor]]] = {}
    for node, adjoint in c.adjoints.items():
        if adjoint.operation is not None:
            groups.setdefault(c.role(node), []).append((node, adjoint))
    for role, found in groups.items():
        inside = sorted((p for p in found if p[0].scope.time is not None), key=lambda p: p[0].scope.time or 0)
        initial = [p for p in found if p[0].scope.time is None]
        if len(inside) < 2:
            continue
        carried = carried_roles(c, found)
        for place, (_, adjoint), rest in (("last", inside[-1], inside[:-1]), ("first", inside[0], inside[1:])):
            common = {term_role(c, x) for _, a in rest for x in terms_of(a)}
            own = [x for x in terms_of(adjoint) if term_role(c, x) not in common | carried]
            alike: dict[Any, list[Tensor]] = {}
            for x in own:
                alike.setdefault(term_role(c, x), []).append(x)
            together = [xs for xs in [*alike.values(), own] if len(xs) > 1]
            for xs in [[x] for x in own] + together:
                more = " + …" * (len(xs) > 3)
                belongs = f"{' + '.join(map(c.called, xs[:3]))}{more}, which belongs to the {place} step only"
                key = ("at every step", role, place, tuple(term_role(c, x) for x in xs))
                for states in (rest, rest + initial) if initial else (rest,):
                    words = f"with {belongs}, added at every time step"
                    edit = Edit(("added", len(states) > len(rest)), "extra term", words, nothing)
                    yield c.variant(key, edit, rest[0][1], LIKELY, {a: _plus(a, xs) for _, a in states})
                other = rest[0][1] if place == "last" else rest[-1][1]
                moved = {adjoint: _plus(adjoint, xs, -1.0), other: _plus(other, xs)}
                words = f"with {belongs}, given to the step at the other end of the sequence"
                yield c.variant(key, Edit(("moved",), "off by one", words, nothing), adjoint, LIKELY, moved)


def _plus(adjoint: Tensor, terms: list[Tensor], factor: float = 1.0) -> Change:
    def change(v: Any) -> Any:
        parts = [v(x) if x.operation is None else evaluate(x, v) for x in terms]  # one may be what is changed
        return evaluate(adjoint, v) + factor * np.sum(parts, axis=0)

    return change


def foreign_terms(c: Context) -> Iterator[Variant]:
    """A term that belongs to another adjoint of the same time step: on top of what is there, or in place of a term."""
    by_time: dict[Any, list[tuple[Tensor, Tensor]]] = {}
    for node, adjoint in c.adjoints.items():
        if adjoint.operation is not None:
            by_time.setdefault(node.scope.time or 0, []).append((node, adjoint))
    marked = set(c.marked)
    groups: dict[Any, list[tuple[Tensor, Edit]]] = {}
    for time, found in by_time.items():
        sums = [(n, a) for n, a in found if algebra(bare(a)) == "sum of uses" or n in marked]
        before = [(n, a) for n, a in by_time.get(time - 1, ()) if c.program.T > 1 and (time > 1 or n.operation is None)]
        for node, a in sums:
            for other, b in [*sums, *before]:
                if b is a or a.shape != b.shape:
                    continue
                for y in terms_of(b):
                    if any(y is x for x in terms_of(a)) or y in c.behind(a) or y.shape != a.shape:
                        continue
                    key = (c.role(node), c.role(other), (other.scope.time or 0) - time, term_role(c, y))
                    words = f"with the term {c.called(y)} added, which belongs to {c.called(b)}"
                    groups.setdefault((*key, "added"), []).append((a, Edit((), "extra term", words, _plus(a, [y]))))
                    for x in terms_of(a) if len(terms_of(a)) > 1 else ():
                        words = f"with {c.called(y)}, a term of {c.called(b)}, in place of the term {c.called(x)}"
                        edit = Edit((), "wrong value", words, _replaced(a, x, y))
                        groups.setdefault((*key, "for", term_role(c, x)), []).append((a, edit))
    for key, entries in groups.items():
        a, edit = entries[0]
        changes = {r: e.change for r, e in entries}
        if key[-1] != "added":  # where there is nothing to replace, it is added
            changes = {r: e.change for r, e in groups[*key[:4], "added"]} | changes
        yield c.variant(("foreign term", key), edit, a, RARE, changes)


def _replaced(adjoint: Tensor, x: Tensor, y: Tensor) -> Change:
    return lambda v: evaluate(adjoint, v) - v(x) + v(y)


def never_carried(c: Context) -> Iterator[Variant]:
    """States that only the next step reads, with nothing coming back from it: a carry that is never set."""
    groups: dict[Any, list[Tensor]] = {}
    for node, adjoint in c.adjoints.items():
        there = c.program.time(bare(adjoint))
        if node.scope.time is not None and there == node.scope.time + 1 and adjoint.operation is not None:
            groups.setdefault(c.role(node), []).append(adjoint)
    for role, adjoints in groups.items():
        words = f"without what is carried back from the next time step, {c.called(bare(adjoints[-1]))}"
        edit = Edit(("never carried",), "no carry", words, nothing)
        changes: dict[Tensor, Change] = {a: scaled_by(a, 0.0) for a in adjoints}
        yield c.variant(("never carried", role), edit, adjoints[-1], LIKELY, changes)


def in_one_use(c: Context) -> Iterator[Variant]:
    """One use of an adjoint that misses a term, or has it twice: it was used before the term was added."""
    if c.program.T < 2:
        return
    groups: dict[Any, list[tuple[Tensor, Tensor]]] = {}
    for node, adjoint in c.adjoints.items():
        if adjoint.operation is not None and node.operation is not None:
            groups.setdefault(c.role(node), []).append((node, adjoint))
    for role, states in groups.items():
        carried = carried_roles(c, states)
        collected: dict[Any, list[tuple[Tensor, Tensor, Edit]]] = {}
        for _, adjoint in states if carried else []:
            users = c.program.users.get(adjoint, [])
            for edit in adjoint_edits(c, adjoint, carried) if len(users) > 1 else ():
                for user in users:
                    collected.setdefault((c.role(user), edit.key), []).append((user, adjoint, edit))
        for key, found in collected.items():
            user, _, edit = found[-1]
            changes = {u: seen(u, a, e) for u, a, e in found}
            yield c.variant(("use of adjoint", role, key), edit, user, RARE, changes)


def seen(user: Tensor, r: Tensor, edit: Edit) -> Change:
    """One line, to which another has the value that an edit gives it."""

    def change(v: Any) -> Any:
        wrong = np.asarray(edit.change(v))
        return evaluate(user, lambda x: wrong if x is r else v(x))

    return change


def carried_roles(c: Context, states: list[tuple[Tensor, Tensor]]) -> set[Any]:
    """The roles of terms that always come from the next time step."""
    apart: dict[Any, set[int]] = {}
    for node, adjoint in states:
        for x in terms_of(adjoint):
            there = c.program.time(bare(x))
            if there is not None:
                apart.setdefault(term_role(c, x), set()).add(there - (node.scope.time or 0))
    return {role for role, steps in apart.items() if steps == {1}}


def term_role(c: Context, x: Tensor) -> Any:
    """What a term does, the same in all time steps."""
    return ("from above",) if c.from_above(x) else c.role(x, x._name)


def adjoint_edits(c: Context, adjoint: Tensor, carried: set[Any]) -> Iterator[Edit]:
    """The edits of one adjoint."""
    terms = [(term_role(c, x), x) for x in terms_of(adjoint)]
    name = c.called(adjoint)
    yield Edit(("negative",), "sign", f"with the opposite sign of {name}", lambda v: -evaluate(adjoint, v))
    yield Edit(("doubled",), "extra factor", f"with {name} doubled", lambda v: 2 * evaluate(adjoint, v))
    later = [x for role, x in terms if role in carried]
    if later:
        said = " + ".join(map(c.called, later))
        for key, category, words, factor in (
            ("no carry", "no carry", f"without what is carried back from the next time step, {said}", -1.0),
            (
                "carry twice",
                "extra term",
                f"with what is carried back from the next time step added twice, {said}",
                1.0,
            ),
            ("sign of carry", "sign", f"with the opposite sign of what is carried back, {said}", -2.0),
        ):
            yield Edit((key,), category, words, _with_more(adjoint, later, factor))
    for (role, x), (other, y) in combinations(terms, 2) if len(terms) > 2 else ():
        if {x, y} == set(later):
            continue
        words = f"without the terms {c.called(x)} and {c.called(y)}"
        yield Edit(("without", role, other), "missing term", words, _with_more(adjoint, [x, y], -1.0))
    for role, x in terms:
        kind = "upstream missing" if role == ("from above",) else "missing term"
        for key, category, words, factor in (
            ("without", kind, f"without the term {c.called(x)}", -1.0),
            ("twice", "extra term", f"with the term {c.called(x)} added twice", 1.0),
            ("sign", "sign", f"with the opposite sign of the term {c.called(x)}", -2.0),
        ):
            if key == "without" and len(later) == 1 and later[0] is x:
                continue
            yield Edit((key, role), category, words, _with_more(adjoint, [x], factor))


def _with_more(adjoint: Tensor, terms: list[Tensor], factor: float) -> Change:
    def change(v: Any) -> Any:
        whole = evaluate(adjoint, v)
        parts = [whole if x is adjoint else v(x) for x in terms]
        return whole + factor * np.sum(parts, axis=0)

    return change
