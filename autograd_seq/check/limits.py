"""Infinite constants, such as the -inf that pads a softmax: the gradient is compared with that of large finite ones."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from autograd_seq.check.application import DOUBLE, UNREADABLE
from autograd_seq.core.array import Array
from autograd_seq.core.recording import Recording
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.precise import PreciseAlgebra, evaluate

LARGE = (1e4, 1e6)  # in place of infinity: exp of minus that is nothing beside any other number
LIMIT = 20_000  # scalars of both passes that are evaluated in many digits
DIGITS = 60
ROUNDINGS = 2.0**15  # of the last digit


def limit(recording: Recording, parameters: Iterable[Tensor]) -> str:
    """What holds of gradients that infinite constants take part in, in words; empty if nothing can be said.

    Examples
    --------
    >>> from autograd_seq import Parameter, differentiate, softmax
    >>> z = Parameter([0.5, 1.5, 2.5], "z")
    >>> padded = softmax(z + np.array([0.0, 0.0, -np.inf]), axis=0)
    >>> limit(differentiate(padded @ np.array([1.0, 2.0, 3.0])), [z])
    'with -10000 in place of -inf the gradient is the same to rounding'
    """
    infinite = [x for x in recording.forward.leaves if not x.requires_grad and np.isinf(x._value).any()]
    size = sum(r.size for graph in (recording.forward, recording.backward) for r in graph)
    if not infinite or size > LIMIT:
        return ""
    parameters = [x for x in parameters if x in recording.adjoints]
    try:
        same = all(_same(recording, parameters, infinite, large) for large in LARGE)
    except UNREADABLE:
        return ""
    sign = "-" if all((x._value[np.isinf(x._value)] < 0).all() for x in infinite) else ""
    return f"with {sign}{LARGE[0]:.0f} in place of {sign}inf the gradient is the same to rounding" if same else ""


def _same(recording: Recording, parameters: list[Tensor], infinite: list[Tensor], large: float) -> bool:
    algebra = PreciseAlgebra(DIGITS)
    at = {x: np.where(np.isinf(x._value), np.copysign(large, x._value), x._value) for x in infinite}
    values = evaluate(recording.forward, at=at, algebra=algebra)
    if not all(algebra.context.isfinite(e) for x in recording.forward for e in values[x].flat):
        return False  # something else is not finite either
    values = evaluate(recording.backward, at=values, algebra=algebra)
    scale = max((_largest(a._value) for a in recording.adjoints.values()), default=0.0)
    for x in parameters:
        found = recording.adjoints[x]._value
        exact = np.array([float(e) for e in values[recording.adjoints[x]].flat]).reshape(found.shape)
        rounding = ROUNDINGS * float(np.finfo(found.dtype).eps) if found.dtype.itemsize >= DOUBLE // 2 else 0.1
        if not np.isfinite(found).all() or not (np.abs(found - exact) <= rounding * (scale + np.abs(exact))).all():
            return False
    return True


def _largest(value: Array) -> float:
    return float(np.max(np.abs(value), initial=0.0, where=np.isfinite(value)))
