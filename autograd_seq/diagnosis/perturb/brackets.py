"""What is edited: parentheses that stand at the wrong place in a product with a sum or a difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.perturb.context import Context, terms_of
from autograd_seq.diagnosis.perturb.variant import Edit, Form, Variant, at, own, product_of
from autograd_seq.diagnosis.perturb.where import Found, collected
from autograd_seq.diagnosis.rerun import Values, bare

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


def around_differences(c: Context, r: Tensor) -> Iterator[Edit]:
    """What was a (p − q), written as a p − q, or as p − q a: every way to close the parentheses at the wrong place."""
    if r not in c.live or algebra(r) != "product" or not _ends(c, r):
        return
    written = flat(c, r)
    factors = written.factors
    if not 2 <= len(factors) <= MOST_FACTORS or any(f.shape not in (r.shape, ()) for f in factors):
        return
    for k, difference in enumerate(factors):
        if algebra(difference) == "difference" and difference not in c.live:
            p, q = difference.inputs
            rest = [f for i, f in enumerate(factors) if i != k]
            places = [found for n in range(1, len(rest) + 1) for found in combinations(range(len(rest)), n)]
            for chosen in places:
                within = [rest[i] for i in chosen]
                outside = [f for i, f in enumerate(rest) if i not in chosen]
                for edit in _around(c, written.sign, p, q, within, outside):
                    yield replace(edit, key=(*edit.key, k, chosen))


def _ends(c: Context, r: Tensor) -> bool:
    """Whether a product is complete: it is not a factor of another one only."""
    users = c.program.users.get(r, [])
    return not (len(users) == 1 and algebra(users[0]) == "product")


def _around(
    c: Context, sign: float, p: Tensor, q: Tensor, within: list[Tensor], outside: list[Tensor]
) -> Iterator[Edit]:
    a, left = product_of(within), product_of(outside, sign)
    said_a, before = " ∘ ".join(map(c.called, within)), " ∘ ".join(map(c.called, outside))
    squared = len(within) == 1 and bare(within[0]) is bare(q)  # 1 − y ∘ y for y ∘ (1 − y)
    for side, inner, words, of in (
        ("first", a * at(p) - at(q), f"{said_a} ∘ {c.called(p)} − {c.called(q)}", ""),
        ("second", at(p) - at(q) * a, f"{c.called(p)} − {c.called(q)} ∘ {said_a}", kinds.DERIVATIVE if squared else ""),
    ):
        said = f"{before} ∘ ({words})" if outside else words
        yield Edit(("brackets", side), kinds.OTHERWISE_CLOSED(said, c.called(p), c.called(q), of=of), left * inner)


def without_adjoint(c: Context, r: Tensor) -> Iterator[Edit]:
    """A term of a sum that is not multiplied with the adjoint: dc ∘ h − c for dc ∘ (h − c)."""
    for x in r.inputs if algebra(r) == "sum of uses" else ():
        written = flat(c, x)
        alive = [f for f in written.factors if f in c.live]
        plain = [f for f in written.factors if f not in c.live]
        if len(alive) == 1 and plain and all(f.shape == r.shape for f in plain):
            shared = all(any(f is alive[0] for f in flat(c, y).factors) for y in r.inputs)
            of = "" if len(r.inputs) > 1 and shared else kinds.UPSTREAM
            said = kinds.NOT_ON_THE_TERM(c.called(alive[0]), c.called(x), of=of)
            yield Edit(("term without adjoint", c.role(x)), said, own(r) - at(x) + product_of(plain, written.sign))


def as_one_factor(c: Context, r: Tensor) -> Iterator[Edit]:
    """What can happen to g ∘ (h − c), which is two terms of the backward pass, beside others or alone."""
    few = algebra(r) == "sum of uses" and len(r.inputs) <= MOST_FACTORS
    for x, y in combinations(r.inputs, 2) if few else ():
        first, second = flat(c, x), flat(c, y)
        alive = [f for f in first.factors if f in c.live]
        if len(alive) != 1 or not any(f is alive[0] for f in second.factors) or alive[0].shape != r.shape:
            continue
        g = alive[0]
        both = [(w.sign, [f for f in w.factors if f is not g]) for w in (first, second)]
        if not all(plain for _, plain in both) or first.sign == second.sign:
            continue
        said = " − ".join(" ∘ ".join(map(c.called, plain)) for _, plain in sorted(both, key=lambda w: -w[0]))
        rest = own(r) - at(x) - at(y)
        key = () if len(r.inputs) == 2 else (c.role(x), c.role(y))
        yield Edit(("without difference", *key), kinds.NO_FACTOR(said), rest + at(g))
        alone = product_of(both[0][1], first.sign) + product_of(both[1][1], second.sign)
        yield Edit(("difference alone", *key), kinds.NO_UPSTREAM(c.called(g), said), rest + alone)
        term = x if first.sign < 0 else y
        yield Edit(("only subtracted", c.role(term)), kinds.ONLY_SUBTRACTED(c.called(term)), rest - at(term))


# -- a factor of a whole sum, on some of its terms ---------------------------------------------------------------


def skipped(c: Context, rank: int) -> Iterator[Variant]:
    """A factor that reaches only some terms of a sum."""

    def found() -> Found:
        for role, states in c.quantities.items():
            if not any(algebra(bare(total)) == "sum of uses" for _, total in states):
                continue
            for _, total in states:
                for chain in (c.chain(total, user) for user in c.program.users.get(total, [])):
                    for a, b in combinations(range(len(chain) + 1), 2):
                        for term in terms_of(total):
                            edit = _skipped(c, total, term, chain[:b], a)
                            yield (role, c.role(chain[b - 1][0])), chain[b - 1][0], edit

    return collected(c, "parentheses", found(), rank)


def _skipped(c: Context, total: Tensor, term: Tensor, chain: list[tuple[Tensor, Tensor]], start: int) -> Edit:
    factors = [f for _, f in chain]

    def change(v: Values) -> Any:
        reached, alone = v(total) - v(term), v(term)
        return reached * product_of(factors)(v) + alone * product_of(factors[:start])(v)

    said = kinds.DOES_NOT_REACH(" ∘ ".join(map(c.called, factors[start:])), c.called(term))
    return Edit(("skips", c.term_role(term), start, len(chain)), said, Form(change))


def swapped_in_one_term(c: Context, rank: int) -> Iterator[Variant]:
    """A factor of a whole sum that is another quantity of its shape on one of the terms."""

    def found() -> Found:
        for total in [r for r in c.program.records if algebra(r) == "sum of uses"]:
            for chain in (c.chain(total, user) for user in c.program.users.get(total, [])):
                for k, (r, factor) in enumerate(chain):
                    for other in c.near(factor):
                        for term in total.inputs if other is not factor and other.shape == factor.shape else ():
                            edit = _other_factor(c, term, chain[: k + 1], other)
                            yield (c.role(total), c.role(r)), r, edit

    return collected(c, "one term", found(), rank)


def _other_factor(c: Context, term: Tensor, chain: list[tuple[Tensor, Tensor]], other: Tensor) -> Edit:
    r, factor = chain[-1]
    part = product_of([term, *(f for _, f in chain[:-1])])
    distance = (other.scope.time or 0) - (factor.scope.time or 0)
    key = ("other factor", c.role(term, term._name), c.role(other), distance, len(chain))
    said = kinds.ON_THE_TERM(c.called(other), c.called(factor), c.called(term), of=c.kind_of_swap(other, factor))
    return Edit(key, said, own(r) + part * (at(other) - at(factor)))
