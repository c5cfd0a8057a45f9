"""The true gradients in many digits: what decides where float64 does not."""

from __future__ import annotations

import math

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.truth import Truth
from autograd_seq.readings.precise import DIGITS, PreciseAlgebra, evaluate

MOST_STEPS = 400_000  # scalar operations, a few seconds


def exact(truth: Truth) -> dict[str, Array] | None:
    """The gradients evaluated in 60 digits and rounded once; None where that would take too long or cannot be done.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_seq.diagnosis.truth import record
    >>> truth = record(lambda z: ({"a": np.tanh(z)}, None), {"z": np.array(10.0)}, {"a": np.array(1.0)})
    >>> print(f"{exact(truth)['dz'].item():.9g} in place of {truth.gradients['dz'].item():.9g}")
    8.24461446e-09 in place of 8.24461455e-09
    """
    recording = truth.recording
    if sum(_steps(r) for r in [*recording.forward, *recording.backward]) > MOST_STEPS:
        return None
    algebra = PreciseAlgebra(DIGITS)
    try:
        values = evaluate(recording.forward, algebra=algebra)
        values = evaluate(recording.backward, at=values, algebra=algebra)
        found = {}
        for key, leaf in truth.inputs.items():
            adjoint = recording.adjoints.get(leaf)
            if adjoint is not None:
                precise = values.get(adjoint, adjoint._value)
                found[f"d{key}"] = np.array([float(v) for v in precise.flat]).reshape(leaf.shape)
    except Exception:  # an operation of the user's own that knows floats alone
        return None
    return truth.gradients | found if all(np.all(np.isfinite(v)) for v in found.values()) else None


def _steps(r: Tensor) -> int:
    """About how many scalar operations a record takes; a product of matrices more than it has elements."""
    if r.operation is None:
        return 0
    sizes = [x.size for x in r.inputs]
    alike = len(sizes) != 2 or r.size in sizes
    return max(r.size, *sizes, 1) if alike else int(math.sqrt(sizes[0] * sizes[1] * r.size)) + r.size
