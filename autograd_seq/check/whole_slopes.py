"""The gradient of a large recording along random directions, whose slopes are taken in high precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_seq.check.gradcheck_report import Whole
from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.precise import slope
from autograd_seq.readings.rounding import coarsest

TOLERANCE = 1e-7  # relative to the terms of a directional derivative, in float64
UNITS = 1e3  # of rounding, that one term may be off by


def along_slopes(
    weights: Mapping[Tensor, Array],
    gradients: Mapping[Tensor, Array],
    largest: float,
    rng: np.random.Generator,
) -> list[Whole] | None:
    """Each leaf's gradient beside a slope: of all at once, and of each by itself where that differs.

    Parameters
    ----------
    weights : mapping
        From each output to its weights.
    gradients : mapping
        From each leaf to its gradient.
    largest : float
        The largest adjoint on the way.

    Returns
    -------
    list of Whole, or None
        None where there is a kink, or no derivative, along the direction.
    """
    leaves = list(gradients)
    directions = {x: rng.standard_normal(x.shape) for x in leaves}
    together = _beside(weights, leaves, gradients, directions, largest)
    if together is None or not together[-1]:
        return together and [_whole(x, together) for x in leaves]
    each = [_beside(weights, [x], gradients, directions, largest) for x in leaves]
    return [_whole(x, found or together) for x, found in zip(leaves, each, strict=True)]


def _whole(x: Tensor, found: tuple[float, float, float, bool]) -> Whole:
    return Whole(x.label, found[0], None, found[1], found[2], "directions", 0, found[3])


def _beside(
    weights: Mapping[Tensor, Array],
    leaves: Sequence[Tensor],
    gradients: Mapping[Tensor, Array],
    directions: Mapping[Tensor, Array],
    largest: float,
) -> tuple[float, float, float, bool] | None:
    """Error, slope, what the gradient gives, and whether they differ."""
    exact, kinked = slope(weights, {x: directions[x] for x in leaves})
    expected = float(exact)
    if kinked or not np.isfinite(expected):
        return None
    terms: list[Any] = [np.abs(gradients[x] * directions[x]).sum(dtype=np.float64) for x in leaves]
    found = float(sum(np.vdot(gradients[x], directions[x]) for x in leaves))
    unit = float(np.finfo(coarsest(leaves)).eps)
    sizes = sum(float(np.linalg.norm(directions[x])) for x in leaves)
    relative = max(TOLERANCE, UNITS * unit)
    wrong = not abs(found - expected) <= relative * float(sum(terms)) + UNITS * unit * largest * sizes
    return abs(found - expected) / max(float(sum(terms)), abs(expected), 1e-300), expected, found, wrong
