"""A formula taken apart: sums of weights times what they meet, and what is made of those sums."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sympy


@dataclass(frozen=True)
class Form:
    """One sum of weights times what they meet, such as W_11 x_1 + W_12 a_1 + b_1.

    Attributes
    ----------
    symbol : Symbol
        What stands for it in the rest of the formula.
    weights : mapping
        From what is met (1 for a bias) to the weight, or the sum of weights, that meets it.
    constant : Expr
        A number that is added.
    """

    symbol: sympy.Symbol
    weights: Mapping[sympy.Expr, sympy.Expr]
    constant: sympy.Expr

    @property
    def signature(self) -> tuple[str, ...]:
        """What it meets: data as it is, and of what other sums went into the data that is in it."""
        return tuple(sorted(_said(met) for met in self.weights))


@dataclass(frozen=True)
class Formula:
    """Outputs in terms of data and of sums of weights."""

    outputs: Sequence[sympy.Expr]
    sums: Sequence[Form]


def _said(met: sympy.Expr) -> str:
    data = sorted(str(s) for s in met.free_symbols if not isinstance(s, sympy.Dummy))
    mixed = len(data) < len(met.free_symbols)
    return f"gates with {' and '.join(data) or 'nothing'}" if mixed else str(met)


def taken_apart(outputs: Iterable[sympy.Expr], weights: Iterable[sympy.Symbol]) -> Formula:
    """Outputs with every sum of weights taken out.

    Examples
    --------
    >>> W, b, x = sympy.symbols("W b x")
    >>> formula = taken_apart([sympy.tanh(W * x + b + 1)], [W, b])
    >>> formula.sums[0].weights, formula.sums[0].constant
    ({x: W, 1: b}, 1)
    """
    parts = _Parts(set(weights))
    found = [parts.without(sympy.sympify(e, strict=True)) for e in outputs]
    return Formula(found, list(parts.found.values()))


class _Parts:
    def __init__(self, weights: set[sympy.Symbol]) -> None:
        self.weights = weights
        self.found: dict[tuple[tuple[str, str], ...], Form] = {}

    def without(self, expression: sympy.Expr) -> sympy.Expr:
        """An expression with a symbol for each sum of weights."""
        if not expression.free_symbols & self.weights:
            return expression
        if isinstance(expression, (sympy.Add, sympy.Mul, sympy.Symbol)):
            return self._sum(sympy.Add.make_args(expression))
        return expression.func(*(self.without(argument) for argument in expression.args))

    def _sum(self, terms: Sequence[sympy.Expr]) -> sympy.Expr:
        met: dict[sympy.Expr, sympy.Expr] = {}
        rest: list[sympy.Expr] = []
        for term in terms:
            factors = sympy.Mul.make_args(term)
            own = [f for f in factors if f in self.weights]
            others = sympy.Mul(*(f if not f.free_symbols & self.weights else self.without(f)
                                 for f in factors if f not in self.weights))  # fmt: skip
            if len(own) == 1:
                number, what = others.as_coeff_Mul()
                met[what] = met.get(what, sympy.Integer(0)) + number * own[0]
            else:
                rest.append(sympy.Mul(*own, others))
        if not met:
            return sympy.Add(*rest)
        numbers = sympy.Add(*(r for r in rest if r.is_number))
        ordered = sorted(met.items(), key=lambda pair: (pair[0] == 1, str(pair[0])))
        turn = -1 if ordered[0][1].could_extract_minus_sign() else 1  # a sum and its negative are one
        key = (*((str(m), str(turn * w)) for m, w in ordered), ("", str(turn * numbers)))
        if key not in self.found:
            symbol = sympy.Dummy(f"z{len(self.found) + 1}", real=True)
            self.found[key] = Form(symbol, {m: turn * w for m, w in ordered}, turn * numbers)
        return sympy.Add(turn * self.found[key].symbol, *(r for r in rest if not r.is_number))
