"""What is edited: matrix products and sums over examples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.perturb.context import Context
from autograd_seq.diagnosis.perturb.variant import Edit, Form, at, own
from autograd_seq.diagnosis.rerun import sums_axes


def transposes(c: Context, r: Tensor) -> Iterator[Edit]:
    """A transpose forgotten, or one too many."""
    if algebra(r) != "matrix product":
        return
    a, b = r.inputs
    for i, x in enumerate(r.inputs):
        if algebra(x) == "transpose":
            plain = x.inputs[0]
            left, right = (plain, b) if i == 0 else (a, plain)
            if left.ndim == right.ndim == 2 and left.shape[1] == right.shape[0]:
                yield Edit(("transpose", i), kinds.NOT_TRANSPOSED(c.called(plain)), at(left) @ at(right))
    if r.shape == r.shape[::-1]:
        yield Edit(("transposed",), kinds.TRANSPOSED(c.called(r)), own(r).T)


def element_wise(c: Context, r: Tensor) -> Iterator[Edit]:
    """Element by element in place of a matrix product."""
    if algebra(r) != "matrix product":
        return
    a, b = r.inputs
    plain = [x.inputs[0] if algebra(x) == "transpose" else x for x in (a, b)]
    for left in dict.fromkeys((a, plain[0])):
        for right in dict.fromkeys((b, plain[1])):
            key, said = (left is a, right is b), (c.called(left), c.called(right))
            if left.shape == right.shape == r.shape:
                yield Edit(("element-wise", *key), kinds.ELEMENT_WISE(*said), at(left) * at(right))
            elif left.shape == right.shape and left.ndim == r.ndim == 2:
                for axis in (0, 1):
                    shape = (1, left.shape[1]) if axis == 0 else (left.shape[0], 1)
                    if all(n in (1, k) for n, k in zip(shape, r.shape, strict=True)):
                        change = _stretched((at(left) * at(right)).sum(axis), shape, r.shape)
                        yield Edit(("element-wise sum", *key, axis), kinds.ELEMENT_WISE_SUM(*said, axis), change)


def _stretched(form: Form, shape: tuple[int, ...], over: tuple[int, ...]) -> Form:
    return Form(lambda v: np.broadcast_to(form(v).reshape(shape), over))


def sums(c: Context, r: Tensor) -> Iterator[Edit]:
    """A sum over examples left out, averaged, or over another axis."""
    if not sums_axes(r):
        return
    x, axis = r.inputs[0], r.settings["axis"]
    yield Edit(("not summed",), kinds.NOT_SUMMED(_axis(axis)), at(x))
    mean = Form(lambda v: np.mean(v(x), axis=axis, keepdims=r.settings["keepdims"]))
    yield Edit(("mean",), kinds.MEAN_FOR_SUM(), mean)
    for other in range(x.ndim):
        if (other,) != axis and other != axis:
            yield Edit(("axis", other), kinds.OTHER_AXIS(other, _axis(axis)), at(x).sum(other, keepdims=True))
    yield Edit(("everything",), kinds.ALL_AXES(), at(x).sum())


def _axis(axis: Any) -> str:
    return str(axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis)
