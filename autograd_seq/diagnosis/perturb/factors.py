"""What is edited: the factors of a product, and the two sides of a difference that is one of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import Edit, Form, Variant, at, constant, own, reading
from autograd_seq.diagnosis.perturb.where import Found, collected
from autograd_seq.diagnosis.rerun import evaluate


def products(c: Context, r: Tensor) -> Iterator[Edit]:
    """A factor left out, there twice, or added."""
    for i, x in enumerate(r.inputs) if algebra(r) == "product" else ():
        other = r.inputs[1 - i]
        of = c.of_derivative(r) if x not in c.live else ""
        if other.shape == r.shape:
            above = kinds.UPSTREAM if x in c.live and other not in c.live else of
            said = kinds.NO_FACTOR(c.called(x), of=above)
            yield Edit(("without factor", i), said, at(other), weight=2 if x in c.live else 1)
        if i and other.shape == x.shape == r.shape and (x in c.live or other in c.live):
            yield Edit(("added",), kinds.SUM_FOR_PRODUCT(c.called(x), c.called(other)), at(x) + at(other), weight=2)
        if x not in c.live and algebra(x) == "difference" and x not in c.program.serves:
            p, q = x.inputs
            for key, category, words, factor in (
                ("plus", "sign", f"{c.called(p)} + {c.called(q)}", at(p) + at(q)),
                ("only", kinds.WRONG_VALUE, c.called(q), at(q)),
            ):
                said = kinds.IN_PLACE_OF(words, c.called(x), of=category)
                yield Edit(("difference", key, i), said, at(other) * factor)
        if x not in c.live and x.ndim:
            yield Edit(("twice", i), kinds.FACTOR_TWICE(c.called(x), of=of), own(r) * at(x))


def differences(c: Context, r: Tensor) -> Iterator[Edit]:
    """One side of a difference left out, or a sum."""
    if algebra(r) != "difference":
        return
    a, b = r.inputs
    of = c.of_derivative(r)
    if a.shape == r.shape:
        yield Edit(("without second",), kinds.NO_TERM(c.called(b), of=of), at(a))
    if b.shape == r.shape:
        yield Edit(("without first",), kinds.IN_PLACE_OF(c.called(b), c.called(r), of=of), at(b))
    yield Edit(("plus",), kinds.PLUS_FOR_MINUS(c.called(r)), at(a) + at(b))


def exchanged(c: Context, rank: int) -> Iterator[Variant]:
    """Both adjoints of a product, each with the factor that the other should have."""

    def found() -> Found:
        for node in c.program.truth.recording.forward:
            made = c.program.truth.recording.emitted.get(node, [])
            g = c.adjoints.get(node)
            pieces = [r for r in made if algebra(r) == "product"]
            if algebra(node) != "product" or len(pieces) != 2 or g is None:
                continue
            u, v = node.inputs
            if u.shape == v.shape == node.shape:
                said = kinds.FACTORS_EXCHANGED(c.called(u), c.called(v))
                for r, factor in zip(pieces, (u, v), strict=True):
                    yield c.role(node), r, Edit(("exchanged",), said, at(g) * at(factor))

    return collected(c, "exchanged", found(), rank)


def upstream_is_one(c: Context, rank: int) -> Iterator[Variant]:
    """An adjoint given from above that is taken for 1, wherever it is used or in one formula."""

    def found() -> Found:
        names = {seed: name for name, seed in c.program.truth.seeds.items()}
        for r in c.program.records:
            for x in r.inputs if not c.from_above(r) else ():
                if c.from_above(x):
                    name = names[_begins(x)]
                    edit = Edit(("is one",), kinds.UPSTREAM_IS_ONE(name), reading(r, {x: _of_ones(x)}))
                    yield (name,), r, edit
                    yield (name, c.role(r)), r, edit

    return collected(c, "upstream", found(), rank)


def _begins(x: Tensor) -> Tensor:
    """Where a chain of records with one input begins."""
    while x.operation is not None:
        x = x.inputs[0]
    return x


def _of_ones(x: Tensor) -> Form:
    """What a chain that begins with a given adjoint is where that is 1."""
    if x.operation is None:
        return constant(np.ones(x.shape))
    return Form(lambda v: evaluate(x, lambda y: _of_ones(y)(v)))
