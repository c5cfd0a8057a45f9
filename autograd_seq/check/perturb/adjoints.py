"""Edits of the adjoint of one quantity in every time step, whether it has one term there or several."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np

import autograd_seq.operations as ops
from autograd_seq.check.perturb.context import Context
from autograd_seq.check.perturb.variant import LIKELY, RARE, Edit, Variant, nothing
from autograd_seq.check.program import Change, bare, evaluate
from autograd_seq.tensor import Tensor


def terms_of(adjoint: Tensor) -> list[Tensor]:
    """The terms of an adjoint; itself if it is no sum."""
    inner = bare(adjoint)
    return list(inner.inputs) if inner.operation is ops.accumulate else [inner]


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
        for edit in adjoint_edits(c, adjoint, carried):
            collected.setdefault(edit.key, []).append((adjoint, edit))
    for found in collected.values():
        adjoint, edit = max(found, key=lambda pair: len(terms_of(pair[0])))
        yield c.variant(("adjoint", key), edit, adjoint, LIKELY, {a: e.change for a, e in found})


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
        for place, (node, adjoint), rest in (("last", inside[-1], inside[:-1]), ("first", inside[0], inside[1:])):
            common = {term_role(c, x) for _, a in rest for x in terms_of(a)}
            own = [x for x in terms_of(adjoint) if term_role(c, x) not in common | carried]
            for x in own:
                for key, states in (("states", rest), ("with the initial one", rest + initial)):
                    words = (
                        f"with {c.called(x)}, which belongs to the {place} step only ({c.called(node)}), "
                        "added at every time step"
                    )
                    edit = Edit(("at every step", place, key), "extra term", words, nothing)
                    changes = {a: _plus(a, x) for _, a in states}
                    if key == "states" or initial:
                        yield c.variant(("at every step", role, term_role(c, x)), edit, rest[0][1], LIKELY, changes)


def _plus(adjoint: Tensor, x: Tensor) -> Change:
    return lambda v: evaluate(adjoint, v) + v(x)


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
