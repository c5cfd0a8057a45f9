"""Every operation again in plain NumPy, for complex numbers too, and its derivative by the complex step.

Nothing here knows the package: the reference is what the operations are measured by. Comparisons go by the real part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

PI = 4 * np.arctan(np.longdouble(1))
STEP = np.longdouble(2) ** -8300  # along the imaginary axis nothing cancels, and its square is 0


def derivative(function: Callable[..., Any], arrays: list[np.ndarray], adjoint: np.ndarray) -> list[np.ndarray]:
    """The adjoint of each array, given the adjoint of the result, in extended precision."""
    wide = [np.asarray(a).astype(np.clongdouble) for a in arrays]
    weights = np.asarray(adjoint).astype(np.longdouble)
    found = []
    for k, a in enumerate(wide):
        slope = np.zeros(a.shape, np.longdouble)
        for place in np.ndindex(a.shape):
            moved = [b.copy() for b in wide]
            moved[k][place] += 1j * STEP
            with np.errstate(all="ignore"):
                slope[place] = np.sum(weights * np.imag(function(*moved)) / STEP)
        found.append(slope)
    return found


def value(function: Callable[..., Any], arrays: list[np.ndarray]) -> np.ndarray:
    """The result in extended precision."""
    with np.errstate(all="ignore"):
        return np.real(function(*(np.asarray(a).astype(np.clongdouble) for a in arrays)))


def absolute(x: Any) -> Any:
    return np.where(x.real < 0, -x, x)


def larger(a: Any, b: Any) -> Any:
    return np.where(a.real >= b.real, a, b)


def smaller(a: Any, b: Any) -> Any:
    return np.where(a.real <= b.real, a, b)


def largest(x: Any, axis: int) -> Any:
    return np.take_along_axis(x, np.expand_dims(np.argmax(x.real, axis), axis), axis).squeeze(axis)


def smallest(x: Any, axis: int) -> Any:
    return np.take_along_axis(x, np.expand_dims(np.argmin(x.real, axis), axis), axis).squeeze(axis)


def log1p(x: Any) -> Any:
    """By what its derivative is: NumPy's own loses a step beside a large number."""
    return np.log1p(x.real) + 1j * x.imag / (1 + x.real)


def expm1(x: Any) -> Any:
    return np.expm1(x.real) + 1j * np.exp(x.real) * x.imag


def tanh(x: Any) -> Any:
    """tanh' = 4 e / (1 + e)², e = exp(-2|x|), which keeps its digits where tanh is 1."""
    e = np.exp(-2 * np.abs(x.real))
    return np.tanh(x.real) + 1j * x.imag * 4 * e / (1 + e) ** 2


def sigmoid(x: Any) -> Any:
    """σ' = e / (1 + e)², e = exp(-|x|)."""
    e = np.exp(-np.abs(x.real))
    return np.where(x.real >= 0, 1, e) / (1 + e) + 1j * x.imag * e / (1 + e) ** 2


def _by_slope(x: Any, value: Any, slope: Any) -> Any:
    """By what its derivative is: a formula for complex numbers may lose the step, or its digits."""
    return value + 1j * x.imag * slope


def tan(x: Any) -> Any:
    return _by_slope(x, np.tan(x.real), 1 / np.cos(x.real) ** 2)


def sinh(x: Any) -> Any:
    return _by_slope(x, np.sinh(x.real), np.cosh(x.real))


def cosh(x: Any) -> Any:
    return _by_slope(x, np.cosh(x.real), np.sinh(x.real))


def arcsin(x: Any) -> Any:
    return _by_slope(x, np.arcsin(x.real), 1 / np.sqrt((1 - x.real) * (1 + x.real)))


def arccos(x: Any) -> Any:
    return _by_slope(x, np.arccos(x.real), -1 / np.sqrt((1 - x.real) * (1 + x.real)))


def arctan(x: Any) -> Any:
    return _by_slope(x, np.arctan(x.real), 1 / (1 + x.real**2))


def arcsinh(x: Any) -> Any:
    return _by_slope(x, np.arcsinh(x.real), 1 / np.sqrt(1 + x.real**2))


def arccosh(x: Any) -> Any:
    return _by_slope(x, np.arccosh(x.real), 1 / np.sqrt((x.real - 1) * (x.real + 1)))


def arctanh(x: Any) -> Any:
    return _by_slope(x, np.arctanh(x.real), 1 / ((1 - x.real) * (1 + x.real)))


def cbrt(x: Any) -> Any:
    root = np.cbrt(x.real)
    return _by_slope(x, root, 1 / (3 * root**2))


def hypot(a: Any, b: Any) -> Any:
    return np.sqrt(a * a + b * b)


def arctan2(a: Any, b: Any) -> Any:
    turned = (b.real * a.imag - a.real * b.imag) / (a.real**2 + b.real**2)
    return np.arctan2(a.real, b.real) + 1j * turned


def logaddexp(a: Any, b: Any) -> Any:
    share = sigmoid(a.real - b.real).real
    return np.logaddexp(a.real, b.real) + 1j * (share * a.imag + sigmoid(b.real - a.real).real * b.imag)


def sinc(x: Any) -> Any:
    """sin(a) / a, a = π x; near 0 by the series of its derivative, a / 3 + a³ / 30 - ..., which loses no digits."""
    a = PI * x.real
    near = np.abs(a) < 1e-3
    divisor = np.where(near, 1, a)
    slope = np.where(near, -a / 3 + a**3 / 30 - a**5 / 840, np.cos(divisor) / divisor - np.sin(divisor) / divisor**2)
    return _by_slope(x, np.where(near, 1 - a**2 / 6 + a**4 / 120, np.sin(divisor) / divisor), PI * slope)


def sort(x: Any) -> Any:
    return np.take_along_axis(x, np.argsort(x.real, axis=1, kind="stable"), 1)


def spread(x: Any) -> Any:
    """The pieces of one row added up at the places 1, 0 and 1."""
    return np.stack([x[:, 1], x[:, 0] + x[:, 2]], axis=1)


def determinant(a: Any) -> Any:
    """By the first row."""
    if a.shape == (2, 2):
        return a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]
    return sum(a[0, i] * (a[1, i - 2] * a[2, i - 1] - a[1, i - 1] * a[2, i - 2]) for i in range(3))


def logabsdet(a: Any) -> Any:
    found = determinant(a)
    return np.log(np.abs(found.real)) + 1j * found.imag / found.real


def inverse(a: Any) -> Any:
    """Of two rows and two columns."""
    turned = np.stack([np.stack([a[1, 1], -a[0, 1]]), np.stack([-a[1, 0], a[0, 0]])])
    return turned / determinant(a)


def adjugate(a: Any) -> Any:
    """Of three rows: the determinants of what is left without a row and a column."""
    return np.stack([
        np.stack([a[i - 2, j - 2] * a[i - 1, j - 1] - a[i - 2, j - 1] * a[i - 1, j - 2] for i in range(3)])
        for j in range(3)
    ])  # fmt: skip


def _halves(a: Any) -> tuple[Any, Any, Any, Any]:
    """Of two rows and two columns: half the sum and half the difference of the singular values, and their slopes."""
    p, q, r, t = (a[0, 0] + a[1, 1]) / 2, (a[0, 0] - a[1, 1]) / 2, (a[1, 0] + a[0, 1]) / 2, (a[1, 0] - a[0, 1]) / 2
    turned, mirrored = hypot(p, t), hypot(q, r)
    by_turned = np.stack([np.stack([p, -t]), np.stack([t, p])]) / (2 * turned)
    by_mirrored = np.stack([np.stack([q, r]), np.stack([r, -q])]) / (2 * mirrored)
    return turned, mirrored, by_turned, by_mirrored


def singular_values(a: Any) -> Any:
    turned, mirrored, _, _ = _halves(a)
    return np.stack([turned + mirrored, absolute(turned - mirrored)])


def dyads(a: Any) -> Any:
    """The slopes of the singular values."""
    turned, mirrored, by_turned, by_mirrored = _halves(a)
    return np.stack([by_turned + by_mirrored, np.sign((turned - mirrored).real) * (by_turned - by_mirrored)])


def from_singular(w: Any, a: Any) -> Any:
    return np.sum(w[:, None, None] * dyads(a), axis=0)


def solved(a: Any, b: Any) -> Any:
    return np.sum(inverse(a)[:, :, None] * b[None], axis=1)


def cholesky(a: Any) -> Any:
    """Of three rows; the lower triangle is read."""
    d = np.sqrt(a[0, 0])
    e, f = a[1, 0] / d, a[2, 0] / d
    g = np.sqrt(a[1, 1] - e * e)
    h = (a[2, 1] - e * f) / g
    k = np.sqrt(a[2, 2] - f * f - h * h)
    return np.stack([np.stack([d, 0 * d, 0 * d]), np.stack([e, g, 0 * d]), np.stack([f, h, k])])


def softplus(x: Any) -> Any:
    return np.logaddexp(0, x.real) + 1j * x.imag * sigmoid(x).real


def softmax(x: Any, axis: int = 0) -> Any:
    e = np.exp(x - np.max(x.real, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def log_softmax(x: Any, axis: int = 0) -> Any:
    shifted = x - np.max(x.real, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def logsumexp(x: Any, axis: int = 0) -> Any:
    top = np.max(x.real, axis=axis, keepdims=True)
    return np.squeeze(np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top, axis)


def norm(x: Any) -> Any:
    """With the largest taken out, so that no square overflows."""
    top = np.max(np.abs(x.real))
    top = np.where(top == 0, 1, top)
    return top * np.sqrt(np.sum((x / top) ** 2))


def binary_cross_entropy(p: Any, y: Any) -> Any:
    return -y * np.log(p) - (1 - y) * np.log(1 - p)


def binary_cross_entropy_from_logits(z: Any, y: Any) -> Any:
    return softplus(z) - y * z


def assigned(x: Any, a: Any, b: Any) -> Any:
    """``x[:, 0] = a; x[1, 1:3] = b``."""
    made = x.copy()
    made[:, 0] = a
    made[1, 1:3] = b
    return made


def scattered(a: Any, b: Any) -> Any:
    """Two pieces added into zeros: ``[:, 1]`` and ``[0, 0:2]``."""
    made = np.zeros((2, 3), np.result_type(a, b))
    made[:, 1] += a
    made[0, 0:2] += b
    return made
