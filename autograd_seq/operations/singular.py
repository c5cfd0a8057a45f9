"""Singular values, and the matrix norms that are made of them: ‖x‖₂ is the largest, the nuclear norm their sum."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.notation import Form, call
from autograd_seq.core.operation import operation
from autograd_seq.operations.elementwise import where
from autograd_seq.operations.linear import matmul
from autograd_seq.operations.reduction import sum
from autograd_seq.operations.shape import concatenate, expand_dims
from autograd_seq.operations.solving import inv, turned

MATRICES = "matrices"
SWEEPS = 20  # rotations of all pairs of columns; they converge quadratically
MOST = 2.0**50  # roundings; no digit is left then
TURNED = 1e-140  # the square of a cosine between columns that is as good as 0, in some 60 digits


# -- in exact scalars: columns are rotated until they are at right angles (Hestenes) ----------


def _plain(x: Any) -> float:
    """A scalar as a number, whatever follows its derivatives: for what only leads to the result and is not in it."""
    return float(getattr(x, "value", x))


def _rotated(algebra: Any, a: Any, v: Any) -> tuple[Any, Any]:
    """A matrix, at least as high as wide, with its columns at right angles, and another turned in the same way."""
    u = a.copy()
    for _ in range(SWEEPS):
        largest = 0.0
        for p, q in combinations(range(a.shape[1]), 2):
            across, first, second = u[:, p] @ u[:, q], u[:, p] @ u[:, p], u[:, q] @ u[:, q]
            if _plain(across) == 0.0 and _plain(first) == _plain(second):
                if len(v) and _plain(first):
                    raise ValueError("singular vectors of equal values are not determined")
                continue
            largest = max(largest, _plain(across * across / (first * second)) if _plain(across) else 0.0)
            way = 1 if _plain(second) >= _plain(first) else -1  # either leads to the same values: it decides nothing
            apart = way * (second - first)
            tangent = 2 * way * across / (apart + algebra.sqrt(apart * apart + 4 * across * across))
            cosine = 1 / algebra.sqrt(1 + tangent * tangent)
            for matrix in (u, v):
                x, y = matrix[:, p].copy(), matrix[:, q].copy()
                matrix[:, p], matrix[:, q] = cosine * (x - tangent * y), cosine * (tangent * x + y)
        if largest < TURNED:
            break
    return u, v


def _decomposed(algebra: Any, a: Any) -> tuple[Any, Any, Any]:
    """The columns times their singular values, those values from the largest on, and the rows."""
    u, v = _rotated(algebra, a, np.array(np.eye(a.shape[1], dtype=int), dtype=object))
    order, lengths = _ordered(algebra, u)
    return u[:, order], lengths, v.T[order]


def _lengths(algebra: Any, a: Any) -> Any:
    """The singular values alone."""
    a = a if a.shape[0] >= a.shape[1] else a.T
    lengths = _ordered(algebra, _rotated(algebra, a, a[:0])[0])[1]
    largest = _plain(lengths[0]) if len(lengths) else 0.0
    return lengths + largest - largest  # to a rounding of the largest they are known in floats


def _ordered(algebra: Any, u: Any) -> tuple[list[int], Any]:
    """The columns from the longest on, and how long they are."""
    lengths = [algebra.sqrt(u[:, k] @ u[:, k]) for k in range(u.shape[1])]
    order = sorted(range(len(lengths)), key=lambda k: -_plain(lengths[k]))
    for i, j in pairwise(order):
        algebra.compare("<", lengths[i], lengths[j])  # which is larger is a decision: at a tie it could be either
    return order, np.array([lengths[k] for k in order], dtype=object)


def _of_each(x: Any, function: Any, shape: tuple[int, ...]) -> Any:
    """An array of what a function makes of each matrix of a batch."""
    result = np.empty(x.shape[:-2] + shape, dtype=object)
    for place in np.ndindex(x.shape[:-2]):
        result[place] = function(x[place])
    return result


# -- ties -----------------------------------------------------------------------------------


def _shares(s: Any, height: int) -> Array:
    """What each singular value's place gets of the adjoints of all: those that are equal share, those of 0 get none."""
    s = np.asarray(s)
    small = height * np.finfo(s.dtype if s.dtype.kind == "f" else float).eps
    s = np.array([_plain(x) for x in s]) if s.dtype.kind == "O" else s.astype(float)
    small = small * s[..., :1]
    equal = np.abs(s[..., :, None] - s[..., None, :]) <= small[..., None]
    equal &= (s > small)[..., None]
    return equal / np.maximum(equal.sum(axis=-1, keepdims=True), 1)


def _blurred(values: list[float]) -> list[int]:
    """How many roundings of its length each vector is known to in floats: the largest value by the gap to the next one.

    So it is by LAPACK's users' guide, "Error bounds for the singular value decomposition"; 0 counts as a value too.
    """
    gaps = [min([abs(x - y) for j, y in enumerate(values) if j != k] + [x]) for k, x in enumerate(values)]
    return [int(min(values[0] / gap, MOST)) if gap else 1 for gap in gaps]


def _dyads_meaning(algebra: Any, x: Any) -> Any:
    def of_one(a: Any) -> Any:
        if a.shape[0] < a.shape[1]:
            return np.swapaxes(of_one(a.T), -1, -2)
        u, s, v = _decomposed(algebra, a)
        blur = _blurred([_plain(x) for x in s])
        pairs = [np.outer(u[:, k] / s[k], v[k]) + blur[k] - blur[k] if _plain(s[k]) else 0 * a for k in range(len(s))]
        shares = _shares(s, max(a.shape))
        return np.stack([np.sum([w * d for w, d in zip(row, pairs) if w], axis=0) + 0 * a for row in shares])

    return _of_each(x, of_one, (min(x.shape[-2:]), *x.shape[-2:]))


# -- the operations ---------------------------------------------------------------------------


def _block(a: Any, b: Any, c: Any, d: Any) -> Any:
    return concatenate([concatenate([a, b], axis=-1), concatenate([c, d], axis=-1)], axis=-2)


def _resolvents(y: Any, x: Any) -> tuple[Any, Any]:
    """For each singular value the projector and the reduced resolvent of [0 x; xᵀ 0], whose eigenvalue it is.

    Of values that are equal it is the projector on all their vectors, which has a derivative where theirs have none.
    """
    rows, columns = x.shape[-2:]
    unit = np.eye(rows + columns, dtype=x.dtype)
    projector = _block(matmul(y, turned(y)), y, turned(y), matmul(turned(y), y)) * 0.5
    values = expand_dims(singular_values(x), (-2, -1))
    size = where(values[..., :1, :, :] == 0, 1.0, values[..., :1, :, :])  # as large as the rest
    value, x = values * unit, expand_dims(x, -3)
    zeros = [np.zeros((*x.shape[:-2], n, n), x.dtype) for n in (rows, columns)]
    whole = _block(zeros[0], x, turned(x), zeros[1])
    return projector, (inv((value - whole) / size + projector) - projector) / size


def _pulled(g: Any, y: Any, x: Any) -> Any:
    """The adjoint of x from those of its dyads; of a singular value of 0 none."""
    rows, columns = x.shape[-2:]
    share = sum(y * y, axis=(-2, -1), keepdims=True)  # 1, and a part of it where several are equal
    one = where(share == 0, 1.0, share)
    projector, resolvent = _resolvents(y / one, x)
    zeros = [np.zeros((*g.shape[:-2], n, n), x.dtype) for n in (rows, columns)]
    through = matmul(matmul(resolvent, _block(zeros[0], g, turned(g), zeros[1])), projector)
    pulled = (through + turned(through))[..., :rows, rows:] * (2.0 * one)
    return sum(where(share == 0, 0.0, pulled), axis=-3)


_DYADS = """\
def dyads(x):
    u, s, v = np.linalg.svd(x, full_matrices=False)
    small = max(x.shape[-2:]) * np.finfo(s.dtype).eps * s[..., :1]
    equal = (np.abs(s[..., :, None] - s[..., None, :]) <= small[..., None]) & (s > small)[..., None]
    shares = (equal / np.maximum(equal.sum(axis=-1, keepdims=True), 1)).astype(s.dtype)
    return np.einsum("...kl,...il,...lj->...kij", shares, u, v)
"""


@operation(
    vjp=[_pulled],
    meaning=_dyads_meaning,
    source=call("dyads", helper=_DYADS),
    expects=MATRICES,
)
def dyads(x: Any, /) -> Array:
    """The derivative u vᵀ of each singular value; those of equal values are one another's mean, and 0 that of 0.

    Examples
    --------
    >>> import numpy as np
    >>> dyads(np.array([[3.0, 0.0], [0.0, 2.0]])).round(4) + 0.0
    array([[[1., 0.],
            [0., 0.]],
    <BLANKLINE>
           [[0., 0.],
            [0., 1.]]])
    """
    u, s, v = np.linalg.svd(x, full_matrices=False)
    shares = _shares(s, max(x.shape[-2:])).astype(s.dtype)
    return np.einsum("...kl,...il,...lj->...kij", shares, u, v)


_FROM_SINGULAR = """\
def from_singular(g, x):
    u, s, v = np.linalg.svd(x, full_matrices=False)
    small = max(x.shape[-2:]) * np.finfo(s.dtype).eps * s[..., :1]
    equal = (np.abs(s[..., :, None] - s[..., None, :]) <= small[..., None]) & (s > small)[..., None]
    shares = (equal / np.maximum(equal.sum(axis=-1, keepdims=True), 1)).astype(s.dtype)
    return (u * np.einsum("...k,...kl->...l", g, shares)[..., None, :]) @ v
"""


def _from_meaning(algebra: Any, g: Any, x: Any) -> Any:
    return np.sum(g[..., None, None] * _dyads_meaning(algebra, x), axis=-3)


@operation(
    vjp=[
        lambda g, y, weights, x: sum(expand_dims(g, -3) * dyads(x), axis=(-2, -1)),
        lambda g, y, weights, x: _pulled(expand_dims(weights, (-2, -1)) * expand_dims(g, -3), dyads(x), x),
    ],
    meaning=_from_meaning,
    source=call("from_singular", helper=_FROM_SINGULAR),
    expects="as many numbers as there are singular values, and matrices",
)
def from_singular(weights: Any, x: Any, /) -> Array:
    """The sum of the `dyads` of a matrix, each times a number: the adjoint of what its singular values came from.

    Examples
    --------
    >>> import numpy as np
    >>> from_singular(np.array([5.0, 7.0]), np.array([[3.0, 0.0], [0.0, 2.0]])).round(4) + 0.0
    array([[5., 0.],
           [0., 7.]])
    """
    u, s, v = np.linalg.svd(x, full_matrices=False)
    shares = _shares(s, max(x.shape[-2:])).astype(s.dtype)
    return (u * np.einsum("...k,...kl->...l", weights, shares)[..., None, :]) @ v


@operation(
    vjp=[lambda g, y, x: from_singular(g, x)],
    meaning=lambda algebra, x: _of_each(x, lambda a: _lengths(algebra, a), (min(x.shape[-2:]),)),
    source="np.linalg.svdvals",
    latex=r"\sigma",
    text="σ",
    formula=Form("np.linalg.svdvals({0})"),
    expects=MATRICES,
)
def singular_values(x: Any, /) -> Array:
    """The singular values of a matrix, the largest first; those that are equal share the adjoint equally.

    Examples
    --------
    >>> import numpy as np
    >>> singular_values(np.array([[3.0, 0.0], [0.0, -4.0]]))
    array([4., 3.])
    """
    return np.linalg.svd(x, compute_uv=False)
