"""Expressions of SymPy as numbers, to a number of digits, in bounded time.

SymPy's own `evalf` adds digits until a difference has as many as asked for: of 1 - exp(-10⁹) it would
take a billion. Here an expression is evaluated twice, with some digits and with more; where both agree
that is the answer, and where no number of digits up to a limit is enough, what is left is nearly 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import mpmath
import sympy

from autograd_seq.readings.precise_algebra import ENORMOUS
from autograd_seq.readings.symbols import as_expression, sigma

_ENORMOUS = mpmath.mpf(ENORMOUS)
GUARD = 15  # digits beside those that are asked for
FUNCTIONS = {
    sympy.log: "log",
    sympy.sin: "sin",
    sympy.cos: "cos",
    sympy.tan: "tan",
    sympy.atan: "atan",
    sympy.sign: "sign",
    sympy.re: "re",
    sympy.im: "im",
}


@lru_cache(maxsize=16)
def _context(digits: int) -> Any:
    """An arithmetic of its own for each number of digits; nobody changes it once it is made."""
    context = mpmath.MPContext()
    context.dps = digits
    return context


class _Unknown(Exception):  # noqa: N818  (SymPy is asked then; nobody sees it)
    """A function that is not in the list."""


def value_at(e: Any, at: Mapping[sympy.Symbol, sympy.Rational], digits: int) -> Any:
    """An expression at given numbers, as SymPy's number; None where it has no finite value.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> float(value_at(sympy.exp(x) - 1, {x: sympy.Rational(1, 10**50)}, 20))
    1e-50
    """
    expression = as_expression(e)
    most = 3 * digits + 2 * max((abs(_powers_of_ten(v)) for v in at.values()), default=0)
    try:
        value = _to_digits(expression, at, digits, most)
    except _Unknown:
        known = expression.replace(sigma, lambda x: 1 / (1 + sympy.exp(-x)))
        value = known.evalf(digits, subs=at, maxn=most)
        return value if value.is_number and value.is_finite else None
    except (ZeroDivisionError, OverflowError, ValueError):
        return None
    context: Any = _context(digits)
    if not context.isfinite(value):
        return None
    return as_expression(context.mpc(value) if context.im(value) else context.mpf(context.re(value)))


def _to_digits(e: sympy.Expr, at: Mapping[sympy.Symbol, sympy.Rational], digits: int, most: int) -> Any:
    """The value at as many digits as are needed, and no more than allowed."""
    taken = digits + GUARD
    before = _Evaluation(at, taken).of(e)
    while True:
        taken = taken * 2
        value = _Evaluation(at, taken).of(e)
        if taken > most or not abs(value - before) > abs(value) * mpmath.mpf(10) ** -digits:
            return value
        before = value


class _Evaluation:
    """One evaluation with a number of digits, each part once."""

    def __init__(self, at: Mapping[sympy.Symbol, sympy.Rational], digits: int) -> None:
        self.context = _context(digits)
        self.known: dict[Any, Any] = {s: self._ratio(v) for s, v in at.items()}

    def _ratio(self, v: Any) -> Any:
        return self.context.mpf(int(v.p)) / int(v.q)

    def of(self, e: Any) -> Any:
        """The value of a part."""
        found = self.known.get(e)
        if found is None:
            found = self.known[e] = self._of(e)
        return found

    def _of(self, e: Any) -> Any:
        if e.is_Rational:
            return self._ratio(e)
        if e.is_Float:
            return self.context.make_mpf(e._mpf_)
        if e is sympy.S.ImaginaryUnit:
            return self.context.j
        if e in (sympy.pi, sympy.E):
            return +self.context.pi if e is sympy.pi else +self.context.e
        parts = [self.of(part) for part in e.args] if not e.is_Symbol else []
        if e.is_Add:
            return sum(parts[1:], parts[0])
        if e.is_Mul:
            return self.context.fprod(parts)
        if e.is_Pow and e.base is sympy.E:
            return self._exp(parts[1])
        if e.is_Pow:
            return self._power(parts[0], parts[1], e.exp)
        return self._function(e, parts)

    def _power(self, base: Any, power: Any, exact: Any) -> Any:
        if exact.is_Integer:
            return base ** int(exact)
        return self.context.sqrt(base) if exact is sympy.S.Half else self.context.power(base, power)

    def _exp(self, x: Any) -> Any:
        if not self.context.im(x) and abs(x) > _ENORMOUS:
            return self.context.inf if x > 0 else self.context.zero
        return self.context.exp(x)

    def _function(self, e: Any, parts: list[Any]) -> Any:
        if e.func is sympy.exp:
            return self._exp(parts[0])
        if e.func is sympy.tanh:
            enormous = abs(parts[0]) > _ENORMOUS
            return self.context.sign(self.context.re(parts[0])) if enormous else self.context.tanh(parts[0])
        if e.func is sigma:
            return 1 / (1 + self._exp(-parts[0]))
        if e.func is sympy.Abs:
            return abs(parts[0])
        if e.func in FUNCTIONS and len(parts) == 1:
            return getattr(self.context, FUNCTIONS[e.func])(parts[0])
        raise _Unknown


def _powers_of_ten(v: Any) -> int:
    """About how many powers of ten a number is from 1."""
    return int(0.30103 * (int(v.p).bit_length() - int(v.q).bit_length())) if v else 0
