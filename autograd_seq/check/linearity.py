"""Whether a rule is linear in its adjoint, as every derivative is: seen on adjoints of all signs and sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from autograd_seq.check.application import Application, Use, leaf
from autograd_seq.check.second_order import dependent
from autograd_seq.core.array import Array
from autograd_seq.core.part import Part
from autograd_seq.core.tensor import Tensor

# By powers of two nothing is rounded, so that only what is not linear shows.
FACTORS = (-1.0, 0.0, 2.0**10, 2.0**-10, -(2.0**40), 2.0**-40, 2.0**100, 2.0**-100)
TOLERANCE = 1e-9
ROUNDED = 1024 * float(np.finfo(np.float64).eps)  # of the largest number on the way: what rounding may leave of it
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
    record = _in_doubles(application.use.record)
    rng = np.random.default_rng(3)
    first, second = np.asarray(rng.uniform(0.5, 1.5, record.shape)), _mixed(rng, record.shape)
    base, other = (_given(record, application.position, g) for g in (first, second))
    if base is None or other is None:
        return None  # it fails there; that is said elsewhere
    for factor in FACTORS:
        found = _given(record, application.position, np.asarray(factor * first))
        words = f"of {factor:g} times an adjoint it does not give {factor:g} times"
        if bent := _gap(_Given(factor * base.value, abs(factor) * base.largest), found, words):
            return bent
    both = _given(record, application.position, np.asarray(first + second))
    added = _Given(base.value + other.value, max(base.largest, other.largest))
    return _gap(added, both, "of the sum of two adjoints it does not give the sum of what it gives of each:")


def _mixed(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers of both signs."""
    signs = np.resize([-1.0, 1.0, 1.0, -1.0], int(np.prod(shape))).reshape(shape)
    return np.asarray(rng.uniform(0.5, 1.5, shape) * signs)


class _Given(NamedTuple):
    """What a rule gives, of the input's shape, and the largest number that it made of the adjoint on the way."""

    value: Array
    largest: float


def _given(record: Tensor, position: int, adjoint: Array) -> _Given | None:
    """What the rule gives; None where it fails."""
    piece = Use.of(record, adjoint).apply(position)
    if piece.piece is None:
        return None
    value = piece.piece._value
    if piece.part:
        value = Part(value, piece.part[0], record.inputs[position].shape).whole()
    return _Given(np.asarray(value, dtype=np.float64), _largest(piece))


def _largest(application: Application) -> float:
    """Of all steps that depend on the adjoint: where they cancel, no more than their rounding is left."""
    sizes = [np.abs(x._value) for x in dependent(application, {application.use.adjoint}) if x.dtype.kind == "f"]
    return max(float(np.max(a, initial=0.0, where=np.isfinite(a))) for a in sizes)


def _gap(expected: _Given, found: _Given | None, words: str) -> Bent | None:
    if found is None or found.value.shape != expected.value.shape or not expected.value.size:
        return None
    size = np.maximum(np.abs(expected.value), np.abs(found.value))
    low, high = READABLE
    readable = np.isfinite(size) & ((size == 0) | ((size >= low) & (size <= high)))
    # what cancels is judged by the largest beside it
    scale = float(np.max(size, initial=0.0, where=readable))
    gap = np.abs(np.where(readable, expected.value - found.value, 0.0))
    place = tuple(int(i) for i in np.unravel_index(int(np.argmax(gap)), gap.shape))
    if not gap[place] > max(TOLERANCE * scale, ROUNDED * max(expected.largest, found.largest)):
        return None
    numbers = float(expected.value[place]), float(found.value[place])
    return Bent(f"the rule is not linear in its adjoint: {words}", place, *numbers)


def _in_doubles(record: Tensor) -> Tensor:
    """The record with its numbers in float64."""
    made = leaf(_double(record._value), record)
    made.operation, made.settings = record.operation, record.settings
    made.inputs = tuple(leaf(_double(x._value), x) for x in record.inputs)
    return made


def _double(value: Array) -> Array:
    return value.astype(np.float64) if value.dtype.kind == "f" else value
