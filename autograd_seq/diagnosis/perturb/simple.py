"""The edits of one line that need no other value: by what it is in algebra."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import Word, algebra
from autograd_seq.diagnosis.perturb import activations, brackets, matrices, products, softmax, stacks
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import Edit
from autograd_seq.diagnosis.rerun import evaluate, sums_axes

Maker = Callable[[Context, Tensor], Iterator[Edit]]

BY_ALGEBRA: list[tuple[Word, Maker]] = [
    ("product", products.products),
    ("sum of uses", products.terms),
    ("sum of uses", products.exchanged_factors),
    ("sum of uses", brackets.without_adjoint),
    ("sum of uses", brackets.as_one_factor),
    ("difference", products.differences),
    ("matrix product", matrices.matrix_products),
    ("part", matrices.parts),
    ("part", stacks.terms_of_a_part),
    ("gathered parts", stacks.joined),
    ("joined", stacks.joined),
]


def simple(c: Context, r: Tensor) -> Iterator[Edit]:
    """Signs, dropped terms and factors, transposes, sums, slices, derivatives of activations."""
    if r.operation is None or algebra(r) == "name":
        return
    if r in c.live:
        yield Edit(("negative",), "sign", f"with the opposite sign of {c.called(r)}", lambda v: -evaluate(r, v))
        yield Edit(("doubled",), "extra factor", f"with {c.called(r)} doubled", lambda v: 2 * evaluate(r, v), weight=2)
    for word, maker in BY_ALGEBRA:
        if algebra(r) == word:
            yield from maker(c, r)
    if sums_axes(r):
        yield from matrices.sums(c, r)
    yield from softmax.softmaxes(c, r)
    yield from activations.activations(c, r)
