"""Softmax and cross-entropies, computed so that no probability overflows."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.algebra import each
from autograd_seq.notation import ATOM, PRODUCT, SIGN, SUM, Form
from autograd_seq.operation import operation
from autograd_seq.operations.arithmetic import FIT
from autograd_seq.operations.elementwise import exp, log, maximum, sigmoid
from autograd_seq.operations.reduction import axes_of, restored, sum
from autograd_seq.tensor import Array

# No probability is taken for smaller than this: -log of it is 708 in float64, 87 in float32.
_TINY = {np.dtype(np.float32): float(np.finfo(np.float32).tiny)}
_SMALLEST = float(np.finfo(np.float64).tiny)


def _floor(p: Any) -> Any:
    return maximum(p, _TINY.get(p.dtype, _SMALLEST))


@operation(
    vjp=[lambda g, y, x, axis, keepdims: restored(g, x, axis, keepdims) * exp(x - restored(y, x, axis, keepdims))],
    meaning=lambda algebra, x, axis, keepdims: each(
        algebra.log, np.sum(each(algebra.exp, x), axis=axis, keepdims=keepdims)
    ),
)
def logsumexp(x: Any, /, axis: Any = 0, keepdims: bool = False) -> Array:
    """log of the sum of exponentials over an axis, without overflow.

    Examples
    --------
    >>> import numpy as np
    >>> float(logsumexp(np.array([1000.0, 1000.0])).round(4))
    1000.6931
    """
    x = np.asarray(x)
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    result = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return result if keepdims else np.squeeze(result, axes_of(x, axis))


def _softmax_meaning(algebra: Any, x: Any, axis: Any) -> Any:
    e = each(algebra.exp, x)
    return e / np.sum(e, axis=axis, keepdims=True)


@operation(
    vjp=[lambda g, y, x, axis: y * (g - sum(g * y, axis=axis, keepdims=True))],
    meaning=_softmax_meaning,
)
def softmax(x: Any, /, axis: int = 0) -> Array:
    """exp(x) / Σ exp(x) over the classes, which are the rows: columns are examples.

    Examples
    --------
    >>> import numpy as np
    >>> softmax(np.array([[0.0], [0.0], [1000.0]])).ravel()
    array([0., 0., 1.])
    """
    x = np.asarray(x)
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return np.asarray(e / np.sum(e, axis=axis, keepdims=True))


@operation(
    vjp=[lambda g, y, x, axis: g - exp(y) * sum(g, axis=axis, keepdims=True)],
    meaning=lambda algebra, x, axis: x - each(algebra.log, np.sum(each(algebra.exp, x), axis=axis, keepdims=True)),
)
def log_softmax(x: Any, /, axis: int = 0) -> Array:
    """log of `softmax`, accurate where a probability is tiny.

    Examples
    --------
    >>> import numpy as np
    >>> log_softmax(np.array([0.0, 1000.0]))
    array([-1000.,     0.])
    """
    x = np.asarray(x)
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return np.asarray(shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True)))


@operation(
    vjp=[
        lambda g, L, p, y: g * (p - y) / _floor(p * (1 - p)),
        lambda g, L, p, y: g * (log(_floor(1 - p)) - log(_floor(p))),
    ],
    meaning=lambda algebra, p, y: each(
        lambda p, y: -(y * algebra.log(p)) - (1 - y) * algebra.log(1 - p), p, y
    ),
    source=Form("-({1} * np.log({0}) + (1 - {1}) * np.log(1 - {0}))", SIGN, (ATOM, ATOM)),
    expects=FIT,
)
def binary_cross_entropy(p: Any, y: Any, /) -> Array:
    """-y log p - (1 - y) log(1 - p), element by element.

    A probability of exactly 0 or 1 counts as the nearest number that has a logarithm, so
    that a wrong certainty costs 708 (87 in float32) and not infinity.

    Parameters
    ----------
    p : array_like
        Probabilities ŷ, any shape.
    y : array_like
        Labels, 0 or 1 or between, of the same shape.

    Examples
    --------
    >>> import numpy as np
    >>> binary_cross_entropy(np.array([0.5, 1.0]), np.array([1.0, 1.0])).round(4)
    array([0.6931, 0.    ])
    """
    p, y = np.asarray(p), np.asarray(y)
    tiny = _TINY.get(p.dtype, _SMALLEST)
    return np.asarray(-(y * np.log(np.maximum(p, tiny))) - (1 - y) * np.log(np.maximum(1 - p, tiny)))


@operation(
    vjp=[lambda g, L, z, y: g * (sigmoid(z) - y), lambda g, L, z, y: -(g * z)],
    meaning=lambda algebra, z, y: each(lambda z, y: algebra.log(1 + algebra.exp(z)) - y * z, z, y),
    source=Form("np.logaddexp(0, {0}) - {1} * {0}", SUM, (ATOM, ATOM)),
    expects=FIT,
)
def binary_cross_entropy_from_logits(z: Any, y: Any, /) -> Array:
    """`binary_cross_entropy` of sigmoid(z), accurate for any z: log(1 + exp z) - y z.

    Examples
    --------
    >>> import numpy as np
    >>> binary_cross_entropy_from_logits(np.array([0.0, 1000.0]), np.array([1.0, 0.0])).round(4)
    array([   0.6931, 1000.    ])
    """
    return np.asarray(np.logaddexp(0, z) - np.multiply(y, z))


@operation(
    vjp=[
        lambda g, L, p, y, axis: -(restored(g, p, axis, False) * y) / _floor(p),
        lambda g, L, p, y, axis: -(restored(g, p, axis, False) * log(_floor(p))),
    ],
    meaning=lambda algebra, p, y, axis: -np.sum(y * each(algebra.log, p), axis=axis),
    source=Form("-np.sum({1} * np.log({0}), axis={axis!r})", SIGN, (ATOM, PRODUCT)),
    expects="probabilities and targets of one shape",
)
def categorical_cross_entropy(p: Any, y: Any, /, axis: int = 0) -> Array:
    """-Σ y log p over the classes, which are the rows: one number for each example.

    A probability of exactly 0 counts as the smallest number that has a logarithm.

    Parameters
    ----------
    p : array_like
        Probabilities ŷ, (n_y, m).
    y : array_like
        One-hot (or soft) targets, (n_y, m).

    Examples
    --------
    >>> import numpy as np
    >>> categorical_cross_entropy(np.array([[0.25], [0.75]]), np.array([[1.0], [0.0]])).round(4)
    array([1.3863])
    """
    p = np.asarray(p)
    return np.asarray(-np.sum(y * np.log(np.maximum(p, _TINY.get(p.dtype, _SMALLEST))), axis=axis))


@operation(
    vjp=[
        lambda g, L, z, y, axis: restored(g, z, axis, False)
        * (softmax(z, axis=axis) * sum(y, axis=axis, keepdims=True) - y),
        lambda g, L, z, y, axis: -(restored(g, z, axis, False) * log_softmax(z, axis=axis)),
    ],
    meaning=lambda algebra, z, y, axis: -np.sum(
        y * (z - each(algebra.log, np.sum(each(algebra.exp, z), axis=axis, keepdims=True))), axis=axis
    ),
    expects="logits and targets of one shape",
)
def categorical_cross_entropy_from_logits(z: Any, y: Any, /, axis: int = 0) -> Array:
    """`categorical_cross_entropy` of softmax(z), accurate for any z.

    Examples
    --------
    >>> import numpy as np
    >>> categorical_cross_entropy_from_logits(np.array([[0.0], [1000.0]]), np.array([[1.0], [0.0]]))
    array([1000.])
    """
    return np.asarray(-np.sum(y * log_softmax.value(z, axis=axis), axis=axis))
