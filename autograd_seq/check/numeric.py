"""Differences of one record in float64: what its VJP rule is compared with where symbols do not reach."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq.check.application import branch_of
from autograd_seq.core.array import Array
from autograd_seq.core.part import Part
from autograd_seq.core.rules import unbroadcast
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.branches import decisions

# Up to this many pairs of an input and an output element the whole Jacobian is compared.
FULL = 4096
DIRECTIONS = 4
TOLERANCE = 1e-6
SETTLED = 1e-11  # a difference that moves no more than this, relatively, is as good as it gets
FAR_APART = 1e-2  # the first step of the differences, relative to the size of the numbers


@dataclass(frozen=True, slots=True)
class Comparison:
    """A rule's answer beside a difference.

    Attributes
    ----------
    error : float
        The largest difference, relative to the size of the derivative.
    element : tuple of int
        The input element where it is.
    expected, found : float
        The derivative by differences, and by the rule.
    excluded : int
        Elements left out because a kink is too near.
    how : str
        ``"Jacobian"`` or ``"directions"``.
    """

    error: float
    element: tuple[int, ...]
    expected: float
    found: float
    excluded: int
    how: str

    @property
    def ok(self) -> bool:
        """Whether they agree."""
        return self.error <= TOLERANCE  # False for NaN

    @property
    def digits(self) -> float:
        """How many digits agree."""
        return float(-np.log10(max(self.error, 1e-16))) if self.error == self.error else 0.0


def pulled(record: Tensor, position: int, adjoint: Array, values: Sequence[Array]) -> Array:
    """What the rule of one input gives for an adjoint, in bare arrays of the input's shape."""
    rules: Any = record.operation.vjp if record.operation else None
    y = record._value.astype(np.float64) if record.dtype.kind == "f" else record._value
    piece = rules[position](adjoint, y, *values, **record.settings)
    shape = record.inputs[position].shape
    if type(piece) is Part:
        return piece.whole()
    piece = np.asarray(piece)
    piece = np.asarray(unbroadcast(piece, shape)) if piece.shape != shape else piece
    if piece.shape != shape:
        raise ValueError(f"the rule gives shape {piece.shape}, but the input has shape {shape}")
    return piece


def doubles(record: Tensor) -> list[Array]:
    """A record's inputs in float64, so that differences of a float32 graph have digits too."""
    return [x._value.astype(np.float64) if x.dtype.kind == "f" else x._value for x in record.inputs]


def slope_along(function: Callable[[float], Any], scale: float) -> Any:
    """The derivative of a function of one number at 0: Richardson's extrapolation of central differences.

    Of the extrapolations with smaller and smaller steps, the one that moved least is taken.
    """
    h = FAR_APART * scale
    rows: list[list[Any]] = []
    best, moved = None, np.inf
    for i in range(7):
        step = h / 2**i
        with np.errstate(all="ignore"):
            row = [(np.asarray(function(step)) - np.asarray(function(-step))) / (2 * step)]
            for k in range(1, i + 1):
                row.append(row[-1] + (row[-1] - rows[-1][k - 1]) / (4**k - 1))
        if rows:
            change = float(np.max(np.abs(row[-1] - rows[-1][-1]), initial=0.0))
            if change < moved:
                best, moved = row[-1], change
            settled = change <= SETTLED * float(np.max(np.abs(row[-1]), initial=0.0))
            if settled or (i > 2 and change > 100 * moved):
                break
        rows.append(row)
    return best if best is not None else rows[-1][-1]


def compare(record: Tensor, position: int, rng: np.random.Generator, full: int = FULL) -> Comparison:
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
    x = values[position]
    adjoint = rng.uniform(0.5, 1.5, record.shape) * rng.choice([-1.0, 1.0], record.shape)
    if not x.size:
        pulled(record, position, adjoint, values)  # no number to compare: that it gives an empty array is all
        return Comparison(0.0, (), 0.0, 0.0, 0, "Jacobian")
    if x.size * record.size <= full:
        return _jacobian(record, position, values, adjoint)
    return _directions(record, position, values, adjoint, rng)


def _value(record: Tensor, position: int, values: Sequence[Array], moved: Array) -> Array:
    assert record.operation is not None  # only recorded results are compared
    arguments = [moved if i == position else v for i, v in enumerate(values)]
    return np.asarray(record.operation.value(*arguments, **record.settings))


def _jacobian(record: Tensor, position: int, values: Sequence[Array], adjoint: Array) -> Comparison:
    """Every element of the Jacobian: differences by each input element, the rule for each output element."""
    x = values[position]
    numeric = np.zeros((record.size, x.size))
    free = np.ones(x.size, dtype=bool)
    for j, place in enumerate(np.ndindex(x.shape)):
        scale = reach(record, position, values, place)
        if not scale:
            free[j] = False
            continue

        def along(t: float, place: tuple[int, ...] = place) -> Array:
            moved = np.array(x)
            moved[place] += t
            return _value(record, position, values, moved).ravel()

        numeric[:, j] = slope_along(along, scale)
    rows = []
    for k in range(record.size):
        unit = np.zeros(record.size)
        unit[k] = 1
        rows.append(pulled(record, position, unit.reshape(record.shape), values).ravel())
    exact = np.array(rows).reshape(numeric.shape)
    # the rule has to be linear in the adjoint too
    combined = pulled(record, position, adjoint, values).ravel()
    error, j = _worst(np.vstack([exact, combined]), np.vstack([numeric, adjoint.ravel() @ numeric]), free)
    at = adjoint.ravel() @ numeric
    row = int(np.argmax(np.abs(exact[:, j] - numeric[:, j]))) if len(exact) else 0
    expected, found = (numeric[row, j], exact[row, j]) if len(exact) else (0.0, 0.0)
    if abs(found - expected) < abs(combined[j] - at[j]):
        expected, found = at[j], combined[j]
    place = tuple(int(n) for n in np.unravel_index(j, x.shape)) if x.size else ()
    return Comparison(error, place, float(expected), float(found), int((~free).sum()), "Jacobian")


def _worst(found: Array, expected: Array, free: Array) -> tuple[float, int]:
    """The largest difference relative to the largest derivative, and its column."""
    if not free.any() or not found.size:
        return 0.0, 0
    scale = max(float(np.max(np.abs(expected[:, free]))), float(np.max(np.abs(found[:, free]))), 1e-30)
    gaps = np.where(free, np.max(np.abs(found - expected), axis=0), 0.0) / scale
    if np.isnan(gaps).any():
        return float("nan"), int(np.argmax(np.isnan(gaps)))
    j = int(np.argmax(gaps))
    return float(gaps[j]), j


def _directions(
    record: Tensor, position: int, values: Sequence[Array], adjoint: Array, rng: np.random.Generator
) -> Comparison:
    """Random directions, and a few single elements to name the wrong one."""
    x = values[position]
    piece = pulled(record, position, adjoint, values)
    worst = Comparison(0.0, (), 0.0, 0.0, 0, "directions")
    singles = [tuple(int(rng.integers(n)) for n in x.shape) for _ in range(DIRECTIONS)]
    for place in [None, None, *singles]:
        v: Array = np.zeros(x.shape) if place is not None else np.asarray(rng.standard_normal(x.shape))
        if place is not None:
            v[place] = 1.0
        scale = reach(record, position, values, place, v)
        if not scale:
            worst = Comparison(
                worst.error, worst.element, worst.expected, worst.found, worst.excluded + 1, "directions"
            )
            continue

        def along(t: float, v: Array = v) -> Any:
            return np.vdot(adjoint, _value(record, position, values, x + t * v))

        expected = float(slope_along(along, scale))
        found = float(np.vdot(piece, v))
        size = max(abs(expected), abs(found), float(np.linalg.norm(piece)) * 1e-3, 1e-30)
        error = abs(found - expected) / size
        if not error <= worst.error:
            worst = Comparison(error, place or (), expected, found, worst.excluded, "directions")
    return worst


def reach(
    record: Tensor,
    position: int,
    values: Sequence[Array],
    place: tuple[int, ...] | None,
    direction: Array | None = None,
) -> float:
    """How far to step: so far that no decision changes; 0 at a kink, where there is nothing to compare."""
    x = values[position]
    around = abs(x[place]) if place is not None else float(np.sqrt(np.mean(np.square(x)))) if x.size else 1.0
    scale = float(min(max(around, 1e-3), 1e3)) if around else 1.0
    if direction is None:
        direction = np.zeros(x.shape)
        direction[place] = 1.0
    if not branch_of(record):
        return _defined(record, position, values, direction, scale)
    here = decisions(record, values)
    for _ in range(6):
        moved = [
            [x + sign * FAR_APART * scale * direction if i == position else v for i, v in enumerate(values)]
            for sign in (-1, 1)
        ]
        if all(decisions(record, m) == here for m in moved):
            return scale
        scale /= 10
    return 0.0


def _defined(record: Tensor, position: int, values: Sequence[Array], direction: Array, scale: float) -> float:
    """Shorter where the function would be left: the logarithm near 0."""
    for _ in range(6):
        with np.errstate(all="ignore"):
            ends = [
                _value(record, position, values, values[position] + sign * FAR_APART * scale * direction)
                for sign in (-1, 1)
            ]
        if all(np.isfinite(e).all() for e in ends) or not np.isfinite(record._value).all():
            return scale
        scale /= 10
    return scale
