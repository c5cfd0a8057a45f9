"""Arrays written over: a value changed in place and read on, a sum of which only one term is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import LOCAL, RARE, Edit, Variant, nothing
from autograd_seq.diagnosis.rerun import Change, evaluate
from autograd_seq.diagnosis.truth import bends_elements

Reads = list[tuple[Tensor, Tensor, Change]]  # a line, what it reads, and what stands there by then


def last_term_left(c: Context) -> Iterator[Variant]:
    """A value used at several time steps, whose adjoint each step replaces in place of adding to it."""
    for r in c.program.records:
        if algebra(r) != "sum of uses" or c.is_result(r):
            continue
        kinds: dict[Any, list[Tensor]] = {}
        for x in r.inputs:
            if c.program.time(x) is not None:
                kinds.setdefault(c.role(x), []).append(x)
        for kind, terms in kinds.items():
            times = {c.program.time(x): x for x in terms}
            if len(times) < 2:
                continue
            for first, words in ((True, "the first"), (False, "the last")):
                kept = times[1 if first and 1 in times else (min if first else max)(t for t in times if t)]
                edit = Edit(
                    ("overwritten", first),
                    "assignment",
                    f"with the part of {words} time step only of those that the steps give to it, {c.called(kept)}: "
                    "each step replaces it (=) in place of adding to it (+=)",
                    _without(r, [x for x in terms if x is not kept]),
                )
                yield c.variant(("overwritten", c.role(r), kind), edit, r, LOCAL, {r: edit.change})


def _without(r: Tensor, terms: list[Tensor]) -> Change:
    return lambda v: evaluate(r, v) - np.sum([v(x) for x in terms], axis=0)


def changed_in_place(c: Context) -> Iterator[Variant]:
    """A value that has become its local derivative, or its adjoint, by the time that it is read."""
    groups: dict[Any, list[Tensor]] = {}
    for node in c.marked:
        if node in c.adjoints:
            groups.setdefault(c.role(node), []).append(node)
    for role, nodes in groups.items():
        for key, words, value in _forms(c, nodes[-1]):
            reads: dict[Any, Reads] = {}
            for node in nodes:
                own = set(c.program.truth.recording.emitted.get(node, ()))
                for user in c.program.users.get(node, []):
                    change = value(node)
                    if change is not None:
                        place = "own" if user in own else c.role(user)
                        reads.setdefault(place, []).append((user, node, change))
            said = f"with {words} in place of {c.called(nodes[-1])} where it is read"
            yield from _read(c, ("in place", role, key), said, reads)


def _forms(c: Context, node: Tensor) -> Iterator[tuple[str, str, Any]]:
    """What the array of a value can have become, and how to compute it."""
    name = c.called(node)
    if bends_elements(node):
        for key, words, form in (
            ("y(1 - y)", f"its derivative {name} ∘ (1 − {name})", lambda y: y * (1 - y)),
            ("1 - y²", f"its derivative 1 − {name}²", lambda y: 1 - y * y),
            ("1 - y", f"1 − {name}", lambda y: 1 - y),
            ("y²", f"{name}²", lambda y: y * y),
        ):
            yield key, f"{words} (the array was changed in place)", lambda n, form=form: lambda v: form(v(n))
        yield (
            "adjoint inside",
            f"the adjoint of what is inside its {node.operation.name}",
            lambda n: _adjoint(c, n.inputs[0]) if n.inputs else None,
        )
    yield "adjoint", "its adjoint", lambda n: _adjoint(c, n)


def _adjoint(c: Context, node: Tensor) -> Change | None:
    adjoint = c.adjoints.get(node)
    return None if adjoint is None or adjoint.shape != node.shape else lambda v: v(adjoint)


def adjoint_changed_in_place(c: Context) -> Iterator[Variant]:
    """An adjoint that was multiplied in place for one use, and is read on with that factor for others."""
    groups: dict[Any, list[Tensor]] = {}
    for node, adjoint in c.adjoints.items():
        if adjoint.operation is not None and len(c.program.users.get(adjoint, ())) > 1:
            groups.setdefault(c.role(node), []).append(adjoint)
    for role, adjoints in groups.items():
        reads: dict[Any, dict[Any, Reads]] = {}
        for a in adjoints:
            users = list(dict.fromkeys(c.program.users[a]))
            for u in users:
                if algebra(u) != "product" or u.shape != a.shape or sum(x in c.live for x in u.inputs) != 1:
                    continue
                for w in users:
                    if c.program.time(w) == c.program.time(u):
                        of_u = reads.setdefault(c.role(u), {})
                        of_u.setdefault(c.role(w), []).append((w, a, _value_of(u)))
        for product, found in reads.items():
            factor = next(u for a in adjoints for u in c.program.users[a] if c.role(u) == product)
            plain = next(x for x in factor.inputs if x not in c.live)
            said = (
                f"with the factor {c.called(plain)} on {c.called(adjoints[0])} already, where it is read without it: "
                "the array was changed in place, or lines stand in another order"
            )
            yield from _read(c, ("adjoint in place", role, product), said, found)


def _value_of(r: Tensor) -> Change:
    return lambda v: evaluate(r, v)


def _read(c: Context, key: Any, words: str, reads: dict[Any, Reads]) -> Iterator[Variant]:
    """By everything that reads it, and by one line only."""
    several = [("everywhere", [x for found in reads.values() for x in found])] if len(reads) > 1 else []
    if len(reads) > 2:
        for k in reads:  # all but one, which came before
            several.append(("but one", [x for i, found in reads.items() if i != k for x in found]))
    for place, found in [*several, *reads.items()]:
        if not found:
            continue
        edit = Edit((place, len(found), c.role(found[0][0])), "in-place change", words, nothing, weight=2)
        changes = _joined(found)
        yield c.variant(key, edit, found[0][0], RARE, changes)


def _joined(found: Reads) -> dict[Tensor, Change]:
    by_line: dict[Tensor, dict[Tensor, Change]] = {}
    for user, x, change in found:
        by_line.setdefault(user, {})[x] = change
    return {user: _seen(user, new) for user, new in by_line.items()}


def _seen(user: Tensor, new: dict[Tensor, Change]) -> Change:
    def change(v: Any) -> Any:
        known = {x: np.asarray(made(v)) for x, made in new.items()}
        return evaluate(user, lambda x: known[x] if x in known else v(x))

    return change
