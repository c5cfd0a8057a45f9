"""Every operation again in plain NumPy, for complex numbers too, and its derivative by the complex step.

Nothing here knows the package: the reference is what the operations are measured by. Comparisons go by the real part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

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
