"""Softmax and cross-entropies, computed so that no probability overflows."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.core.algebra import each
from autograd_seq.core.array import Array, quietly
from autograd_seq.core.notation import ATOM, PRODUCT, SIGN, SUM, Form, call
from autograd_seq.core.operation import operation
from autograd_seq.operations.arithmetic import FIT, SAME
from autograd_seq.operations.comparison import isfinite
from autograd_seq.operations.elementwise import as_finite, exp, log, sigmoid, where
from autograd_seq.operations.reduction import axes_of, max, restored, sum
from autograd_seq.operations.shape import AXES

_LOGSUMEXP = """\
def logsumexp(x, axis=0, keepdims=False):
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    result = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return result if keepdims else np.squeeze(result, axis)
"""
_SOFTMAX = """\
def softmax(x, axis=0):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)
"""
_LOG_SOFTMAX = """\
def log_softmax(x, axis=0):
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))
"""


def _of_one_dtype(x: Any, y: Any, one_shape: bool = False) -> tuple[Array, Array]:
    """Predictions and targets as arrays; integer labels do not make float32 predictions float64."""
    x, y = np.asarray(x), np.asarray(y)
    if one_shape and x.shape != y.shape:
        raise ValueError("the shapes differ")
    return x, y.astype(x.dtype) if y.dtype.kind in "bi" and x.dtype.kind == "f" else y


# No probability is taken for smaller than this: -log of it is 701 in float64, 80 in float32, and an adjoint of up to a
# thousand may be divided by it. float16 has no room for that: it keeps its smallest number with all digits, 2**-14.
_KINDS = (np.float16, np.float32, np.float64)
_SMALLEST = {np.dtype(kind): kind(min(1024 * float(np.finfo(kind).tiny), 2.0**-14)) for kind in _KINDS}


@operation(
    vjp=[lambda g, y, p: g],
    meaning=lambda algebra, p: p,
    source=Form("np.maximum({0}, min(1024 * np.finfo(np.result_type({0})).tiny, 2**-14))"),
    latex=SAME,
    text=SAME,
    formula=SAME,
    elementwise=True,
    positive=True,
)
def above_zero(p: Any, /) -> Array:
    """p, but never so close to 0 that 1 / p or log p overflows; exactly, it is p itself.

    Examples
    --------
    >>> import numpy as np
    >>> bool(np.isfinite(1 / above_zero(np.array(0.0))))
    True
    """
    return np.maximum(p, _SMALLEST.get(p.dtype, _SMALLEST[np.dtype(np.float64)]))


def _log_of_shifted_sum(x: Any, axis: Any, keepdims: bool) -> Any:
    top = max(x, axis=axis, keepdims=True)
    top = where(isfinite(top), top, 0)
    result = log(sum(exp(x - top), axis=axis, keepdims=True)) + top
    return result if keepdims else sum(result, axis=axis)


def _log_of_shifted(x: Any, axis: Any, keepdims: bool) -> Any:
    shifted = x - max(x, axis=axis, keepdims=True)
    return log(sum(exp(shifted), axis=axis, keepdims=keepdims)) + max(x, axis=axis, keepdims=keepdims)


def _log_of_sum(x: Any, axis: Any, keepdims: bool) -> Any:
    return log(sum(exp(x), axis=axis, keepdims=keepdims))


def _logsumexp_rule(g: Any, y: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """Rule g softmax(x), which of equal numbers is equal, also of those that are all -inf."""
    return restored(g, x, axis, keepdims) * softmax(as_finite(x), axis)


@operation(
    vjp=[_logsumexp_rule],
    meaning=lambda algebra, x, axis, keepdims: each(
        algebra.log, np.sum(each(algebra.exp, x), axis=axis, keepdims=keepdims)
    ),
    source=call("logsumexp", {"axis": 0, "keepdims": False}, helper=_LOGSUMEXP),
    expects=AXES,
    along=True,
    longhand=[_log_of_shifted_sum, _log_of_shifted, _log_of_sum],
)
def logsumexp(x: Any, /, axis: Any = 0, keepdims: bool = False) -> Array:
    """The logarithm of the sum of exponentials over an axis (of the classes, unless given), without overflow.

    Examples
    --------
    >>> import numpy as np
    >>> float(logsumexp(np.array([1000.0, 1000.0])).round(4))
    1000.6931
    """
    x = np.asarray(x)
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    with np.errstate(under="ignore", divide="ignore"):
        result = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return result if keepdims else np.squeeze(result, axes_of(x, axis))


def _softmax_meaning(algebra: Any, x: Any, axis: Any) -> Any:
    e = each(algebra.exp, x)
    return e / np.sum(e, axis=axis, keepdims=True)


def _normalised(e: Any, axis: Any) -> Any:
    return e / sum(e, axis=axis, keepdims=True)


def _softmax_of_shifted(x: Any, axis: Any) -> Any:
    return _normalised(exp(x - max(x, axis=axis, keepdims=True)), axis)


def _softmax_as_defined(x: Any, axis: Any) -> Any:
    return _normalised(exp(x), axis)


def _softmax_in_one_line(x: Any, axis: Any) -> Any:
    return exp(x) / sum(exp(x), axis=axis, keepdims=True)


def _softmax_of_shifted_in_one_line(x: Any, axis: Any) -> Any:
    shifted, again = (x - max(x, axis=axis, keepdims=True) for _ in range(2))
    return exp(shifted) / sum(exp(again), axis=axis, keepdims=True)


@operation(
    vjp=[lambda g, y, x, axis: y * (g - (g * y).sum(axis=axis, keepdims=True))],
    meaning=_softmax_meaning,
    source=call("softmax", {"axis": 0}, helper=_SOFTMAX),
    expects=AXES,
    along=True,
    activation=True,
    longhand=[_softmax_of_shifted, _softmax_as_defined, _softmax_in_one_line, _softmax_of_shifted_in_one_line],
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
    return np.asarray(quietly(_shares, x - np.maximum.reduce(x, axis=axis, keepdims=True), axis))


def _shares(x: Any, axis: int) -> Any:
    e = np.exp(x)
    return e / np.add.reduce(e, axis=axis, keepdims=True)


@operation(
    vjp=[lambda g, y, x, axis: g - exp(y) * g.sum(axis=axis, keepdims=True)],
    meaning=lambda algebra, x, axis: x - each(algebra.log, np.sum(each(algebra.exp, x), axis=axis, keepdims=True)),
    source=call("log_softmax", {"axis": 0}, helper=_LOG_SOFTMAX),
    expects=AXES,
    along=True,
)
def log_softmax(x: Any, /, axis: int = 0) -> Array:
    """The logarithm of `softmax`, accurate where a probability is tiny.

    Examples
    --------
    >>> import numpy as np
    >>> log_softmax(np.array([0.0, 1000.0]))
    array([-1000.,     0.])
    """
    x = np.asarray(x)
    shifted = x - np.max(x, axis=axis, keepdims=True)
    with np.errstate(under="ignore"):
        return np.asarray(shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True)))


@operation(
    vjp=[
        lambda g, L, p, y: g * ((1 - y) / above_zero(1 - p) - y / above_zero(p)),
        lambda g, L, p, y: g * (log(above_zero(1 - p)) - log(above_zero(p))),
    ],
    meaning=lambda algebra, p, y: each(
        lambda p, y: -(y * algebra.log(p)) - (1 - y) * algebra.log(1 - p), p, y
    ),
    source=Form("-({1} * np.log({0}) + (1 - {1}) * np.log(1 - {0}))", SIGN, (ATOM, ATOM)),
    latex=Form(r"-{1} \circ \log({0}) - (1 - {1}) \circ \log(1 - {0})", SUM, (ATOM, ATOM)),
    text=Form("−{1} ∘ log({0}) − (1 − {1}) ∘ log(1 − {0})", SUM, (ATOM, ATOM)),
    expects=FIT,
    elementwise=True,
    longhand=[lambda p, y: -(y * log(above_zero(p))) - (1 - y) * log(above_zero(1 - p))],
)
def binary_cross_entropy(p: Any, y: Any, /) -> Array:
    """-y log p - (1 - y) log(1 - p), element by element.

    Neither p nor 1 - p is taken for smaller than 1024 times the smallest normal number, so
    that a wrong certainty costs 701 (80 in float32) and not infinity.

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
    p, y = _of_one_dtype(p, y)
    return np.asarray(-(y * np.log(above_zero.value(p))) - (1 - y) * np.log(above_zero.value(1 - p)))


@operation(
    vjp=[lambda g, L, z, y: g * (sigmoid(z) - y), lambda g, L, z, y: -(g * z)],
    meaning=lambda algebra, z, y: each(lambda z, y: algebra.log(1 + algebra.exp(z)) - y * z, z, y),
    source=Form("np.logaddexp(0, {0}) - {1} * {0}", SUM, (ATOM, ATOM)),
    latex=Form(r"\log(1 + \exp({0})) - {1} \circ {0}", SUM, (ATOM, ATOM)),
    text=Form("log(1 + exp({0})) − {1} ∘ {0}", SUM, (ATOM, ATOM)),
    expects=FIT,
    elementwise=True,
)
def binary_cross_entropy_from_logits(z: Any, y: Any, /) -> Array:
    """`binary_cross_entropy` of sigmoid(z), accurate for any z: log(1 + exp z) - y z.

    Examples
    --------
    >>> import numpy as np
    >>> binary_cross_entropy_from_logits(np.array([0.0, 10.0]), np.array([1.0, 0.0])).round(4)
    array([ 0.6931, 10.    ])
    """
    z, y = _of_one_dtype(z, y)
    return np.asarray(np.logaddexp(0, z) - y * z)


@operation(
    vjp=[
        lambda g, L, p, y, axis: -restored(g, p, axis, False) * y / above_zero(p),
        lambda g, L, p, y, axis: -restored(g, p, axis, False) * log(above_zero(p)),
    ],
    meaning=lambda algebra, p, y, axis: -np.sum(y * each(algebra.log, p), axis=axis),
    source=Form("-np.sum({1} * np.log({0}), axis={axis!r})", SIGN, (0, PRODUCT)),
    latex=Form(r"-\sum {1} \circ \log({0})", SUM, (0, PRODUCT)),
    text=Form("−Σ({1} ∘ log({0}))", SUM, (0, PRODUCT)),
    expects="probabilities and targets of one shape",
    along=True,
    longhand=[lambda p, y, axis: -sum(log(above_zero(p)) * y, axis=axis)],
)
def categorical_cross_entropy(p: Any, y: Any, /, axis: int = 0) -> Array:
    """-Σ y log p over the classes, which are the rows: one number for each example.

    No probability is taken for smaller than 1024 times the smallest normal number, so that a
    wrong certainty costs 701 (80 in float32) and not infinity.

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
    p, y = _of_one_dtype(p, y, one_shape=True)
    return np.asarray(-np.add.reduce(y * np.log(above_zero.value(p)), axis=axis))


@operation(
    vjp=[
        lambda g, L, z, y, axis: restored(g, z, axis, False)
        * (softmax(z, axis=axis) * sum(y, axis=axis, keepdims=True) - y),
        lambda g, L, z, y, axis: -restored(g, z, axis, False) * log_softmax(z, axis=axis),
    ],
    meaning=lambda algebra, z, y, axis: -np.sum(
        y * (z - each(algebra.log, np.sum(each(algebra.exp, z), axis=axis, keepdims=True))), axis=axis
    ),
    source=Form("-np.sum({1} * log_softmax({0}, axis={axis!r}), axis={axis!r})", SIGN, (0, PRODUCT), _LOG_SOFTMAX),
    latex=Form(r"-\sum {1} \circ \log\operatorname{{softmax}}({0})", SUM, (0, PRODUCT)),
    text=Form("−Σ({1} ∘ log softmax({0}))", SUM, (0, PRODUCT)),
    expects="logits and targets of one shape",
    along=True,
)
def categorical_cross_entropy_from_logits(z: Any, y: Any, /, axis: int = 0) -> Array:
    """`categorical_cross_entropy` of softmax(z), accurate for any z.

    Examples
    --------
    >>> import numpy as np
    >>> categorical_cross_entropy_from_logits(np.array([[0.0], [1000.0]]), np.array([[1.0], [0.0]]))
    array([1000.])
    """
    z, y = _of_one_dtype(z, y, one_shape=True)
    return np.asarray(-np.sum(y * log_softmax.value(z, axis=axis), axis=axis))
