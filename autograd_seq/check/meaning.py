"""The link between an operation's meaning, which is proven about, and its value rule, which runs.

The two are compared at the recorded numbers, as exactly as their dtype allows, and once for each
operation, its settings and shapes at points in general position, in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from autograd_seq.check.application import DOUBLE, UNREADABLE, leaf
from autograd_seq.check.general_points import elsewhere, kind_of, longer
from autograd_seq.check.numeric import followed
from autograd_seq.check.pattern import smaller
from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.branches import FloatAlgebra
from autograd_seq.readings.precise import PreciseAlgebra

DIGITS = 30
MORE_DIGITS = 700  # for what cancels: 1 + x - 1 of the smallest x
PRECISE_UP_TO = 4096  # scalars; beyond, the meaning is evaluated in floats
POINTS_UP_TO = 600  # scalars; beyond, the points are those of a small record of the same pattern, and one as large
ROUNDINGS = 2.0**15  # of the last digit: what several hundred operations on numbers of one size lose
REMEMBERED = 10_000
LAST = 4.0  # last digits of 1, which are lost where something like 1 - x is computed on the way
SMALLEST = 2.0**11  # of the smallest normal numbers: what is less counts as 0
LEAST = 2.0**-13  # and this, of which float16 has room for few less
LONG = 200  # characters of a counterexample that a person still reads


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What the comparison at points in general position came to.

    Attributes
    ----------
    points : int
        How many there were; 0 where none lies in the domain of both.
    wrong : str
        Where they differ, in words; empty if nowhere.
    """

    points: int
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Value and meaning at one point.

    Attributes
    ----------
    digits : float
        To how many digits they agree.
    enough : bool
        Whether that is all that rounding in the dtype leaves.
    compared : int
        How many elements both have.
    place : tuple of int
        The element where they agree least.
    value, meaning : float
        Both there.
    """

    digits: float
    enough: bool
    compared: int
    place: tuple[int, ...] = ()
    value: float = 0.0
    meaning: float = 0.0

    @property
    def gap(self) -> float:
        """By how much they differ."""
        return abs(self.value - self.meaning)


class Meanings:
    """Compares value and meaning of records: at their recorded inputs, and once for each kind in general position."""

    def __init__(self) -> None:
        self.precise, self.more_precise = PreciseAlgebra(DIGITS), PreciseAlgebra(MORE_DIGITS)

    def here(self, record: Tensor) -> Agreement | None:
        """How far they agree at the recorded numbers; None where the meaning cannot be evaluated.

        A value that is not a number agrees with a meaning that is none.
        """
        found = self._agreement(record)
        if found is None or found.enough:
            return found
        # a counterexample survives more digits; what rounding makes of the recorded numbers does not
        exactly = self._agreement(record, self.more_precise)
        if exactly is None or exactly.enough:
            return exactly
        wider = _in_more_digits(record)
        if wider is None and (scalars := followed(record)) is not None:  # there is no larger float: by bounds
            within = scalars.disagreement(np.random.default_rng(0)) is None
            return replace(found, enough=True) if within else found
        again = self._agreement(wider, self.more_precise) if wider is not None else None
        rounding = exactly.compared and exactly.gap <= LAST * _precision(record)
        return replace(found, enough=True) if rounding or _enough(again) else found

    def elsewhere(self, record: Tensor) -> Elsewhere | None:
        """How far they agree in general position; None where there is nothing to draw."""
        if not record.size or not any(x.dtype.kind == "f" and x.size for x in record.inputs):
            return None
        try:
            key = kind_of(record)
            if key in _known:
                return _known[key]
        except TypeError:  # a setting that cannot be compared: nothing is remembered
            return self._elsewhere(record)
        if len(_known) >= REMEMBERED:
            _known.clear()
        _known[key] = self._elsewhere(record)
        return _known[key]

    def _elsewhere(self, record: Tensor) -> Elsewhere | None:
        points = 0
        for other in _others(record):
            found = self._agreement(other)
            if found is None or not found.compared:
                continue  # outside the domain of the meaning
            if not found.enough and not _enough(self.here(other)):
                return Elsewhere(points, _words(other, found))
            points += 1
        return Elsewhere(points)

    def _agreement(self, record: Tensor, precise: PreciseAlgebra | None = None) -> Agreement | None:
        exact = self._exact(record, precise or self.precise)
        if exact is None:
            return None
        if exact.shape != record.shape:
            return Agreement(0.0, False, 0)
        return _agreement(record, exact)

    def _exact(self, record: Tensor, precise: PreciseAlgebra) -> Array | None:
        """The meaning as numbers; None where it cannot be evaluated."""
        assert record.operation is not None  # asked of results only
        size = sum(x.size for x in record.inputs) + record.size
        algebra: Any = precise if size <= PRECISE_UP_TO else FloatAlgebra()
        number = partial(_precise, precise) if algebra is precise else _plain
        try:
            made = record.operation.meaning(algebra, *(number(x._value) for x in record.inputs), **record.settings)
            made = np.asarray(made, dtype=object)
            wide = np.longdouble if record.dtype.itemsize > DOUBLE else np.float64
            result = np.array([_number(e, wide) for e in made.flat], dtype=wide)
        except UNREADABLE:
            return None
        return result.reshape(record.shape if made.size == record.size else made.shape)


_known: dict[Any, Elsewhere | None] = {}  # keyed by all that the points depend on


def _others(record: Tensor) -> Iterator[Tensor]:
    size = sum(x.size for x in record.inputs) + record.size
    if size <= POINTS_UP_TO:
        yield from elsewhere(record)
        yield from longer(record)
        return
    small = smaller(record, POINTS_UP_TO // 4)
    if small is not None:
        yield from elsewhere(small)
    yield from list(elsewhere(record))[: 1 if small is not None or size > PRECISE_UP_TO else None]


def _precise(algebra: PreciseAlgebra, values: Array) -> Array:
    """An array of floats to all their digits, long doubles too."""
    if values.dtype.kind != "f" or values.dtype.itemsize <= DOUBLE:
        return algebra.array(values)
    result = np.empty(values.shape, dtype=object)
    for place in np.ndindex(values.shape):
        number: Any = values[place]
        top, bottom = number.as_integer_ratio() if np.isfinite(number) else (float(number), 1)
        result[place] = algebra.context.mpf(top) / bottom
    return result


def _plain(values: Array) -> Array:
    return values.astype(np.float64 if values.dtype.kind == "f" else values.dtype).astype(object)


def _number(e: Any, wide: Callable[[Any], Any]) -> Any:
    """A scalar of the meaning; NaN where it is complex, which no value is."""
    if isinstance(e, complex) or (hasattr(e, "imag") and e.imag != 0):
        return np.nan
    upper = float(e)
    if wide is np.float64 or not np.isfinite(upper):
        return upper
    return np.longdouble(upper) + np.longdouble(float(e - upper))


def _agreement(record: Tensor, exact: Array) -> Agreement:
    value = np.asarray(record._value, dtype=exact.dtype)
    readable = np.isfinite(value) & np.isfinite(exact) & ~below_domain(record)
    if not readable.any():
        return Agreement(16.0, True, 0)
    last = np.finfo(record.dtype if record.dtype.kind == "f" else np.float64)
    # what cancels is judged by the size of what it was made from
    around = max((_largest(x._value) for x in record.inputs if x.dtype.kind == "f"), default=0.0)
    size = np.maximum(np.abs(exact), min(around, 1.0) * 1e-2 if around else 0.0)
    with np.errstate(all="ignore"):
        gap = np.where(readable, np.abs(value - exact), 0)
        # half of the smallest number that the dtype has is lost whatever the size
        error = np.where(gap <= float(last.smallest_subnormal), 0, gap / np.maximum(size, float(last.tiny)))
    n = int(np.argmax(error))
    place = tuple(int(i) for i in np.unravel_index(n, error.shape))
    worst = float(error[place])
    enough = worst <= ROUNDINGS * float(last.eps) if float(last.eps) < 1e-4 else worst <= 32 * float(last.eps)
    digits = float(-np.log10(max(worst, 1e-16)))
    return Agreement(digits, enough, int(readable.sum()), place, float(value[place]), float(exact[place]))


def below_domain(record: Tensor) -> Array:
    """Which elements are no numbers above 0, of an operation that is meant for these."""
    below = np.zeros(record.shape, dtype=bool)
    if record.operation is not None and record.operation.positive:
        for x in record.inputs:
            if x.dtype.kind == "f":
                tiny = float(np.finfo(x.dtype).tiny)
                below = below | (x._value <= max(tiny, min(SMALLEST * tiny, LEAST)))
    return below


def _largest(x: Array) -> float:
    """The largest finite number."""
    return float(np.max(np.abs(x), initial=0, where=np.isfinite(x)))


def _in_more_digits(record: Tensor) -> Tensor | None:
    """The value at the same numbers in the next larger float; None where there is none."""
    assert record.operation is not None  # asked of results only
    bits = max((x.dtype.itemsize for x in (*record.inputs, record) if x.dtype.kind == "f"), default=DOUBLE)
    wide = np.dtype(np.float64 if bits < DOUBLE else np.longdouble)
    if wide.itemsize <= bits:
        return None
    arrays = [x._value.astype(wide) if x.dtype.kind == "f" else x._value for x in record.inputs]
    try:
        value = np.asarray(record.operation.value(*arrays, **record.settings))
    except Exception:  # an operation that takes no long doubles
        return None
    made = leaf(value)
    made.operation, made.settings = record.operation, record.settings
    made.inputs = tuple(leaf(array, x) for array, x in zip(arrays, record.inputs, strict=True))
    return made


def _precision(record: Tensor) -> float:
    return float(np.finfo(record.dtype if record.dtype.kind == "f" else np.float64).eps)


def _enough(found: Agreement | None) -> bool:
    return found is not None and found.enough


def _words(other: Tensor, found: Agreement) -> str:
    """A counterexample in words."""
    assert other.operation is not None  # asked of results only
    shapes = " and ".join(str(x.shape) for x in other.inputs)
    numbers = " and ".join(str(x._value.tolist()) for x in other.inputs)
    at = f"at {numbers}" if len(numbers) <= LONG else f"at other numbers of shape {shapes}"
    return (
        f"the value of {other.operation.name} and its meaning are not the same function: {at} "
        f"element {list(found.place)} of the value is {found.value:.12g}, and of the meaning {found.meaning:.12g}"
    )
