"""Misplaced parentheses around a difference: a (p − q) written as a p − q, or as p − q a."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import LIKELY, Edit, Variant
from autograd_seq.diagnosis.rerun import bare

MOST_FACTORS = 6


@dataclass(frozen=True)
class Flat:
    """A product written out: its sign and its factors, an adjoint among them."""

    sign: float
    factors: tuple[Tensor, ...]


def flat(c: Context, r: Tensor, depth: int = 8) -> Flat:
    """The factors of a product; sums, matrix products and forward values that have a name are not opened."""
    inner = bare(r)
    if depth and algebra(inner) == "negative":
        found = flat(c, inner.inputs[0], depth - 1)
        return Flat(-found.sign, found.factors)
    if depth and algebra(inner) == "product" and (inner in c.live or not inner.name):
        parts = [flat(c, x, depth - 1) for x in inner.inputs]
        return Flat(float(np.prod([p.sign for p in parts])), tuple(f for p in parts for f in p.factors))
    return Flat(1.0, (inner,))


def around_differences(c: Context) -> Iterator[Variant]:
    """Every way to close the parentheses of a product with a difference in it at the wrong place."""
    collected: dict[Any, list[tuple[Tensor, Edit]]] = {}
    for r in c.program.records:
        for edit in misplaced(c, r):
            collected.setdefault((c.role(r), edit.key), []).append((r, edit))
    for key, found in collected.items():
        r, edit = found[0]
        yield c.variant(("brackets", key), edit, r, LIKELY, {x: e.change for x, e in found})


def _ends(c: Context, r: Tensor) -> bool:
    """Whether a product is complete: it is not a factor of another one only."""
    users = c.program.users.get(r, [])
    return not (len(users) == 1 and algebra(users[0]) == "product")


def misplaced(c: Context, r: Tensor) -> Iterator[Edit]:
    """The edits of one product."""
    if r not in c.live or algebra(r) != "product" or not _ends(c, r):
        return
    written = flat(c, r)
    factors = written.factors
    if not 2 <= len(factors) <= MOST_FACTORS or any(f.shape not in (r.shape, ()) for f in factors):
        return
    for k, difference in enumerate(factors):
        if algebra(difference) != "difference" or difference in c.live:
            continue
        p, q = difference.inputs
        rest = [f for i, f in enumerate(factors) if i != k]
        for n in range(1, len(rest) + 1):
            for places in combinations(range(len(rest)), n):
                within = [rest[i] for i in places]
                outside = [f for i, f in enumerate(rest) if i not in places]
                for side, words in (("first", "{a} ∘ {p} − {q}"), ("second", "{p} − {q} ∘ {a}")):
                    said = words.format(a=" ∘ ".join(map(c.called, within)), p=c.called(p), q=c.called(q))
                    before = " ∘ ".join(map(c.called, outside))
                    squared = len(within) == 1 and bare(within[0]) is bare(q)
                    of_another = side == "second" and squared  # 1 − y ∘ y for y ∘ (1 − y)
                    yield Edit(
                        ("brackets", side, k, places),
                        "activation derivative" if of_another else "parentheses",
                        f"with {f'{before} ∘ ({said})' if outside else said} where the parentheses stand around "
                        f"{c.called(p)} − {c.called(q)}",
                        _change(written.sign, p, q, within, outside, side),
                    )


def _change(sign: float, p: Tensor, q: Tensor, within: list[Tensor], outside: list[Tensor], side: str) -> Any:
    def change(v: Any) -> Array:
        a = _product_of(v, within)
        inner = a * v(p) - v(q) if side == "first" else v(p) - v(q) * a
        return np.asarray(sign * _product_of(v, outside) * inner)

    return change


def without_adjoint(c: Context, r: Tensor) -> Iterator[Edit]:
    """A term of a sum that is not multiplied with the adjoint: dc ∘ h − c for dc ∘ (h − c)."""
    for x in r.inputs:
        written = flat(c, x)
        alive = [f for f in written.factors if f in c.live]
        plain = [f for f in written.factors if f not in c.live]
        if len(alive) == 1 and plain and all(f.shape == r.shape for f in plain):
            g = alive[0]

            def change(v: Any, x: Tensor = x, plain: list[Tensor] = plain, sign: float = written.sign) -> Any:
                own: Any = sign
                for f in plain:
                    own = own * v(f)
                return sum(v(y) for y in r.inputs if y is not x) + own

            yield Edit(
                ("term without adjoint", c.role(x)),
                "parentheses" if len(r.inputs) > 1 and _shared(c, r, g) else "upstream missing",
                f"without the factor {c.called(g)} on the term {c.called(x)}: "
                "it is forgotten there, or parentheses are misplaced",
                change,
            )


def as_one_factor(c: Context, r: Tensor) -> Iterator[Edit]:
    """What can happen to g ∘ (h − c), which is two terms of the backward pass, beside others or alone."""
    for x, y in combinations(r.inputs, 2) if len(r.inputs) <= MOST_FACTORS else ():
        rest = [z for z in r.inputs if z is not x and z is not y]
        for edit in _of_difference(c, r, x, y):
            yield edit if not rest else _beside(edit, c.role(x), c.role(y), rest)


def _beside(edit: Edit, x: Any, y: Any, rest: list[Tensor]) -> Edit:
    """An edit of some terms of a sum that has more."""

    def change(v: Any) -> Any:
        return edit.change(v) + sum(v(z) for z in rest)

    return replace(edit, key=(*edit.key, x, y), change=change)


def _of_difference(c: Context, r: Tensor, x: Tensor, y: Tensor) -> Iterator[Edit]:
    first, second = flat(c, x), flat(c, y)
    alive = [f for f in first.factors if f in c.live]
    if len(alive) != 1 or not any(f is alive[0] for f in second.factors) or alive[0].shape != r.shape:
        return
    g = alive[0]
    plain = [[f for f in w.factors if f is not g] for w in (first, second)]
    if not all(plain) or first.sign == second.sign:
        return
    said = " − ".join(
        " ∘ ".join(map(c.called, p))
        for p, _ in sorted(zip(plain, (first, second), strict=True), key=lambda k: -k[1].sign)
    )
    yield Edit(("without difference",), "missing factor", f"without the factor {said}", lambda v: np.array(v(g)))
    yield Edit(
        ("difference alone",),
        "upstream missing",
        f"without {c.called(g)}: {said} alone",
        lambda v: sum(w.sign * _product_of(v, p) for w, p in zip((first, second), plain, strict=True)),
    )
    for term, written in ((x, first), (y, second)):
        if written.sign < 0:
            yield Edit(
                ("only subtracted", c.role(term)),
                "missing term",
                f"with {c.called(term)} only, and of the opposite sign",
                lambda v, term=term: -v(term),  # type: ignore[misc]
            )


def _product_of(v: Any, factors: list[Tensor]) -> Any:
    result: Any = 1.0
    for f in factors:
        result = result * v(f)
    return result


def _shared(c: Context, r: Tensor, g: Tensor) -> bool:
    """Whether all terms of a sum have one adjoint as a factor."""
    return all(any(f is g for f in flat(c, x).factors) for x in r.inputs)
