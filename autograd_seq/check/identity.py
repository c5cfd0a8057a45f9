"""Whether an exact expression is identically zero, settled by a normal form and never by search.

Functions become fresh generators, arguments first, so that tanh(w (a + b)) and
tanh(w a + w b) are one generator; what is left is a fraction of polynomials, which is
zero where its numerator has no terms. Square roots, powers, exponentials, sines and
cosines bring the relations that they obey. "Not zero" means: not shown to be zero.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import sympy
from sympy.polys.rings import PolyElement, ring

from autograd_seq.core.errors import AutogradError
from autograd_seq.readings.symbols import sigma

# A numerator, and the denominator in factors, so that a sum needs no more than their least common multiple.
Fraction = tuple[PolyElement, dict[PolyElement, int]]
SEARCH = 30  # what it costs to look for common factors, in products of terms


class OutOfWorkError(AutogradError, RuntimeError):
    """An exact answer would take more work than is allowed; the message says what of it."""


class Work:
    """How many products of terms may still be formed: counted, so that every machine gives one answer.

    Examples
    --------
    >>> work = Work(10)
    >>> work.spend(7), work.left
    (None, 3)
    """

    def __init__(self, most: float) -> None:
        self.most = self.left = most

    def spend(self, products: int) -> None:
        """Take some off.

        Raises
        ------
        OutOfWorkError
            If there are none left.
        """
        self.left -= products
        if self.left < 0:
            raise OutOfWorkError(f"expanding it takes more than {self.most:,} products of terms")


def is_zero(expression: sympy.Expr, work: Work | None = None) -> bool:
    """Whether an expression is zero wherever it is defined.

    Parameters
    ----------
    expression : Expr
        Of symbols, rationals, exp, log, tanh, `sigma`, sin, cos and powers; other functions are opaque.
    work : Work, optional
        What the expansion may cost, without end unless given; past it an `OutOfWorkError` is raised.

    Returns
    -------
    bool
        True is a proof. False says only that the normal form is not empty.

    Examples
    --------
    >>> import sympy
    >>> x, y = sympy.symbols("x y")
    >>> is_zero(sympy.tanh(x * (1 + y)) - sympy.tanh(x + x * y))
    True
    >>> is_zero(sigma(x) + sigma(-x) - 1)
    True
    >>> is_zero(sympy.tanh(x) ** 2 - sympy.tanh(x))
    False
    """
    if expression == 0:
        return True
    # σ and tanh stand for themselves first; in terms of exp only where that is needed.
    work = work or Work(math.inf)
    return any(_Generators(by_exp, work).is_zero(expression) for by_exp in (False, True))


def opaque_functions_hold() -> bool:
    """Whether σ' = σ (1 - σ) and tanh' = 1 - tanh² follow from exp' = exp: what the proofs take for granted.

    Examples
    --------
    >>> opaque_functions_hold()
    True
    """
    x = sympy.Symbol("x")
    grown, shrunk = sympy.exp(x), sympy.exp(-x)
    s, t = 1 / (1 + shrunk), (grown - shrunk) / (grown + shrunk)
    known = sigma(x).diff(x) - sigma(x) * (1 - sigma(x)), sympy.tanh(x).diff(x) - 1 + sympy.tanh(x) ** 2
    return all(is_zero(e) for e in (sympy.diff(s, x) - s * (1 - s), sympy.diff(t, x) - (1 - t**2), *known))


class _Generators:
    """Fresh symbols for functions of normalised arguments, and the relations between them."""

    def __init__(self, by_exp: bool, work: Work) -> None:
        self.by_exp, self.work = by_exp, work
        self.made: dict[Any, sympy.Symbol] = {}
        self.logs: dict[sympy.Symbol, sympy.Expr] = {}
        self.relations: list[tuple[sympy.Symbol, int, sympy.Expr]] = []  # generator, power, what that power is
        self.memo: dict[sympy.Expr, sympy.Expr] = {}

    def is_zero(self, expression: sympy.Expr) -> bool:
        flat = self.flatten(expression)
        symbols = sorted(
            flat.free_symbols | {s for _, _, e in self.relations for s in e.free_symbols} | set(self.made.values()),
            key=str,
        )
        if not symbols:
            return bool(sympy.expand(flat) == 0)
        domain, *gens = ring(symbols, sympy.QQ)
        known = dict(zip(symbols, gens, strict=True))
        numerator, _ = _fraction(flat, domain, known, self.work)
        for _ in range(8):
            before = numerator
            for generator, power, value in self.relations:
                replaced = _fraction(value, domain, known, self.work)
                numerator = _reduced(numerator, symbols.index(generator), power, replaced, self.work)
            if numerator == before:
                break
        return not numerator

    def flatten(self, e: sympy.Expr) -> sympy.Expr:
        """The same expression without functions."""
        if e.is_Symbol or e.is_Rational:
            return e
        if e not in self.memo:
            self.memo[e] = self._flatten(e)
        return self.memo[e]

    def _flatten(self, e: sympy.Expr) -> sympy.Expr:
        if e.is_Add or e.is_Mul:
            return e.func(*(self.flatten(a) for a in e.args))
        if e.is_Pow and not isinstance(e, sympy.exp):
            return self._power(self.flatten(e.base), self.flatten(e.exp))
        arguments = [self._normal(self.flatten(a)) if isinstance(a, sympy.Expr) else a for a in e.args]
        special: Callable[..., sympy.Expr] | None = {
            sympy.exp: self._exp, sympy.log: self._log, sympy.sin: self._sin, sympy.cos: self._cos,
        }.get(e.func)  # fmt: skip
        if special:
            return special(*arguments)
        if self.by_exp and e.func is sigma:
            grown = self._exp(arguments[0])
            return grown / (1 + grown)
        if self.by_exp and e.func is sympy.tanh:
            grown = self._exp(arguments[0])
            return (grown**2 - 1) / (grown**2 + 1)
        if e.func is sympy.tanh and arguments[0].could_extract_minus_sign():
            return -self._generator(e.func.__name__, -arguments[0])  # SymPy took the sign out of what it was before
        return self._generator(e.func.__name__, *arguments)

    def _normal(self, e: sympy.Expr) -> sympy.Expr:
        """A normal form of an argument, for what it costs: a fraction is cancelled by searching for common factors."""
        if not math.isinf(self.work.left):
            above, below = _size(e)
            self.work.spend(above if below == 1 else SEARCH * above * below)
        return _normal(e)

    def _generator(self, *key: Any) -> sympy.Symbol:
        if key not in self.made:
            self.made[key] = sympy.Symbol(f"{key[0]}#{len(self.made)}")
        return self.made[key]

    def _exp(self, argument: sympy.Expr) -> sympy.Expr:
        """exp(a + 2 b) is the product of exp(a) and exp(b) squared; exp(log a) is a."""
        result = sympy.S.One
        for term in sympy.Add.make_args(argument):
            if term == 0:
                continue
            count, rest = term.as_coeff_Mul()
            if rest in self.logs and count.is_Integer:
                result *= self.logs[rest] ** count
            else:
                result *= self._grown(rest, count.q) ** count.p if count.is_Rational else self._generator("exp", term)
        return result

    def _grown(self, rest: sympy.Expr, q: int) -> sympy.Symbol:
        """exp(rest / q), whose q-th power is exp(rest)."""
        made = self._generator("exp", rest / q)
        whole = self._generator("exp", rest)
        if q > 1 and all(g is not whole for g, _, _ in self.relations):
            self.relations.append((whole, 1, made**q))
        return made

    def _log(self, argument: sympy.Expr) -> sympy.Expr:
        if argument == 1:
            return sympy.S.Zero
        made = self._generator("log", argument)
        self.logs[made] = argument
        return made

    def _sin(self, argument: sympy.Expr) -> sympy.Expr:
        sine = ("sin", argument)
        if sine not in self.made:
            self.relations.append((self._generator(*sine), 2, 1 - self._generator("cos", argument) ** 2))
        return self.made[sine]

    def _cos(self, argument: sympy.Expr) -> sympy.Expr:
        self._sin(argument)
        return self._generator("cos", argument)

    def _power(self, base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
        """A power as whole powers of generators: x^(b + 1/2) is x^b times the root of x."""
        if exponent.is_Integer:
            return base**exponent
        base, result = self._normal(base), sympy.S.One
        for term in sympy.Add.make_args(self._normal(exponent)):
            if term.is_Rational:
                whole = sympy.floor(term)
                part = term - whole
                result *= base**whole
                if part:
                    result *= self._root(base, part)
            else:
                count = term.as_coeff_Mul()[0]
                whole = count if count.is_Integer else sympy.S.One
                result *= self._generator("pow", base, term / whole) ** whole
        return result

    def _root(self, base: sympy.Expr, part: sympy.Rational) -> sympy.Expr:
        if part.q > 6:  # no relation is worth it
            return self._generator("pow", base, part)
        key = ("root", base, part.q)
        if key not in self.made:
            self.relations.append((self._generator(*key), int(part.q), base))
        return self.made[key] ** part.p


def _size(e: sympy.Expr) -> tuple[int, int]:
    """How many terms the numerator and the denominator of an expression have at most, when multiplied out."""
    if e.is_Add:
        above, below = 0, 1
        for a in e.args:
            n, d = _size(a)
            above, below = above * d + n * below, below * d
        return above, below
    if e.is_Mul:
        sizes = [_size(a) for a in e.args]
        return math.prod(n for n, _ in sizes), math.prod(d for _, d in sizes)
    if e.is_Pow and e.exp.is_Integer:
        n, d = _size(e.base)
        k = int(e.exp)
        return (n**k, d**k) if k >= 0 else (d**-k, n**-k)
    return 1, 1


def _normal(e: sympy.Expr) -> sympy.Expr:
    """A normal form of an argument: expanded where it is a polynomial, cancelled where it is a fraction."""
    if e.is_Symbol or e.is_Number:
        return e
    if any(p.exp.is_negative for p in e.atoms(sympy.Pow)):
        return sympy.cancel(e)
    return sympy.expand(e)


def _fraction(e: sympy.Expr, domain: Any, known: dict[sympy.Symbol, PolyElement], work: Work) -> Fraction:
    """An expression without functions as numerator and denominator."""
    if e.is_Symbol:
        return known[e], {}
    if e.is_Rational:
        return domain(e.p) / e.q, {}
    if e.is_Pow:
        n, factors = _fraction(e.base, domain, known, work)
        k = int(e.exp)
        if k >= 0:
            return _power(n, k, work), {f: i * k for f, i in factors.items()}
        return _power(_expanded(factors, domain, work), -k, work), _without_content(n, -k)
    parts = [_fraction(a, domain, known, work) for a in e.args]
    return _product(parts, domain, work) if e.is_Mul else _sum(parts, domain, work)


def _times(a: Any, b: Any, work: Work) -> Any:
    """A product, for what it costs."""
    work.spend(_terms(a) * _terms(b))
    return a * b


def _power(base: Any, k: int, work: Work) -> Any:
    """A power, for what it costs at most: that of its expansion."""
    n = _terms(base)
    if n > 1:
        work.spend(math.comb(n + k - 1, k))
    return base**k


def _terms(poly: Any) -> int:
    return len(poly) if isinstance(poly, PolyElement) else 1


def _without_content(n: PolyElement, k: int) -> dict[PolyElement, int]:
    if not n:
        raise ZeroDivisionError("a denominator is identically zero")
    return {n: k}


def _expanded(factors: dict[PolyElement, int], domain: Any, work: Work) -> PolyElement:
    result = domain.one
    for f, k in factors.items():
        result = _times(result, _power(f, k, work), work)
    return result


def _product(parts: list[Fraction], domain: Any, work: Work) -> Fraction:
    n, factors = domain.one, Counter[PolyElement]()
    for m, others in parts:
        n = _times(n, m, work)
        factors.update(others)
    return n, dict(factors)


def _sum(parts: list[Fraction], domain: Any, work: Work) -> Fraction:
    """Over the least common multiple of the denominators; parts with one denominator are added first."""
    gathered: dict[frozenset[tuple[PolyElement, int]], PolyElement] = {}
    for n, factors in parts:
        key = frozenset(factors.items())
        gathered[key] = gathered.get(key, domain.zero) + n
    common: dict[PolyElement, int] = {}
    for key in gathered:
        for f, k in key:
            common[f] = max(k, common.get(f, 0))
    total = domain.zero
    for key, n in gathered.items():
        have = dict(key)
        rest = {f: k - have.get(f, 0) for f, k in common.items() if k > have.get(f, 0)}
        total += _times(n, _expanded(rest, domain, work), work)
    return total, common


def _reduced(poly: PolyElement, index: int, power: int, value: Fraction, work: Work) -> PolyElement:
    """Replace a power of one generator by its value; the result may be multiplied by the value's denominator."""
    if not poly:
        return poly
    top = max(monomial[index] // power for monomial in poly)
    if not top:
        return poly
    n, d = value[0], _expanded(value[1], poly.ring, work)
    result = poly.ring.zero
    for monomial, coefficient in poly.terms():
        times, rest = divmod(monomial[index], power)
        left = list(monomial)
        left[index] = rest
        grown = _times(_power(n, times, work), _power(d, top - times, work), work)
        result += poly.ring({tuple(left): coefficient}) * grown
    return result
