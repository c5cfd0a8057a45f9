"""A formula taken apart: sums of weights times what they meet, and what is made of those sums."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sympy

from autograd_seq.readings.symbols import as_expression


@dataclass(frozen=True)
class Form:
    """One sum of weights times the data that they meet, such as W_11 x_1 + W_12 a_1 + b_1.

    What a gate multiplies is a sum by itself: of W (Γ ∘ a) + V x it is W a, times Γ, and V x. So it does not matter
    whether a gate stands before a bracket or in it.

    Attributes
    ----------
    symbol : Symbol
        What stands for it in the rest of the formula.
    weights : mapping
        From what is met (1 for a bias) to the weight, or the sum of weights, that meets it.
    constant : Expr
        A number that is added.
    gated : bool
        Whether something that other sums went into multiplies it.
    """

    symbol: sympy.Symbol
    weights: Mapping[sympy.Expr, sympy.Expr]
    constant: sympy.Expr

    gated: bool = False

    @property
    def signature(self) -> tuple[str, ...]:
        """The data that it meets."""
        return tuple(sorted(str(met) for met in self.weights))

    def __str__(self) -> str:
        return f"[{', '.join(self.signature)}]{' times gates' * self.gated}"


@dataclass(frozen=True)
class Formula:
    """Outputs in terms of data and of sums of weights."""

    outputs: Sequence[sympy.Expr]
    sums: Sequence[Form]


def _gate_and_data(met: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """What is met as a product: what other sums went into, and data."""
    gates = [f for f in sympy.Mul.make_args(met) if any(isinstance(s, sympy.Dummy) for s in f.free_symbols)]
    return sympy.Mul(*gates), met / sympy.Mul(*gates)


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
    found = [parts.without(as_expression(e)) for e in outputs]
    return Formula(found, list(parts.found.values()))


class _Parts:
    def __init__(self, weights: set[sympy.Symbol]) -> None:
        self.weights = weights
        self.found: dict[tuple[tuple[str, str], ...], Form] = {}
        self.sizes: dict[tuple[tuple[str, str], ...], sympy.Rational] = {}  # of their first weights

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
        for term in (part for whole in terms for part in self._spread(whole)):
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
        by_gate: dict[sympy.Expr, dict[sympy.Expr, sympy.Expr]] = {}
        for what, weight in met.items():
            gate, data = _gate_and_data(what)
            by_gate.setdefault(gate, {})[data] = weight
        taken = [gate * self._symbol(of_gate, numbers if gate == 1 else sympy.Integer(0), gate != 1)
                 for gate, of_gate in by_gate.items()]  # fmt: skip
        left = [] if sympy.Integer(1) in by_gate else [numbers]
        return sympy.Add(*taken, *left, *(r for r in rest if not r.is_number))

    def _spread(self, term: sympy.Expr) -> list[sympy.Expr]:
        """A product with a sum of weights as the sum of products; anything else as it is."""
        factors = sympy.Mul.make_args(term)
        sums = [f for f in factors if isinstance(f, sympy.Add) and any(map(self._is_weighted, f.args))]
        if len(sums) != 1:
            return [term]
        others = sympy.Mul(*(f for f in factors if f is not sums[0]))
        return [part for t in sums[0].args for part in self._spread(others * t)]

    def _is_weighted(self, term: sympy.Expr) -> bool:
        return any(f in self.weights for f in sympy.Mul.make_args(term))

    def _symbol(self, met: dict[sympy.Expr, sympy.Expr], number: sympy.Expr, gated: bool) -> sympy.Expr:
        """What stands for one sum, or for a multiple of it: both are one."""
        ordered = sorted(met.items(), key=lambda pair: (pair[0] == 1, str(pair[0])))
        first = ordered[0][1]
        turn = -1 if first.could_extract_minus_sign() else 1
        size = turn * first.as_content_primitive()[0]
        key = (*((str(m), str(sympy.expand(w / size))) for m, w in ordered), ("", str(number / size)))
        if key not in self.found:
            symbol = sympy.Dummy(f"z{len(self.found) + 1}", real=True)
            self.found[key] = Form(symbol, {m: turn * w for m, w in ordered}, turn * number, gated)
            self.sizes[key] = turn * size
        return size / self.sizes[key] * self.found[key].symbol
