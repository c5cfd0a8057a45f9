"""Kinks that no decision shows: a norm, or another root, where what stands under it is exactly 0."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autograd_seq.check.application import UNREADABLE, settings_of
from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.branches import FloatAlgebra
from autograd_seq.readings.precise import PreciseAlgebra

LIMIT = 400  # scalars of a record's inputs and result that are tried one by one
STEP = -25  # the power of ten of the steps, far below what floats can tell apart
STEEP = 1e9  # a slope that grows with shorter steps
SAME = 1e-6


class _Roots:
    """Scalar functions of another algebra that note whether a root was taken, and whether of 0."""

    def __init__(self, algebra: Any) -> None:
        self._algebra = algebra
        self.asked = self.met = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._algebra, name)

    def _note(self, x: Any) -> None:
        self.asked = True
        self.met |= bool(x == 0)

    def sqrt(self, x: Any) -> Any:
        """The square root."""
        self._note(x)
        return self._algebra.sqrt(x)

    def power(self, x: Any, y: Any) -> Any:
        """A power: a root where the exponent is not a whole number."""
        if y != np.rint(float(y)):
            self._note(x)
        return self._algebra.power(x, y)


_rootless: set[Any] = set()  # operations that were seen to take no root, with their settings and shapes


def kinked(record: Tensor) -> str:
    """A kink at the recorded numbers that no decision of the meaning shows, in words; empty if there is none.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_seq import Tensor
    >>> kinked(np.linalg.norm(Tensor([0.0, 0.0], "x")))
    'norm has a kink at the recorded numbers: slopes -1 and 1 to its two sides'
    >>> kinked(np.linalg.norm(Tensor([0.0, 1.0], "x"))), kinked(Tensor([0.0, 4.0], "x") ** 1.5)
    ('', '')
    """
    if not _root_of_zero(record) or sum(x.size for x in record.inputs) + record.size > LIMIT:
        return ""
    assert record.operation is not None  # asked of results only
    algebra = PreciseAlgebra()
    try:
        inputs = [algebra.array(x._value) for x in record.inputs]
        roots = _Roots(algebra)  # the square of 1e-200 is 0 in floats only
        record.operation.meaning(roots, *inputs, **record.settings)
        if not roots.met:
            return ""
        for i, x in enumerate(record.inputs):
            if x.dtype.kind == "f":
                for place in np.ndindex(x.shape):
                    if slopes := _two_slopes(record, algebra, inputs, i, place):
                        left, right = slopes
                        return (
                            f"{record.operation.name} has a kink at the recorded numbers: "
                            f"slopes {left:.6g} and {right:.6g} to its two sides"
                        )
    except UNREADABLE:
        return ""
    return ""


def _root_of_zero(record: Tensor) -> bool:
    """Whether the meaning takes a root of exactly 0 at the recorded numbers."""
    assert record.operation is not None  # asked of results only
    key: Any = record.operation.meaning, settings_of(record), tuple(x.shape for x in record.inputs)
    try:
        if key in _rootless:
            return False
    except TypeError:  # a setting that cannot be compared: nothing is remembered
        key = None
    roots = _Roots(FloatAlgebra())
    try:
        with np.errstate(all="ignore"):
            record.operation.meaning(roots, *(x._value.astype(object) for x in record.inputs), **record.settings)
    except UNREADABLE:
        return False
    if not roots.asked and record.size and key is not None and not any(x.ndim == 0 for x in record.inputs):
        _rootless.add(key)
    return roots.met


def _two_slopes(
    record: Tensor, algebra: PreciseAlgebra, inputs: list[Array], i: int, place: tuple[int, ...]
) -> tuple[float, float] | None:
    """The slopes to both sides by one element, where they differ; None where they agree, or there is one side only."""
    assert record.operation is not None  # asked of results only
    value = partial(_value, record, algebra, inputs, i, place)
    step = algebra.context.mpf(10) ** STEP
    start, right, left = value(0), value(step), value(-step)
    for at, up, down in zip(start.flat, right.flat, left.flat, strict=True):
        ends = [(at - down) / step, (up - at) / step]
        if any(algebra.context.im(e) != 0 for e in ends):
            continue  # the edge of a domain: its one side decides
        low, high = map(float, ends)
        if max(abs(low), abs(high)) < STEEP and abs(low - high) > SAME * max(abs(low), abs(high), SAME):
            return low, high
    return None


def _value(
    record: Tensor, algebra: PreciseAlgebra, inputs: list[Array], i: int, place: tuple[int, ...], step: Any
) -> Array:
    assert record.operation is not None  # asked of results only
    moved = [np.array(x) for x in inputs]
    moved[i][place] += step
    return np.asarray(record.operation.meaning(algebra, *moved, **record.settings), dtype=object)
