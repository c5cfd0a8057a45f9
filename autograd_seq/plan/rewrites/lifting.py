"""Which operations need no thought when all time steps are computed at once, and along which axes the others work.

An operation that is not listed here is computed step by step: slower, and just as right.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from autograd_seq import operations as ops
from autograd_seq.core.operation import Operation
from autograd_seq.plan.value import AFFINE, Value

_ELEMENT_BY_ELEMENT = {
    ops.sigmoid, ops.relu, ops.where, ops.softplus, ops.above_zero, ops.stop_gradient,
}  # fmt: skip
_ALONG_AXIS = {
    ops.sum, ops.mean, ops.max, ops.min, ops.softmax, ops.log_softmax, ops.logsumexp, ops.categorical_cross_entropy,
    ops.categorical_cross_entropy_from_logits,
}  # fmt: skip


def elementwise(kind: Operation | str) -> bool:
    """Whether each element of the result hangs only on the elements at the same place."""
    if isinstance(kind, str):
        return kind == AFFINE
    return (isinstance(kind.value, np.ufunc) and kind.value.signature is None) or kind in _ELEMENT_BY_ELEMENT


def small(value: Value) -> bool:
    """Whether a step is so small that a call costs more than its work: then all steps are computed together.

    Larger ones are computed step by step, while their operands are in the cache.
    """
    return prod(value.shape) < 1000


def axis_of(kind: Operation, settings: dict[str, Any], ndim: int) -> int | tuple[int, ...] | None:
    """The axes that an operation works along, in blocks with time first; None if unknown."""
    if kind not in _ALONG_AXIS or not ndim:
        return None
    axis = settings.get("axis")
    axes = tuple(range(ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if axis is None and settings.get("keepdims") is False and kind in (ops.softmax, ops.log_softmax):
        return None
    axes = tuple(a % ndim for a in axes)
    axes = tuple(a + 1 for a in axes)
    return axes if isinstance(axis, tuple) or axis is None else axes[0]
