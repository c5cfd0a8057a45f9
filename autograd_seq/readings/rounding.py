"""How far rounding can carry a recorded computation: exact values with a bound for what floats add to them.

A gradient that is 0 exactly comes out as 1e-17 in floats, and that is right, where terms of
size 1 were added up. The terms are known, so the bound is, too: every operation rounds its result
once, and hands on the errors of its operands, each times the partial derivative by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.readings.precise_algebra import DIGITS
from autograd_seq.readings.scalars import Scalar, ScalarAlgebra

SMALLEST = 5e-324  # that a bound can be, whatever the dtype
WHOLE = 2.0**40  # times this, a float with few binary digits is a whole number: it stands for itself, not for a real


class Rounding(ScalarAlgebra):
    """Scalars with error bounds: of a computation in floats, and of one whose constants alone were rounded.

    Parameters
    ----------
    dtype : dtype
        The coarsest that the computation rounds to.
    digits : int
        Decimal digits of every scalar.

    Attributes
    ----------
    unit : float
        How far rounding carries a number of size 1.

    Examples
    --------
    >>> rounding = Rounding(np.float64)
    >>> x, y = rounding.number(1e8), rounding.number(1.0)
    >>> error, _ = (x + y - x).kept
    >>> 1e-9 < error < 1e-7
    True
    """

    def __init__(self, dtype: Any = np.float64, digits: int = DIGITS) -> None:
        super().__init__(digits)
        limits = np.finfo(dtype)
        self._type = limits.dtype.type
        self.unit, self._most = float(limits.eps), float(limits.max)
        self._least = max(float(limits.tiny), SMALLEST)  # what is smaller may become 0

    def made(self, value: Any, *parts: tuple[Scalar, Any]) -> Scalar:
        """A result that is rounded once; beyond the largest float nothing is known of it."""
        size = abs(float(value))
        error, slip = (self._least + self.unit * size, 0.0) if size <= self._most else (np.inf, 0.0)
        for x, partial in parts:
            by, of_constants = x.kept
            if by:
                steep = abs(float(partial))
                error += steep * by if steep else 0.0
                slip += steep * of_constants if of_constants else 0.0
        return Scalar(value, self, (error, slip))

    def leave(self, x: Scalar, cut: bool) -> Scalar:
        """A scalar of another dtype: it is rounded once more."""
        return self.made(x.value, (x, 1))

    def number(self, x: Any) -> Any:
        """A scalar; a number that stands in a meaning, such as a limit in the settings, is rounded to the dtype."""
        number = super().number(x)
        if isinstance(x, float) and number.value == number.value and self.exact(self._type(x)) != number.value:
            return self.made(number.value)
        return number

    def array(self, values: Array) -> Array:
        """An array of floats, exactly."""
        result = self.bare.array(values)
        for place in np.ndindex(result.shape):
            number: Any = result[place]
            result[place] = self.constant(number) if isinstance(number, self.context.mpf) else number
        return result

    def constant(self, value: Any) -> Scalar:
        """A number that a float holds exactly."""
        return Scalar(value, self, (0.0, 0.0))

    def given(self, values: Array) -> Array:
        """An array of floats that is exact, for a computation that may lose as much as if it had been rounded."""
        result = self.array(values)
        for place in np.ndindex(result.shape):
            x: Any = result[place]
            if isinstance(x, Scalar) and abs(x.value) <= self._most:
                result[place] = Scalar(x.value, self, (self.unit * abs(float(x.value)), 0.0))
        return result

    def rounded(self, values: Array) -> Array:
        """Constants that may stand for a real number, such as 1/3 or π: right to half a unit of the last place."""
        made = np.array(self.array(values), dtype=object)
        unit = float(np.finfo(values.dtype).eps) if values.dtype.kind == "f" else 0.0
        for place in np.ndindex(values.shape):
            number, x = float(values[place]), made[place]
            if isinstance(x, Scalar) and np.isfinite(number) and number * WHOLE % 1:
                made[place] = Scalar(x.value, self, (unit * abs(number),) * 2)
        return made


def coarsest(records: Iterable[Any]) -> np.dtype[Any]:
    """The dtype of floats with the fewest digits among some records (or arrays); float64 if there are none.

    Examples
    --------
    >>> coarsest([np.ones(2), np.ones(2, np.float32), np.array([1])])
    dtype('float32')
    """
    found = [x.dtype for x in records if x.dtype.kind == "f"]
    return max(found, key=lambda dtype: float(np.finfo(dtype).eps), default=np.dtype(np.float64))


def parts_of(scalars: Array) -> tuple[Array, Array, Array]:
    """Exact values (of mpmath), bounds for floats, and bounds for constants alone."""
    values = np.empty(scalars.shape, dtype=object)
    errors, slips = np.zeros(scalars.shape), np.zeros(scalars.shape)
    for place in np.ndindex(scalars.shape):
        x: Any = scalars[place]
        values[place] = x.value
        errors[place], slips[place] = x.kept
    return values, errors, slips
