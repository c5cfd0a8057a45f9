"""The edits of one line that need no other value: by the operation that it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import autograd_seq.operations as ops
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.perturb import activations, brackets, matrices, products, softmax, stacks
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import Edit
from autograd_seq.diagnosis.rerun import evaluate

Maker = Callable[[Context, Tensor], Iterator[Edit]]

BY_OPERATION: list[tuple[object, Maker]] = [
    (ops.multiply, products.products),
    (ops.accumulate, products.terms),
    (ops.accumulate, products.exchanged_factors),
    (ops.accumulate, brackets.without_adjoint),
    (ops.accumulate, brackets.as_one_factor),
    (ops.subtract, products.differences),
    (ops.matmul, matrices.matrix_products),
    (ops.sum, matrices.sums),
    ("getitem", matrices.parts),
    ("getitem", stacks.terms_of_a_part),
    (ops.scatter, stacks.joined),
    (ops.concatenate, stacks.joined),
]


def simple(c: Context, r: Tensor) -> Iterator[Edit]:
    """Signs, dropped terms and factors, transposes, sums, slices, derivatives of activations."""
    if r.operation is None or r.operation is ops.identity:
        return
    if r in c.live:
        yield Edit(("negative",), "sign", f"with the opposite sign of {c.called(r)}", lambda v: -evaluate(r, v))
        yield Edit(("doubled",), "extra factor", f"with {c.called(r)} doubled", lambda v: 2 * evaluate(r, v), weight=2)
    for operation, maker in BY_OPERATION:
        if r.operation is operation or r.operation.name == operation:
            yield from maker(c, r)
    yield from softmax.softmaxes(c, r)
    yield from activations.activations(c, r)
