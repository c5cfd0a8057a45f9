"""Inverse, determinant, linear equations and Cholesky's factor; exactly, all rest on the characteristic polynomial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.core.algebra import each
from autograd_seq.core.array import Array
from autograd_seq.core.errors import ShapeError
from autograd_seq.core.notation import POWER, Form, call, side_by_side
from autograd_seq.core.operation import operation
from autograd_seq.core.source_line import here
from autograd_seq.operations.decided import decided, refuse
from autograd_seq.operations.elementwise import where
from autograd_seq.operations.linear import matmul
from autograd_seq.operations.reduction import sum
from autograd_seq.operations.shape import expand_dims, reshape, squeeze, swapaxes

SQUARE = "square matrices, of full rank"


def turned(x: Any) -> Any:
    """Each matrix transposed."""
    return x.T if x.ndim == 2 else swapaxes(x, -1, -2)


def _adjugate(x: Any) -> tuple[Any, Any]:
    """The adjugate and the determinant, by Faddeev and LeVerrier: no division but by counts."""
    n = x.shape[-1]
    unit = np.array(np.eye(n, dtype=int), dtype=object)
    power = np.broadcast_to(unit, x.shape)
    for k in range(1, n + 1):
        adjugate, product = power, np.matmul(x, power)
        factor = -np.asarray(np.trace(product, axis1=-2, axis2=-1), dtype=object) / k
        power = product + np.asarray(factor, dtype=object)[..., None, None] * unit
    sign = (-1) ** n
    return -sign * adjugate, np.asarray(sign * factor, dtype=object)


def _inverse(x: Any) -> Any:
    adjugate, determinant = _adjugate(x)
    return adjugate / determinant[..., None, None]


@operation(
    vjp=[lambda g, y, x: -matmul(matmul(turned(y), g), turned(y))],
    meaning=lambda algebra, x: _inverse(x),
    source="np.linalg.inv",
    latex=Form("{{{0}}}^{{-1}}", POWER, (POWER + 1,)),
    text=Form("{0}⁻¹", POWER, (POWER + 1,)),
    expects=SQUARE,
)
def inv(x: Any, /) -> Array:
    """The inverse of a matrix, or of each of a batch; NaN where there is none.

    Examples
    --------
    >>> import numpy as np
    >>> inv(np.array([[2.0, 0.0], [0.0, 4.0]]))
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    try:
        return np.linalg.inv(x)
    except np.linalg.LinAlgError as error:
        if "Singular" not in str(error):
            raise
    if np.ndim(x) == 2:
        return np.full_like(x, np.nan)
    return np.stack([inv.value(part) for part in x])


def _inv(a: Any) -> Any:
    inverse = inv(a)
    numbers = getattr(inverse, "_value", inverse)
    if np.isnan(numbers).any() and not np.isnan(getattr(a, "_value", a)).any():
        raise refuse("linalg.inv", "of a singular matrix does not exist", "Add to its diagonal, x + eps * I")
    return inverse


def _scaled(g: Any, x: Any) -> Any:
    return expand_dims(g, (-2, -1)) * turned(inv(x))


_ADJUGATE = """\
def adjugate(x):
    if x.shape[-1] == 2:
        return np.stack([np.stack([x[..., 1, 1], -x[..., 0, 1]], -1), np.stack([-x[..., 1, 0], x[..., 0, 0]], -1)], -2)
    if x.shape[-1] == 3:
        a, b = np.roll(x, -1, axis=-2), np.roll(x, -2, axis=-2)
        left = np.roll(a, -1, axis=-1) * np.roll(b, -2, axis=-1)
        return np.swapaxes(left - np.roll(a, -2, axis=-1) * np.roll(b, -1, axis=-1), -1, -2)
    rows = np.frexp(np.max(np.abs(x), axis=-1, keepdims=True, initial=0.0))[1]
    columns = np.frexp(np.max(np.abs(np.ldexp(x, -rows)), axis=-2, keepdims=True, initial=0.0))[1]
    u, s, v = np.linalg.svd(np.ldexp(x, -rows - columns))
    unit = np.eye(s.shape[-1], dtype=bool)
    others = np.prod(np.where(unit, 1.0, s[..., None, :]), axis=-1)
    sign = np.rint(np.linalg.det(u) * np.linalg.det(v)).astype(x.dtype)
    even = sign[..., None, None] * np.swapaxes((u * others[..., None, :]) @ v, -1, -2)
    power = np.sum(rows + np.swapaxes(columns, -1, -2), axis=(-2, -1), keepdims=True)
    return np.ldexp(even, power - np.swapaxes(rows + columns, -1, -2))
"""
SMALL = 12  # rows of a matrix up to which its n² smaller ones are made


def _of_two(x: Array) -> Array:
    first, second = ([x[..., 1, 1], -x[..., 0, 1]], [-x[..., 1, 0], x[..., 0, 0]])
    return np.stack([np.stack(first, -1), np.stack(second, -1)], -2)


def _of_three(x: Array) -> Array:
    """Each smaller determinant by its two products, whose digits no larger element takes."""
    a, b = np.roll(x, -1, axis=-2), np.roll(x, -2, axis=-2)
    left, right = np.roll(a, -1, axis=-1) * np.roll(b, -2, axis=-1), np.roll(a, -2, axis=-1) * np.roll(b, -1, axis=-1)
    return np.swapaxes(left - right, -1, -2)


def _sizes(x: Any) -> tuple[Any, Any]:
    """Powers of two by which rows, then columns are divided: large ones would take the digits of small ones."""
    rows = np.frexp(np.max(np.abs(x), axis=-1, keepdims=True, initial=0.0))[1]
    return rows, np.frexp(np.max(np.abs(np.ldexp(x, -rows)), axis=-2, keepdims=True, initial=0.0))[1]


def _with_unit_rows(x: Any) -> tuple[Any, Any]:
    """For each element of the adjugate the matrix whose determinant it is: a row of x is that of the unit matrix."""
    n = x.shape[-1]
    unit = np.eye(n, dtype=bool)
    replaced = np.broadcast_to(unit[None, :, :, None], (n, n, n, n))
    return replaced, where(replaced, np.eye(n, dtype=x.dtype)[:, None, None, :], expand_dims(x, (-3, -4)))


def _adjugate_rule(g: Any, y: Any, x: Any) -> Any:
    if x.shape[-1] > SMALL:
        inverse = turned(inv(x))
        return expand_dims(sum(g * y, axis=(-2, -1)), (-2, -1)) * inverse - matmul(matmul(turned(y), g), inverse)
    replaced, matrices = _with_unit_rows(x)
    return sum(where(replaced, 0, expand_dims(g, (-2, -1)) * turned(adjugate(matrices))), axis=(-4, -3))


@operation(
    vjp=[_adjugate_rule],
    meaning=lambda algebra, x: _adjugate(x)[0],
    source=call("adjugate", helper=_ADJUGATE),
    latex=r"\operatorname{adj}",
    text="adj",
    expects="square matrices",
)
def adjugate(x: Any, /) -> Array:
    """The determinant times the inverse of a matrix, which there is of singular ones too: their smaller determinants.

    Examples
    --------
    >>> import numpy as np
    >>> adjugate(np.array([[1.0, 2.0], [2.0, 4.0]])).round(4)
    array([[ 4., -2.],
           [-2.,  1.]])
    """
    if not np.isfinite(x).all():
        return np.full(x.shape, np.nan, x.dtype)
    if x.shape[-1] in (2, 3):
        return _of_two(x) if x.shape[-1] == 2 else _of_three(x)
    rows, columns = _sizes(x)
    u, s, v = np.linalg.svd(np.ldexp(x, -rows - columns))
    others = np.prod(np.where(np.eye(s.shape[-1], dtype=bool), 1.0, s[..., None, :]), axis=-1)
    sign = np.rint(np.linalg.det(u) * np.linalg.det(v)).astype(s.dtype)
    even = sign[..., None, None] * np.swapaxes((u * others[..., None, :]) @ v, -1, -2)
    power = np.sum(rows + np.swapaxes(columns, -1, -2), axis=(-2, -1), keepdims=True)
    return np.ldexp(even, power - np.swapaxes(rows + columns, -1, -2))


@operation(
    vjp=[lambda g, y, x: expand_dims(g, (-2, -1)) * turned(adjugate(x))],
    meaning=lambda algebra, x: _adjugate(x)[1],
    numpy=np.linalg.det,
    source="np.linalg.det",
    latex=r"\det",
    expects="square matrices",
)
def det(x: Any, /) -> Array:
    """The determinant.

    Examples
    --------
    >>> import numpy as np
    >>> float(det(np.array([[2.0, 0.0], [0.0, 4.0]])).round(4))
    8.0
    """
    return np.asarray(np.linalg.det(x))


@operation(
    vjp=[lambda g, y, x: _scaled(g, x)],
    meaning=lambda algebra, x: each(lambda d: algebra.log(algebra.abs(d)), _adjugate(x)[1]),
    source=Form("np.linalg.slogdet({0})[1]"),
    latex=Form(r"\log\left|\det {0}\right|", operands=(POWER,)),
    text=Form("log|det({0})|"),
    expects=SQUARE,
)
def logabsdet(x: Any, /) -> Array:
    """The logarithm of the absolute value of the determinant, without overflow.

    Examples
    --------
    >>> import numpy as np
    >>> float(logabsdet(np.array([[2.0, 0.0], [0.0, -4.0]])).round(4))
    2.0794
    """
    return np.asarray(np.linalg.slogdet(x)[1])


def _inverse_times(operands: Sequence[str], settings: Mapping[str, Any]) -> str:
    return side_by_side(f"{{{operands[0]}}}^{{-1}}", operands[1])


def _columns_rule(g: Any, y: Any, a: Any, b: Any) -> Any:
    return solve_columns(turned(a), g)


@operation(
    vjp=[lambda g, y, a, b: -matmul(_columns_rule(g, y, a, b), turned(y)), _columns_rule],
    meaning=lambda algebra, a, b: np.matmul(_inverse(a), b),
    source="np.linalg.solve",
    latex=Form(_inverse_times, POWER, (POWER + 1, POWER)),
    text=Form("{0}⁻¹ {1}", POWER, (POWER + 1, POWER)),
    expects="a square matrix of full rank, and columns of its height",
)
def solve_columns(a: Any, b: Any, /) -> Array:
    """The columns x with a x = b.

    Examples
    --------
    >>> import numpy as np
    >>> solve_columns(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([[2.0], [2.0]]))
    array([[1. ],
           [0.5]])
    """
    return np.linalg.solve(a, b)


def solve(a: Any, b: Any) -> Any:
    """The x with a x = b, as `numpy.linalg.solve`; b is a vector or a matrix of columns.

    Examples
    --------
    >>> import numpy as np
    >>> solve(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([2.0, 2.0]))
    array([1. , 0.5])
    """
    if np.ndim(b) == 1:
        return squeeze(solve_columns(a, expand_dims(b, -1)), -1)
    return solve_columns(a, b)


def _lower(x: Any) -> Any:
    """The lower triangle, the diagonal halved: what a factor takes of a symmetric adjoint."""
    return where(np.tri(x.shape[-1], dtype=bool), x, 0) * (1 - np.eye(x.shape[-1], dtype=x.dtype) / 2)


def _cholesky_rule(g: Any, y: Any, x: Any) -> Any:
    inner = _lower(matmul(turned(y), g))
    inverse = inv(y)
    pulled = matmul(matmul(turned(inverse), inner), inverse)
    return _lower(pulled + turned(pulled))


def _cholesky_meaning(algebra: Any, x: Any) -> Any:
    """Column by column, of the lower triangle."""
    result = np.zeros(x.shape, dtype=object)
    for place in np.ndindex(x.shape[:-2]):
        a, factor = x[place], result[place]
        for j in range(a.shape[0]):
            factor[j, j] = algebra.sqrt(a[j, j] - np.sum(factor[j, :j] ** 2))
            for i in range(j + 1, a.shape[0]):
                factor[i, j] = (a[i, j] - np.sum(factor[i, :j] * factor[j, :j])) / factor[j, j]
    return result


@operation(
    vjp=[_cholesky_rule],
    meaning=_cholesky_meaning,
    source="np.linalg.cholesky",
    expects="symmetric matrices whose eigenvalues are above 0; the lower triangle is read",
)
def cholesky(x: Any, /) -> Array:
    """The lower triangular L with L Lᵀ = x; only the lower triangle of x is read, here as in NumPy.

    Examples
    --------
    >>> import numpy as np
    >>> cholesky(np.array([[4.0, 0.0], [0.0, 9.0]]))
    array([[2., 0.],
           [0., 3.]])
    """
    return np.linalg.cholesky(x)


def _cholesky(a: Any, /, *, upper: bool = False) -> Any:
    return turned(cholesky(turned(a))) if upper else cholesky(a)


def _slogdet(a: Any) -> Any:
    sign = np.linalg.slogdet(decided(a))[0]
    kind: Any = type(np.linalg.slogdet(np.eye(1)))
    return kind(sign, logabsdet(a))


def matrix_power(a: Any, n: int) -> Any:
    """A matrix multiplied with itself n times, as `numpy.linalg.matrix_power`.

    Examples
    --------
    >>> import numpy as np
    >>> matrix_power(np.array([[1.0, 1.0], [0.0, 1.0]]), 3)
    array([[1., 3.],
           [0., 1.]])
    """
    if np.ndim(a) < 2 or np.shape(a)[-1] != np.shape(a)[-2]:
        raise ShapeError(f"matrix_power is of square matrices, not of {np.shape(a)}{here()}")
    if n < 0:
        a, n = inv(a), -n
    if n == 0:
        return a * 0 + np.eye(np.shape(a)[-1], dtype=a.dtype)
    result = a
    for _ in range(n - 1):
        result = matmul(result, a)
    return result


def _tensorinv(a: Any, ind: int = 2) -> Any:
    shape = np.shape(a)
    rows = int(np.prod(shape[ind:], dtype=int))
    return reshape(inv(reshape(a, (rows, -1))), (*shape[ind:], *shape[:ind]))


SOLVED: dict[Any, Any] = {
    np.linalg.cholesky: _cholesky,
    np.linalg.inv: _inv,
    np.linalg.matrix_power: matrix_power,
    np.linalg.slogdet: _slogdet,
    np.linalg.solve: solve,
    np.linalg.tensorinv: _tensorinv,
}
