"""PreciseAlgebra: an operation's scalar functions to as many digits as wanted, over the real numbers only."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import ceil
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.readings.branches import RELATIONS

DIGITS = 60
SPARE = 15  # powers of ten that these have room for
ENORMOUS = "1e5000"  # beyond what any float holds, an exponential is as good as infinite, or 0


@lru_cache(maxsize=16)
def _context(digits: int) -> Any:
    """An arithmetic of its own for each number of digits; nobody changes it once it is made."""
    import mpmath  # takes a while to load

    context = mpmath.MPContext()
    context.dps = digits
    return context


def enough_digits(arrays: Iterable[Array], digits: int = DIGITS) -> int:
    """As many digits as hold 1 beside the square of the largest number, or of the smallest.

    A meaning may need them: of exp(x) - exp(-x) nothing is left at x = 1e-80 with fewer.

    Examples
    --------
    >>> enough_digits([np.ones(2)]), enough_digits([np.array([1e-80, 1.0])])
    (60, 240)
    """
    far = 0.0
    for a in arrays:
        if a.dtype.kind == "f":
            sizes = np.abs(a[np.isfinite(a) & (a != 0)])
            if sizes.size:
                far = max(far, abs(float(np.log10(np.max(sizes)))), abs(float(np.log10(np.min(sizes)))))
    return digits + 60 * ceil(max(far - SPARE, 0.0) / 30)


class PreciseAlgebra:
    """An operation's scalar functions to a number of digits; it disturbs no other use of mpmath.

    Outside the domain of a real function the answer is NaN, as in NumPy, and never complex.

    Parameters
    ----------
    digits : int
        Decimal digits of every scalar.
    """

    def __init__(self, digits: int = DIGITS) -> None:
        self.context = _context(digits)
        self._enormous = self.context.mpf(ENORMOUS)

    def number(self, x: Any) -> Any:
        """A scalar of this algebra, exactly."""
        return self.exact(x)

    def exact(self, x: Any) -> Any:
        """A number with all its digits; what is none stays what it is."""
        if isinstance(x, np.longdouble):  # mpmath does not know it: two floats hold all its digits
            mantissa, exponent = np.frexp(x)  # whose range is larger than that of floats
            high = float(mantissa)
            low = float(mantissa - np.longdouble(high)) if np.isfinite(x) else 0.0
            return self.context.ldexp(self.context.mpf(high) + self.context.mpf(low), int(exponent))
        if isinstance(x, np.generic):
            x = x.item()
        if hasattr(x, "_mpf_") and not isinstance(x, self.context.mpf):  # it comes from another precision
            return self.context.make_mpf(x._mpf_)
        return self.context.mpf(x) if isinstance(x, (float, int)) else x

    def array(self, values: Array) -> Array:
        """An array of floats as one of exact scalars; conditions and counts stay what they are."""
        if values.dtype.kind == "O":
            return values
        result = np.empty(values.shape, dtype=object)
        for place in np.ndindex(values.shape):
            number = values[place].item()
            result[place] = number if isinstance(number, bool) else self.number(number)
        return result

    def side(self, x: Any, y: Any) -> int:
        """Whether x is less than, equal to or greater than y: what every decision asks."""
        return int(x > y) - int(x < y)

    def exp(self, x: Any) -> Any:
        """The exponential."""
        if abs(x) > self._enormous:
            return self.context.inf if x > 0 else self.context.zero
        return self.context.exp(x)

    def log(self, x: Any) -> Any:
        """The natural logarithm; minus infinity at 0."""
        return self.context.log(x) if x > 0 else self.context.nan if x else -self.context.inf

    def sqrt(self, x: Any) -> Any:
        """The square root."""
        return self.context.nan if x < 0 else self.context.sqrt(x)

    def tanh(self, x: Any) -> Any:
        """The hyperbolic tangent."""
        return self.context.mpf((x > 0) - (x < 0)) if abs(x) > self._enormous else self.context.tanh(x)

    def sigmoid(self, x: Any) -> Any:
        """1 / (1 + exp(-x))."""
        return 1 / (1 + self.exp(-x))

    def sin(self, x: Any) -> Any:
        """The sine."""
        return self.context.sin(x) if self.context.isfinite(x) else self.context.nan

    def arctan(self, x: Any) -> Any:
        """The angle whose tangent is x."""
        return self.context.atan(x)

    def cos(self, x: Any) -> Any:
        """The cosine."""
        return self.context.cos(x) if self.context.isfinite(x) else self.context.nan

    def power(self, x: Any, y: Any) -> Any:
        """X to the power y."""
        if not x and y < 0:
            return self.context.inf
        return self.context.nan if x < 0 and y != self.context.floor(y) else self.context.power(x, y)

    def abs(self, x: Any) -> Any:
        """The absolute value."""
        return x if self.side(x, 0) >= 0 else -x

    def sign(self, x: Any) -> Any:
        """-1, 0 or 1."""
        return self.number(self.side(x, 0))

    def maximum(self, x: Any, y: Any) -> Any:
        """The larger."""
        return x if self.side(x, y) >= 0 else self.number(y)

    def minimum(self, x: Any, y: Any) -> Any:
        """The smaller."""
        return x if self.side(x, y) <= 0 else self.number(y)

    def select(self, condition: Any, x: Any, y: Any) -> Any:
        """X where the condition holds, else y."""
        return x if condition else y

    def compare(self, relation: str, x: Any, y: Any) -> Any:
        """Whether a relation holds."""
        return RELATIONS[relation](self.side(x, y))
