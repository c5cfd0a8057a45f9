"""The methods of NumPy's ufuncs: ``np.multiply.accumulate``, ``np.add.outer``, ``np.logical_and.reduce``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_seq.operations.comparison import all, any
from autograd_seq.operations.indexing import getitem
from autograd_seq.operations.probability import logsumexp
from autograd_seq.operations.reduction import axes_of, cumsum, norm
from autograd_seq.operations.running import running
from autograd_seq.operations.shape import axis_of, expand_dims, moveaxis, reshape


def outer_of(ufunc: np.ufunc) -> Callable[..., Any]:
    """A ufunc of all pairs of elements, as ``numpy.ufunc.outer``.

    Examples
    --------
    >>> outer_of(np.add)(np.array([1.0, 2.0]), np.array([10.0, 20.0]))
    array([[11., 21.],
           [12., 22.]])
    """

    def pairs(a: Any, b: Any) -> Any:
        return ufunc(expand_dims(a, tuple(range(np.ndim(a), np.ndim(a) + np.ndim(b)))) if np.ndim(b) else a, b)

    return pairs


def folded(ufunc: np.ufunc) -> Callable[..., Any]:
    """A ufunc of two elements over an axis, from the first on, as ``numpy.ufunc.reduce``.

    Examples
    --------
    >>> float(folded(np.subtract)(np.array([5.0, 2.0, 1.0])))
    2.0
    """
    step = running(ufunc)

    def over(x: Any, axis: Any = 0, keepdims: bool = False) -> Any:
        if axis is None or np.ndim(axis):
            axes = axes_of(x, axis)
            rest = tuple(n for i, n in enumerate(np.shape(x)) if i not in axes)
            made = over(reshape(moveaxis(x, axes, tuple(range(len(axes)))), (-1, *rest)))
            return expand_dims(made, axes) if keepdims else made
        axis = axis_of(x, axis)
        made = getitem(step(x, axis=axis), (slice(None),) * axis + (-1,))
        return expand_dims(made, axis) if keepdims else made

    return over


def _summed(x: Any, axis: int = 0) -> Any:
    return cumsum(x, axis=axis)


_PAIRS = (
    np.add, np.arctan2, np.divide, np.equal, np.floor_divide, np.fmax, np.fmin, np.greater, np.greater_equal, np.hypot,
    np.less, np.less_equal, np.logaddexp, np.logaddexp2, np.logical_and, np.logical_or, np.maximum, np.minimum,
    np.multiply, np.not_equal, np.power, np.remainder, np.subtract,
)  # fmt: skip
_REPEATED = (
    np.fmax, np.fmin, np.hypot, np.logaddexp, np.logaddexp2, np.maximum, np.minimum, np.multiply, np.subtract,
    np.divide, np.power, np.remainder, np.arctan2,
)  # fmt: skip

_FOLDED = (np.subtract, np.divide, np.fmax, np.fmin, np.logaddexp2, np.remainder, np.arctan2)

OF_UFUNCS: dict[tuple[Any, str], Callable[..., Any]] = {
    **{(ufunc, "reduce"): folded(ufunc) for ufunc in _FOLDED},
    (np.add, "accumulate"): _summed,
    (np.hypot, "reduce"): lambda x, axis=0, keepdims=False: norm(x, axis=axis, keepdims=keepdims),
    (np.logaddexp, "reduce"): lambda x, axis=0, keepdims=False: logsumexp(x, axis=axis, keepdims=keepdims),
    (np.logical_and, "reduce"): lambda x, axis=0, keepdims=False: all(x, axis=axis, keepdims=keepdims),
    (np.logical_or, "reduce"): lambda x, axis=0, keepdims=False: any(x, axis=axis, keepdims=keepdims),
    **{(ufunc, "outer"): outer_of(ufunc) for ufunc in _PAIRS},
    **{(ufunc, "accumulate"): running(ufunc) for ufunc in _REPEATED},
}
