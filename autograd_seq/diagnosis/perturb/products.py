"""Edits of products, sums and differences: factors and terms left out, doubled, exchanged, or of the wrong sign."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import Edit
from autograd_seq.diagnosis.rerun import Values, bare, evaluate


def products(c: Context, r: Tensor) -> Iterator[Edit]:
    """A factor left out, or there twice."""
    for i, x in enumerate(r.inputs):
        other = r.inputs[1 - i]
        if other.shape == r.shape:
            yield _without(c, r, x, other, i)
        if i and other.shape == x.shape == r.shape and (x in c.live or other in c.live):
            yield Edit(
                ("added",),
                "wrong value",
                f"with the sum {c.called(x)} + {c.called(other)} in place of their product",
                lambda v, x=x, other=other: v(x) + v(other),  # type: ignore[misc]
                weight=2,
            )
        if x not in c.live and algebra(x) == "difference" and x not in c.program.serves:
            yield from _within_difference(c, x, other, i)
        if x not in c.live and x.ndim:
            yield Edit(
                ("twice", i),
                c.of_derivative(r, "extra factor"),
                f"with the factor {c.called(x)} twice",
                lambda v, x=x: evaluate(r, v) * v(x),  # type: ignore[misc]
            )


def _within_difference(c: Context, x: Tensor, other: Tensor, i: int) -> Iterator[Edit]:
    """A factor p − q of the forward pass that is p + q, or q."""
    p, q = x.inputs
    for key, category, words, factor in (
        ("plus", "sign", f"{c.called(p)} + {c.called(q)}", lambda v: v(p) + v(q)),
        ("only", "wrong value", c.called(q), lambda v: v(q)),
    ):
        yield Edit(
            ("difference", key, i),
            category,
            f"with {words} in place of {c.called(x)}",
            lambda v, factor=factor: v(other) * factor(v),  # type: ignore[misc]
        )


def _without(c: Context, r: Tensor, x: Tensor, other: Tensor, i: int) -> Edit:
    category = "upstream missing" if x in c.live and other not in c.live else "missing factor"
    return Edit(
        ("without factor", i),
        c.of_derivative(r, category) if x not in c.live else category,
        f"without the factor {c.called(x)}",
        lambda v: np.array(v(other)),
        weight=2 if x in c.live else 1,
    )


def terms(c: Context, r: Tensor) -> Iterator[Edit]:
    """A term left out, of the wrong sign, alone, or with a factor of another term."""
    terms = list(r.inputs)
    roles = _told_apart(c, terms)
    for x, y in combinations(terms, 2) if len(terms) > 3 else ():
        rest = [z for z in terms if z is not x and z is not y]
        if all((c.carried(z, r)) != any(z is k for k in rest) for z in terms):
            continue  # that is the carry
        yield Edit(
            ("without terms", c.role(x), c.role(y)),
            "missing term",
            f"without the terms {c.called(x)} and {c.called(y)}",
            lambda v, rest=rest: np.sum([v(z) for z in rest], axis=0),  # type: ignore[misc]
        )
    for x, y in combinations(terms, 2) if len(terms) > 2 else ():
        yield Edit(
            ("sign of terms", c.role(x), c.role(y)),
            "sign",
            f"with the opposite sign of the terms {c.called(x)} and {c.called(y)}",
            lambda v, x=x, y=y: evaluate(r, v) - 2 * v(x) - 2 * v(y),  # type: ignore[misc]
        )
    later = [x for x in terms if c.carried(x, r)]
    if later and len(later) < len(terms):
        rest = [x for x in terms if x not in set(later)]
        yield Edit(
            ("no carry",),
            "no carry",
            f"without what is carried back from the next time step, {' + '.join(map(c.called, later))}",
            lambda v, rest=rest: np.sum([v(y) for y in rest], axis=0),  # type: ignore[misc]
        )
    for x, role in zip(terms, roles, strict=True):
        rest = [y for y in terms if y is not x]
        if len(later) == 1 and x is later[0]:
            continue
        yield Edit(
            ("without term", role),
            "upstream missing" if c.from_above(x) else "missing term",
            f"without the term {c.called(x)}",
            lambda v, rest=rest: np.sum([v(y) for y in rest], axis=0),  # type: ignore[misc]
        )
        yield Edit(
            ("sign of term", role),
            "sign",
            f"with the opposite sign of the term {c.called(x)}",
            lambda v, x=x: evaluate(r, v) - 2 * v(x),  # type: ignore[misc]
        )
        if len(terms) > 2:
            yield Edit(
                ("only term", role),
                "missing term",
                f"with the term {c.called(x)} only",
                lambda v, x=x: np.array(v(x)),  # type: ignore[misc]
            )
        for y in rest:
            for f in c.factors(y):
                if f.shape == x.shape:
                    yield Edit(
                        ("factor of another term", role, c.role(y), c.role(f)),
                        "parentheses",
                        f"with the factor {c.called(f)} on the term {c.called(x)} too: parentheses misplaced",
                        lambda v, x=x, f=f: evaluate(r, v) + v(x) * (v(f) - 1),  # type: ignore[misc]
                    )


def _told_apart(c: Context, terms: list[Tensor]) -> list[Any]:
    """What each term does; those that do the same, one at each time step, with the time too."""
    roles: list[Any] = [("from above",) if c.from_above(x) else c.role(x) for x in terms]
    return [(role, c.program.time(x)) if roles.count(role) > 1 else role for role, x in zip(roles, terms, strict=True)]


def exchanged_factors(c: Context, r: Tensor) -> Iterator[Edit]:
    """Two terms of a sum, each with the plain factor of the other: weights or gates that are mixed up."""
    products = []
    for x in r.inputs:
        part = bare(x)
        places = [i for i, y in enumerate(part.inputs) if y not in c.live]
        if algebra(part) in ("product", "matrix product") and len(places) == 1:
            products.append((x, part, places[0]))
    for i, (x, p, k) in enumerate(products):
        for y, q, n in products[:i]:
            a, b = p.inputs[k], q.inputs[n]
            if a.shape == b.shape and a is not b and (p.operation is q.operation):
                yield Edit(
                    ("exchanged factors", c.role(x), c.role(y)),
                    "wrong value",
                    f"with {c.called(a)} and {c.called(b)} exchanged",
                    lambda v, x=x, y=y, p=p, q=q, a=a, b=b: (  # type: ignore[misc]
                        evaluate(r, v) - v(x) - v(y) + _with(p, a, b, v) + _with(q, b, a, v)
                    ),
                )


def _with(r: Tensor, x: Tensor, y: Tensor, v: Values) -> Array:
    """A product with `y` where `x` stands."""
    return evaluate(r, lambda z: v(y) if z is x else v(z))


def differences(c: Context, r: Tensor) -> Iterator[Edit]:
    """One side of a difference left out, or a sum."""
    a, b = r.inputs
    if a.shape == r.shape:
        yield Edit(
            ("without second",),
            c.of_derivative(r, "missing term"),
            f"without the term {c.called(b)}",
            lambda v: np.array(v(a)),
        )
    if b.shape == r.shape:
        yield Edit(
            ("without first",),
            c.of_derivative(r, "wrong value"),
            f"with {c.called(b)} in place of {c.called(r)}",
            lambda v: np.array(v(b)),
        )
    yield Edit(("plus",), "sign", f"with + in place of − in {c.called(r)}", lambda v: v(a) + v(b))
