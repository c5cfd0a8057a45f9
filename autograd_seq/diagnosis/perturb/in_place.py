"""What is edited: a value, or an adjoint, whose array was changed in place before it is read.

*Where*: wherever it is read, by all lines but one, which came before, or by one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.kinds import Said
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import Edit, Form, Variant, at, own, reading
from autograd_seq.diagnosis.rerun import Change
from autograd_seq.diagnosis.truth import bends_elements

Read = tuple[Tensor, Tensor, Change]  # a line, what it reads, and what stands there by then

# What the array of an activation's value can have become.
BECOME: list[tuple[str, Any, str]] = [
    ("y(1 - y)", lambda y: y * (1 - y), "its derivative {0} ∘ (1 − {0})"),
    ("1 - y²", lambda y: 1 - y * y, "its derivative 1 − {0}²"),
    ("1 - y", lambda y: 1 - y, "1 − {0}"),
    ("y²", lambda y: y * y, "{0}²"),
]


def values(c: Context, rank: int) -> Iterator[Variant]:
    """A value that has become its local derivative, or its adjoint, by the time that it is read."""
    groups: dict[Any, list[Tensor]] = {}
    for node in c.marked:
        if node in c.adjoints:
            groups.setdefault(c.role(node), []).append(node)
    for role, nodes in groups.items():
        forms = [_become(c, node) for node in nodes]
        for key, (words, _) in forms[-1].items():
            reads: dict[Any, list[Read]] = {}
            for node, known in zip(nodes, forms, strict=True):
                emitted = set(c.program.truth.recording.emitted.get(node, ()))
                for user in c.program.users.get(node, []) if key in known else ():
                    place = "own" if user in emitted else c.role(user)
                    reads.setdefault(place, []).append((user, node, known[key][1]))
            said = kinds.HAS_BECOME(words, c.called(nodes[-1]))
            yield from _read(c, ("in place", role, key), said, reads, rank)


def _become(c: Context, node: Tensor) -> dict[str, tuple[str, Change]]:
    """What the array of a value can have become, in words and as a value."""
    found: dict[str, tuple[str, Change]] = {}
    if bends_elements(node):
        for key, form, words in BECOME:
            said = f"{words.format(c.called(node))} (the array was changed in place)"
            found[key] = said, Form(lambda v, form=form: form(v(node)))  # type: ignore[misc]
        inside = c.adjoints.get(node.inputs[0])
        if inside is not None and inside.shape == node.shape:
            found["adjoint inside"] = f"the adjoint of what is inside its {node.operation.name}", at(inside)
    if c.adjoints[node].shape == node.shape:
        found["adjoint"] = "its adjoint", at(c.adjoints[node])
    return found


def adjoints(c: Context, rank: int) -> Iterator[Variant]:
    """An adjoint that was multiplied in place for one use, and is read on with that factor for others."""
    for role, found in c.quantities.items():
        reads: dict[Any, dict[Any, list[Read]]] = {}
        products: dict[Any, tuple[Tensor, Tensor]] = {}
        for _, a in found:
            users = list(dict.fromkeys(c.program.users.get(a, ())))
            for u in users if len(users) > 1 else ():
                if algebra(u) != "product" or u.shape != a.shape or sum(x in c.live for x in u.inputs) != 1:
                    continue
                products.setdefault(c.role(u), (a, next(x for x in u.inputs if x not in c.live)))
                for w in users:
                    if c.program.time(w) == c.program.time(u):
                        reads.setdefault(c.role(u), {}).setdefault(c.role(w), []).append((w, a, own(u)))
        for product, (a, plain) in products.items():
            said = kinds.FACTOR_ALREADY(c.called(plain), c.called(a))
            yield from _read(c, ("adjoint in place", role, product), said, reads[product], rank)


def _read(c: Context, key: Any, said: Said, reads: Mapping[Any, list[Read]], rank: int) -> Iterator[Variant]:
    places: list[tuple[Any, list[Read]]] = []
    if len(reads) > 1:
        places.append(("everywhere", [x for found in reads.values() for x in found]))
    if len(reads) > 2:
        for k in reads:
            places.append((("but", k), [x for i, found in reads.items() if i != k for x in found]))
    for place, found in [*places, *reads.items()]:
        by_line: dict[Tensor, dict[Tensor, Change]] = {}
        for user, x, change in found:
            by_line.setdefault(user, {})[x] = change
        if found:
            edit = Edit((place,), said, own(found[0][0]), weight=2)
            yield c.variant(key, edit, found[0][0], rank, {user: reading(user, new) for user, new in by_line.items()})
