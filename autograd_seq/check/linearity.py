"""Whether a rule is linear in its adjoint, as every derivative is: seen on adjoints of all signs and sizes.

Where all that a rule adds up cancels, as in a saturated softmax, rounding is all that is left: so what does not look
linear is looked at again to many digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq.check.application import Application, Use, leaf
from autograd_seq.core.array import Array
from autograd_seq.core.graph import Graph
from autograd_seq.core.part import Part
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.precise import on_branch
from autograd_seq.readings.precise_algebra import enough_digits
from autograd_seq.readings.scalars import ScalarAlgebra

# By powers of two nothing is rounded, so that only what is not linear shows.
FACTORS = (-1.0, 0.0, 2.0**10, 2.0**-10, -(2.0**40), 2.0**-40, 2.0**100, 2.0**-100)
TOLERANCE = 1e-9
READABLE = (1e-200, 1e200)  # what is smaller or larger may have been rounded off


@dataclass(frozen=True, slots=True)
class Bent:
    """Where a rule is not linear.

    Attributes
    ----------
    words : str
        For which adjoints, and what it gives.
    element : tuple of int
        Of the input.
    expected, found : float
        What a linear rule would give there, and what this one gives.
    """

    words: str
    element: tuple[int, ...]
    expected: float
    found: float


def not_linear(application: Application) -> Bent | None:
    """A counterexample to a rule's being linear in its adjoint; None if there is none.

    Examples
    --------
    >>> from autograd_seq import Parameter, tanh
    >>> y = tanh(Parameter([0.5, -1.0], "x"))
    >>> not_linear(Use.of(y, np.ones(2)).apply(0)) is None
    True
    """
    record, position = _in_doubles(application.use.record), application.position
    rng = np.random.default_rng(3)
    first, second = _short(np.asarray(rng.uniform(0.5, 1.5, record.shape))), _short(_mixed(rng, record.shape))
    base, other = (_given(record, position, g) for g in (first, second))
    if base is None or other is None:
        return None  # it fails there; that is said elsewhere
    for factor in FACTORS:
        adjoint = np.asarray(factor * first)
        found = _given(record, position, adjoint)
        bent = _gap(factor * base, found, f"of {factor:g} times an adjoint it does not give {factor:g} times")
        if bent and _to_many_digits(record, position, [(factor, first)], adjoint):
            return bent
    adjoint = np.asarray(first + second)
    words = "of the sum of two adjoints it does not give the sum of what it gives of each:"
    bent = _gap(base + other, _given(record, position, adjoint), words)
    return bent if bent and _to_many_digits(record, position, [(1.0, first), (1.0, second)], adjoint) else None


def _to_many_digits(record: Tensor, position: int, terms: Sequence[tuple[float, Array]], adjoint: Array) -> bool:
    """Whether a rule is not linear by more than rounding; also where it cannot be read as anything but numbers."""
    algebra = ScalarAlgebra(enough_digits(x._value for x in (record, *record.inputs)))
    try:
        found = _exactly(record, position, adjoint, algebra)
        expected = [algebra.context.zero] * len(found)
        for factor, term in terms:
            given = _exactly(record, position, term, algebra)
            expected = [e + factor * x for e, x in zip(expected, given, strict=True)]
    except Exception:  # a meaning that is not there, or not written for scalars: what was seen stays
        return True
    scale = max(map(abs, [*expected, *found]), default=0)
    return any(not abs(e - f) <= TOLERANCE * scale for e, f in zip(expected, found, strict=True))


def _exactly(record: Tensor, position: int, adjoint: Array, algebra: ScalarAlgebra) -> list[Any]:
    """What the rule gives, to many digits."""
    piece = Use.of(record, adjoint).apply(position).piece
    assert piece is not None  # it gave numbers
    made = np.asarray(on_branch(Graph(piece), algebra, {})[piece], dtype=object)
    return [algebra.number(x).value for x in made.flat]


def _short(numbers: Array) -> Array:
    """Numbers of so few digits that their sum is not rounded."""
    return np.asarray(np.rint(numbers * 2**30) / 2**30)


def _mixed(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers of both signs."""
    signs = np.resize([-1.0, 1.0, 1.0, -1.0], int(np.prod(shape))).reshape(shape)
    return np.asarray(rng.uniform(0.5, 1.5, shape) * signs)


def _given(record: Tensor, position: int, adjoint: Array) -> Array | None:
    """What the rule gives, of the input's shape; None where it fails or numbers are not finite."""
    piece = Use.of(record, adjoint).apply(position)
    if piece.piece is None:
        return None
    value = piece.piece._value
    if piece.part:
        value = Part(value, piece.part[0], record.inputs[position].shape).whole()
    return np.asarray(value, dtype=np.float64)


def _gap(expected: Array, found: Array | None, words: str) -> Bent | None:
    if found is None or found.shape != expected.shape or not expected.size:
        return None
    size = np.maximum(np.abs(expected), np.abs(found))
    low, high = READABLE
    readable = np.isfinite(size) & ((size == 0) | ((size >= low) & (size <= high)))
    # what cancels is judged by the largest beside it
    scale = float(np.max(size, initial=0.0, where=readable))
    gap = np.abs(np.where(readable, expected - found, 0.0))
    place = tuple(int(i) for i in np.unravel_index(int(np.argmax(gap)), gap.shape))
    if not gap[place] > TOLERANCE * scale:
        return None
    return Bent(f"the rule is not linear in its adjoint: {words}", place, float(expected[place]), float(found[place]))


def _in_doubles(record: Tensor) -> Tensor:
    """The record with its numbers in float64."""
    made = leaf(_double(record._value), record)
    made.operation, made.settings = record.operation, record.settings
    made.inputs = tuple(leaf(_double(x._value), x) for x in record.inputs)
    return made


def _double(value: Array) -> Array:
    return value.astype(np.float64) if value.dtype.kind == "f" else value
