"""Small numbers that a person can compute with, at which two sides of a formula differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy

from autograd_seq.check.claims.conditions import Condition
from autograd_seq.check.claims.setting import Quantity, Setting
from autograd_seq.core.array import Array
from autograd_seq.core.graph import Graph
from autograd_seq.diagnosis.truth import is_activation
from autograd_seq.readings.precise import PreciseAlgebra
from autograd_seq.readings.symbols import expressions, symbols_of

ATTEMPTS = 20
DIGITS = 60
LARGEST = 4000  # parts of the two sides: beyond that nobody computes with them
SMALLEST = 1e-45
_WHOLE = [sympy.Integer(n) for n in (1, 2, -1, 3, -2)]
_HALVES = [sympy.Rational(1, 2), sympy.Rational(1, 4), sympy.Rational(3, 4)]


def counterexample(setting: Setting, claimed: Quantity, true: Quantity, by_names: bool) -> dict[str, Any] | None:
    """Numbers for the quantities in a formula, at an element where its two sides differ.

    Parameters
    ----------
    setting : Setting
        Where the formula stands.
    claimed, true : Quantity
        Its two sides.
    by_names : bool
        Give numbers to named quantities; else to leaves, which forward formulas are about.

    Returns
    -------
    dict or None
        See `FormulaReport.counterexample`; the numbers meet what is known of targets. None if none were found.
    """
    if setting.large:
        return None
    conditions = tuple(setting.targets)
    for level in setting.levels if by_names else setting.levels[-1:]:
        arrays = [setting.symbolic(q, level, conditions) for q in (claimed, true)]
        shared = [*conditions, *(() if level else setting.normalised)]
        for place in _places(claimed.values, true.values):
            sides = [sympy.sympify(a[place], strict=True) for a in arrays]
            symbols = sorted({s for side in sides for s in side.free_symbols}, key=str)
            if not _can_be_together(setting, level, set(symbols)):
                break
            example = _at(setting, place, sides, symbols, shared)
            if example:
                return example
    return None


def _can_be_together(setting: Setting, level: int, symbols: set[sympy.Symbol]) -> bool:
    """Whether no quantity is to be chosen along with everything that it is made of."""
    stops = setting.stops(level)
    for r, own in stops.items():
        if symbols.isdisjoint(e for e in own.flat if isinstance(e, sympy.Symbol)):
            continue
        others = {x: a for x, a in stops.items() if x is not r}
        made = expressions(Graph(r), expand=True, leaves={**others, **setting.known()})[r]
        for e, meaning in zip(own.flat, made.flat, strict=True):
            if e in symbols and isinstance(meaning, sympy.Expr) and meaning.free_symbols <= symbols:
                return False
    return True


def _places(claimed: Array, true: Array) -> list[tuple[int, ...]]:
    """Where numbers differ, those that differ most first."""
    gap = np.nan_to_num(np.abs(claimed - true), nan=np.inf)
    order = np.argsort(-gap, axis=None, kind="stable")[:4]
    return [tuple(int(i) for i in np.unravel_index(i, gap.shape)) for i in order]


def _at(
    setting: Setting,
    place: tuple[int, ...],
    sides: list[sympy.Expr],
    symbols: list[sympy.Symbol],
    shared: list[Condition],
) -> dict[str, Any] | None:
    """Numbers at which one element differs."""
    bounded = {
        str(e) for r in setting.recording.forward if r.name and is_activation(r) for e in symbols_of(r).flat
    }
    for attempt in range(ATTEMPTS):
        values = _shares(shared, symbols, attempt)
        for i, symbol in enumerate(s for s in symbols if s not in values):
            choices = (_HALVES if str(symbol) in bounded else _WHOLE)[: 1 + attempt]
            values[symbol] = choices[(i + attempt) % len(choices)]
        numbers = [_number(side, values) for side in sides]
        if all(n is not None for n in numbers) and abs(numbers[0] - numbers[1]) > SMALLEST:
            said = {str(k): float(v) for k, v in values.items() if k in symbols or k in _completed(shared, symbols)}
            claimed, true = (float(n) for n in numbers)
            return {
                "values": said, "place": place, "claimed": claimed, "true": true,
                "difference": float(numbers[0] - numbers[1]),
            }  # fmt: skip
    return None


def _number(side: sympy.Expr, values: dict[sympy.Symbol, sympy.Rational]) -> Any:
    """An expression at given numbers, to many digits; None where it is not a real number."""
    algebra = PreciseAlgebra(DIGITS)
    c = algebra.context
    functions = {
        "sigma": algebra.sigmoid, "tanh": c.tanh, "exp": c.exp, "log": algebra.log, "sin": c.sin, "cos": c.cos,
        "Abs": abs, "sign": c.sign, "Max": max, "Min": min,
    }  # fmt: skip
    known: dict[sympy.Expr, Any] = {}

    def of(e: Any) -> Any:
        if e not in known:
            if isinstance(e, sympy.Symbol):
                e, whole = values[e], e
                known[whole] = c.mpf(e.p) / e.q
                return known[whole]
            if e.is_Rational:
                known[e] = c.mpf(e.p) / e.q
            elif e.is_Add:
                known[e] = c.fsum(of(a) for a in e.args)
            elif e.is_Mul:
                known[e] = c.fprod(of(a) for a in e.args)
            elif e.func.__name__ in functions:
                known[e] = functions[e.func.__name__](*(of(a) for a in e.args))
            elif e.is_Pow:
                known[e] = of(e.base) ** of(e.exp)
            else:
                known[e] = c.mpf(sympy.N(e.subs(values), DIGITS))
        return known[e]

    try:
        result = of(side)
    except (ArithmeticError, TypeError, ValueError):
        return None
    return result if isinstance(result, c.mpf) and c.isfinite(result) else None


def _shares(shared: list[Condition], symbols: list[sympy.Symbol], attempt: int) -> dict[sympy.Symbol, sympy.Rational]:
    """Numbers that add up to 1, for the elements of targets and softmaxes: one large part, the others alike."""
    values: dict[sympy.Symbol, sympy.Rational] = {}
    one_hot = attempt < ATTEMPTS // 2
    for c in shared:
        columns = np.moveaxis(symbols_of(c.record), c.axis, 0).reshape(c.record.shape[c.axis], -1)
        if not set(columns.flat) & set(symbols):
            continue
        n = len(columns)
        for j, column in enumerate(columns.T):
            at = (attempt + j) % n
            small = sympy.Integer(0) if one_hot and c.record.operation is None else sympy.Rational(1, 2 * n)
            for i, symbol in enumerate(column):
                values[symbol] = small if i != at else 1 - small * (n - 1)
    return values


def _completed(shared: list[Condition], symbols: list[sympy.Symbol]) -> set[sympy.Symbol]:
    """The last parts, of which the sides do not speak, in columns of which they do."""
    found: set[sympy.Symbol] = set()
    for c in shared:
        columns = np.moveaxis(symbols_of(c.record), c.axis, 0).reshape(c.record.shape[c.axis], -1)
        for column in columns.T:
            if set(column) & set(symbols):
                found.add(column[-1])
    return found
