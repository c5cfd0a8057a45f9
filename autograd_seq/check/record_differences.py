"""One record beside differences of its value rule in float64, where exact scalars cannot follow its meaning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_seq.check.application import branch_of
from autograd_seq.check.applying import pulled
from autograd_seq.check.not_finite import all_finite
from autograd_seq.check.rule_comparison import Comparison
from autograd_seq.check.slopes import FAR_APART, best_slope, scales_for, settled
from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.branches import decisions

FULL = 4096  # up to this many pairs of an input and an output element the whole Jacobian is compared
DIRECTIONS = 4
TOLERANCE = 1e-6
CLOSER = 6  # times a step is shortened to a tenth, to stay on the branch and in the domain
NEAR_KINK = "a kink is within every step of differences in float64"
BLURRED = "differences in float64 have fewer than three digits here"


def doubles(record: Tensor) -> list[Array]:
    """A record's inputs in float64, so that differences of a float32 graph have digits too."""
    return [x._value.astype(np.float64) if x.dtype.kind == "f" else x._value for x in record.inputs]


def differences(record: Tensor, position: int, rng: np.random.Generator, full: int = FULL) -> Comparison:
    """Compare a record's rule with differences of its value rule, where it stands.

    Parameters
    ----------
    record : Tensor
        A record of a graph.
    position : int
        Which input.
    rng : Generator
        For adjoints and directions.
    full : int
        Up to this many pairs of elements the whole Jacobian is compared; above, random directions.
    """
    values = doubles(record)
    adjoint = rng.uniform(0.5, 1.5, record.shape) * rng.choice([-1.0, 1.0], record.shape)
    if not values[position].size:
        _rule(record, position, values)(adjoint)  # no number to compare: that it gives an empty array is all
        return Comparison(0.0, (), 0.0, 0.0, 0, "Jacobian")
    if values[position].size * record.size <= full:
        return _jacobian(record, position, values, adjoint)
    return _directions(record, position, values, adjoint, rng)


def _rule(record: Tensor, position: int, values: Sequence[Array]) -> Callable[[Array], Array]:
    """The rule in float64, of its inputs and their own result, which has more digits than the recorded one."""
    with np.errstate(all="ignore"):
        result = _value(record, position, values, values[position]).astype(np.float64)
    return lambda adjoint: pulled(record, position, adjoint, values, result)


def _value(record: Tensor, position: int, values: Sequence[Array], moved: Array) -> Array:
    assert record.operation is not None  # only recorded results are compared
    arguments = [moved if i == position else v for i, v in enumerate(values)]
    return np.asarray(record.operation.value(*arguments, **record.settings))


def _jacobian(record: Tensor, position: int, values: Sequence[Array], adjoint: Array) -> Comparison:
    """Every element of the Jacobian: differences by each input element, the rule for each output element."""
    x = values[position]
    units = np.eye(record.size).reshape(record.size, *record.shape)
    with np.errstate(all="ignore"):
        rule = _rule(record, position, values)
        rows = [rule(unit).ravel() for unit in units]
        # the rule has to be linear in the adjoint too
        rows += [rule(factor * adjoint).ravel() / factor for factor in (1.0, -1e3, 1e-6)]
        without_value = ~np.isfinite(_both(record._value.astype(np.float64).ravel(), adjoint))
    found = np.array(rows).reshape(record.size + 3, x.size)
    worst, unsettled, excluded, error = None, "", 0, 0.0
    for j, place in enumerate(np.ndindex(x.shape)):
        if not np.isfinite(x[place]):
            excluded += 1
            continue
        direction = np.zeros(x.shape)
        direction[place] = 1.0
        scales = reach(record, position, values, direction, abs(float(x[place])))
        if not scales:
            excluded += 1
            unsettled = unsettled or _too_near(record, values)
            continue

        def results(t: float, direction: Array = direction) -> Array:
            return _both(_value(record, position, values, x + t * direction).ravel(), adjoint)

        slope = best_slope(results, scales)
        wrong, unknown = settled(slope, found[:, j], TOLERANCE)
        left_out = _left_out(without_value, found[:, j], record)
        excluded += bool(left_out.any())
        wrong, unknown = wrong & ~left_out, unknown & ~left_out
        unsettled = BLURRED if unknown.any() else unsettled
        gaps = np.abs(slope.value - found[:, j]) / np.maximum(np.abs(slope.value), np.abs(found[:, j]) + 1e-300)
        gaps = np.where(np.isnan(gaps), np.inf, gaps)
        if wrong.any():
            k = int(np.argmax(np.where(wrong, gaps, -1)))
            if worst is None or gaps[k] > worst[0]:
                worst = float(gaps[k]), place, float(slope.value[k]), float(found[k, j])
        else:
            scale = np.max(np.abs(slope.value), initial=1e-300, where=~left_out)
            off = np.max(np.abs(slope.value - found[:, j]), initial=0.0, where=~left_out)
            error = max(error, float(off / scale))
    if worst is not None:
        return Comparison(*worst, excluded, "Jacobian", wrong=True)
    return Comparison(error, (), 0.0, 0.0, excluded, "Jacobian", unsettled=unsettled)


def _left_out(without_value: Array, found: Array, record: Tensor) -> Array:
    """Results that have no derivative: that are not finite, or where what is not gives 0 times infinity."""
    if not without_value.any() and all_finite(record.inputs):
        return without_value
    return without_value | ~np.isfinite(found)


def _both(values: Array, adjoint: Array) -> Array:
    """Each result, and three times their weighted sum."""
    return np.concatenate([values, np.full(3, np.vdot(adjoint, values))])


def _directions(
    record: Tensor, position: int, values: Sequence[Array], adjoint: Array, rng: np.random.Generator
) -> Comparison:
    """Random directions, and a few single elements to name the wrong one."""
    x = values[position]
    if not (np.isfinite(x).all() and np.isfinite(record._value).all()):
        return Comparison(0.0, (), 0.0, 0.0, x.size, "directions")  # every direction leads through what has none
    piece = _rule(record, position, values)(adjoint)
    worst, unsettled, excluded, error = None, "", 0, 0.0
    for place in [None, None, *(tuple(int(rng.integers(n)) for n in x.shape) for _ in range(DIRECTIONS))]:
        direction: Array = np.zeros(x.shape) if place is not None else np.asarray(rng.standard_normal(x.shape))
        if place is not None:
            direction[place] = 1.0
        size = float(abs(x[place])) if place is not None else float(np.sqrt(np.mean(np.square(x))))
        scales = reach(record, position, values, direction, size)
        if not scales:
            excluded += 1
            unsettled = unsettled or _too_near(record, values)
            continue

        def weighted(t: float, direction: Array = direction) -> Any:
            return np.vdot(adjoint, _value(record, position, values, x + t * direction))

        slope = best_slope(weighted, scales)
        found = np.asarray(np.vdot(piece, direction))
        floor = TOLERANCE * float(np.linalg.norm(piece)) * 1e-3
        wrong, unknown = settled(slope, found, TOLERANCE)
        gap = abs(float(slope.value) - float(found))
        off = gap / max(abs(float(slope.value)), abs(float(found)), 1e-300)
        unsettled = BLURRED if unknown.any() and gap > floor else unsettled
        if wrong.any() and not gap <= floor:
            if worst is None or off > worst[0]:
                worst = off, place or (), float(slope.value), float(found)
        else:
            error = max(error, gap / max(abs(float(slope.value)), float(np.linalg.norm(piece)), 1e-300))
    if worst is not None:
        return Comparison(*worst, excluded, "directions", wrong=True)
    return Comparison(error, (), 0.0, 0.0, excluded, "directions", unsettled=unsettled)


def reach(record: Tensor, position: int, values: Sequence[Array], direction: Array, size: float) -> list[float]:
    """How far to step, several ways: so that no decision changes, within the domain; empty at a kink."""
    scales = scales_for(size)
    closer = [scales[-1] / 10**k for k in range(1, CLOSER)]
    if branch_of(record):
        here = decisions(record, values)
        scales = [s for s in (*scales, *closer) if _same(record, position, values, s * direction, here)]
    inside = [s for s in scales if _defined(record, position, values, s * direction)]
    return inside or [s for s in closer if scales and _defined(record, position, values, s * direction)]


def _too_near(record: Tensor, values: Sequence[Array]) -> str:
    """Why there is no step to take; empty at a kink that is met exactly, where there is nothing to compare."""
    return "" if 0 in decisions(record, values) else NEAR_KINK


def _ends(position: int, values: Sequence[Array], step: Array) -> list[list[Any]]:
    return [
        [v + side * FAR_APART * step if i == position else v for i, v in enumerate(values)] for side in (-1, 1)
    ]


def _same(record: Tensor, position: int, values: Sequence[Array], step: Array, here: list[int]) -> bool:
    return all(decisions(record, end) == here for end in _ends(position, values, step))


def _defined(record: Tensor, position: int, values: Sequence[Array], step: Array) -> bool:
    """Whether the function is not left: the logarithm near 0."""
    finite = np.isfinite(record._value)
    with np.errstate(all="ignore"):
        made = [_value(record, position, values, end[position]) for end in _ends(position, values, step)]
    return all(np.isfinite(m[finite]).all() for m in made)
