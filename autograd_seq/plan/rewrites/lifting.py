"""Which operations need no thought when all time steps are computed at once, and along which axes the others work.

An operation that has neither trait is computed step by step: slower, and just as right.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from autograd_seq.core.operation import Operation
from autograd_seq.plan.value import Kind, Value


def elementwise(kind: Operation | Kind) -> bool:
    """Whether each element of the result depends only on the elements at the same place."""
    return kind.elementwise


def sums(kind: Operation | Kind) -> bool:
    """Whether an operation is the sum over axes."""
    return kind.reduces is np.add


def small(value: Value) -> bool:
    """Whether a step is so small that a call costs more than its work: then all steps are computed together.

    Larger ones are computed step by step, while their operands are in the cache.
    """
    return prod(value.shape) < 1000


def axis_of(kind: Operation, settings: dict[str, Any], ndim: int) -> int | tuple[int, ...] | None:
    """The axes that an operation works along, in blocks with time first; None if unknown."""
    if not kind.along or not ndim:
        return None
    axis = settings.get("axis")
    axes = tuple(range(ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(a % ndim for a in axes)
    axes = tuple(a + 1 for a in axes)
    return axes if isinstance(axis, tuple) or axis is None else axes[0]
