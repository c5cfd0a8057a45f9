"""Edits of matrix products, sums over examples, and parts of stacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import Edit
from autograd_seq.diagnosis.rerun import evaluate


def matrix_products(c: Context, r: Tensor) -> Iterator[Edit]:
    """A transpose forgotten, or element by element."""
    a, b = r.inputs
    for i, x in enumerate(r.inputs):
        if algebra(x) == "transpose":
            bare = x.inputs[0]
            left, right = (bare, b) if i == 0 else (a, bare)
            if left.ndim == right.ndim == 2 and left.shape[1] == right.shape[0]:
                yield Edit(
                    ("transpose", i),
                    "transpose",
                    f"with {c.called(bare)} not transposed",
                    lambda v, left=left, right=right: v(left) @ v(right),  # type: ignore[misc]
                )
    plain = [x.inputs[0] if algebra(x) == "transpose" else x for x in (a, b)]
    for left in {a, plain[0]}:
        for right in {b, plain[1]}:
            if left.shape == right.shape == r.shape:
                yield Edit(
                    ("element-wise", left is a, right is b),
                    "element-wise product",
                    f"with the element-wise product {c.called(left)} ∘ {c.called(right)}, not @",
                    lambda v, left=left, right=right: v(left) * v(right),  # type: ignore[misc]
                )
            elif left.shape == right.shape and left.ndim == r.ndim == 2:
                for axis in (0, 1):
                    shape = (1, left.shape[1]) if axis == 0 else (left.shape[0], 1)
                    if all(n in (1, k) for n, k in zip(shape, r.shape, strict=True)):
                        yield Edit(
                            ("element-wise sum", left is a, right is b, axis),
                            "element-wise product",
                            f"with the element-wise product {c.called(left)} ∘ {c.called(right)} summed over axis "
                            f"{axis}, not @: broadcasting hides the wrong shape",
                            lambda v, left=left, right=right, axis=axis, shape=shape: np.broadcast_to(  # type: ignore[misc]
                                np.sum(v(left) * v(right), axis=axis).reshape(shape), r.shape
                            ),
                        )
    if r.shape == r.shape[::-1]:
        yield Edit(("transposed",), "transpose", "transposed", lambda v: evaluate(r, v).T)


def sums(c: Context, r: Tensor) -> Iterator[Edit]:
    """A sum left out, averaged, or over another axis."""
    x, axis = r.inputs[0], r.settings["axis"]
    yield Edit(
        ("not summed",),
        "missing sum",
        f"without the sum over axis {_axis(axis)} (the examples)",
        lambda v: np.array(v(x)),
    )
    yield Edit(
        ("mean",),
        "mean over the batch",
        "with the mean over the examples in place of the sum",
        lambda v: np.mean(v(x), axis=axis, keepdims=r.settings["keepdims"]),
    )
    for other in range(x.ndim):
        if (other,) != axis and other != axis:
            yield Edit(
                ("axis", other),
                "missing sum",
                f"summed over axis {other} in place of axis {_axis(axis)}",
                lambda v, other=other: np.sum(v(x), axis=other, keepdims=True),  # type: ignore[misc]
            )
    yield Edit(("everything",), "missing sum", "summed over all axes", lambda v: np.sum(v(x)))


def parts(c: Context, r: Tensor) -> Iterator[Edit]:
    """The other part of a stack."""
    x, index = r.inputs[0], r.settings["index"]
    whole_index = index if isinstance(index, tuple) else (index,)
    for axis, piece in enumerate(whole_index):
        if not isinstance(piece, slice) or piece == slice(None) or piece.step not in (None, 1):
            continue
        if any(not isinstance(i, slice) for i in whole_index):
            return
        start, stop, _ = piece.indices(x.shape[axis])
        n, whole = stop - start, x.shape[axis]
        places = set(range(0, whole, n)) if whole % n == 0 else {0, whole - n}
        what = "rows" if axis == 0 else "columns"
        for other in sorted(places - {start}):
            part = (*whole_index[:axis], slice(other, other + n), *whole_index[axis + 1 :])
            called = "first" if other == 0 else "last" if other == whole - n else f"{other + 1} to {other + n}"
            yield Edit(
                ("part", axis, other == 0, other if whole % n == 0 else 0),
                "wrong half",
                f"with the {called} {n} of the {whole} stacked {what} "
                f"in place of {what} {start + 1} to {stop}: the other part of the stack",
                lambda v, part=part: np.array(v(x)[part]),  # type: ignore[misc]
            )


def _axis(axis: Any) -> str:
    return str(axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis)
