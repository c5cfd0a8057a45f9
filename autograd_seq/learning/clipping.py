"""Gradient clipping, against exploding gradients: by element, by the norm of each array, by the norm of all together.

Each function takes a mapping, list or tuple of arrays and answers in the same structure; in place of an
array a `Parameter` may stand, whose ``.grad`` is then replaced by the clipped one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import DtypeError, GradientError, UsageError, ValueRangeError
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor


@np.errstate(under="ignore")
def clip_by_element(gradients: Any, limit: float) -> Any:
    """Every element kept between -limit and limit, as the course's assignment does; the direction may change.

    Parameters
    ----------
    gradients : mapping, list or tuple of arrays or Parameters
        Any shapes.
    limit : float
        Above 0.

    Examples
    --------
    >>> clip_by_element({"Waa": np.array([3.0, -4.0])}, 3.5)
    {'Waa': array([ 3. , -3.5])}
    """
    _check(limit)
    return _each(gradients, lambda array: np.clip(array, -limit, limit))


@np.errstate(under="ignore")
def clip_by_norm(gradients: Any, limit: float) -> Any:
    """Each array scaled down to the norm `limit` where it is longer; each keeps its direction.

    Examples
    --------
    >>> clip_by_norm({"Waa": np.array([3.0, -4.0]), "ba": np.array([0.5])}, 1.0)
    {'Waa': array([ 0.6, -0.8]), 'ba': array([0.5])}
    """
    _check(limit)
    return _each(gradients, lambda array: _scaled(array, limit, _norm([array])))


@np.errstate(under="ignore")
def clip_by_global_norm(gradients: Any, limit: float) -> Any:
    """All arrays scaled by one number where they are longer than `limit` together; the whole keeps its direction.

    Examples
    --------
    >>> clip_by_global_norm([np.array([3.0]), np.array([4.0])], 1.0)
    [array([0.6]), array([0.8])]
    """
    _check(limit)
    norm = global_norm(gradients)
    return _each(gradients, lambda array: _scaled(array, limit, norm))


def global_norm(gradients: Any) -> float:
    """The norm of all arrays together, √Σ g².

    Examples
    --------
    >>> global_norm([np.array([3.0]), np.array([4.0])])
    5.0
    """
    found: list[Array] = []
    _each(gradients, found.append, store=False)
    return _norm(found)


def _norm(arrays: list[Array]) -> float:
    """Without overflow: elements of 1e200 are just what an exploding gradient has."""
    largest = max((float(np.max(np.abs(a), initial=0.0)) for a in arrays), default=0.0)
    if not largest or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(sum(float(np.sum(np.square(a / largest, dtype=np.float64))) for a in arrays)))


def _scaled(array: Array, limit: float, norm: float) -> Array:
    if not np.isfinite(norm):
        raise ValueRangeError(
            f"the norm of the gradient is {norm}: no scaling makes it finite. "
            f"autograd_seq.readings.nonfinite.first_nonfinite(loss) says where it began{here()}"
        )
    return array / norm * limit if norm > limit else array


def _check(limit: float) -> None:
    if not isinstance(limit, (int, float, np.number, np.ndarray)) or np.ndim(limit) or not limit > 0:
        raise ValueRangeError(f"the limit must be above 0, not {limit!r}{here()}")


def _each(gradients: Any, clip: Callable[[Array], Any], store: bool = True) -> Any:
    if isinstance(gradients, Mapping):
        return {key: _one(value, clip, store) for key, value in gradients.items()}
    if isinstance(gradients, (list, tuple)):
        return type(gradients)(_one(value, clip, store) for value in gradients)
    raise UsageError(f"give a mapping, list or tuple of gradients, not {type(gradients).__name__}{here()}")


def _numbers(given: Any) -> Array:
    try:
        array = np.asarray(given)
    except ValueError as error:
        raise DtypeError(f"a gradient is an array of numbers, not {given!r:.80}{here()}") from error
    if array.dtype.kind not in "buif":
        raise DtypeError(f"a gradient is an array of numbers, not {given!r:.80}{here()}")
    return array


def _one(given: Any, clip: Callable[[Array], Any], store: bool) -> Any:
    if not isinstance(given, Tensor):
        array = _numbers(given)
    elif given.grad is None:
        raise GradientError(f"{given.label} has no gradient yet: call loss.backward() first{here()}")
    else:
        array = given.grad
    clipped = clip(array)
    if store and isinstance(given, Tensor):
        given.grad = clipped
    return clipped
