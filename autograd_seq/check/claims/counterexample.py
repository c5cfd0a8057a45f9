"""Small numbers that a person can compute with, at which two sides of a formula differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy

from autograd_seq.check.claims.conditions import Condition
from autograd_seq.check.claims.setting import Quantity, Setting
from autograd_seq.core.array import Array
from autograd_seq.core.graph import Graph
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.truth import is_activation
from autograd_seq.readings.precise import PreciseAlgebra
from autograd_seq.readings.symbols import as_expression, expressions, symbols_of

ATTEMPTS = 20
DIGITS = 60
SMALLEST = 1e-45
VISIBLE = 1e-3
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
    level = setting.levels[0] if by_names else setting.levels[-1]
    conditions = tuple(setting.targets)
    arrays = [setting.symbolic(q, level, conditions) for q in (claimed, true)]
    shared = [*conditions, *(setting.normalised if by_names else ())]
    found = []
    for place in _places(claimed.values, true.values):
        sides = [as_expression(a[place]) for a in arrays]
        found += _at(setting, level, place, sides, shared)
        if found and _is_visible(found[-1]):
            return found[-1]
    return found[0] if found else None


def _is_visible(example: dict[str, Any]) -> bool:
    """Whether the first three digits tell the two numbers apart, neither of which is tiny."""
    largest = max(abs(example["claimed"]), abs(example["true"]))
    return bool(largest > VISIBLE and abs(example["difference"]) > VISIBLE * largest)


def _what_follows(setting: Setting, level: int, symbols: set[sympy.Symbol]) -> dict[sympy.Symbol, sympy.Expr]:
    """Which quantities follow from others that are chosen, and how: c<t> from its gates."""
    stops = setting.stops(level)
    settled, found = set(symbols), {}
    for r, own in stops.items():
        others = {x: a for x, a in stops.items() if x is not r}
        made = expressions(Graph(r), expand=True, leaves={**others, **setting.known()})[r]
        for e, meaning in zip(own.flat, made.flat, strict=True):
            if isinstance(meaning, sympy.Expr) and isinstance(e, sympy.Symbol) and meaning.free_symbols <= settled:
                settled.add(e)
                found[e] = meaning
    return found


def _places(claimed: Array, true: Array) -> list[tuple[int, ...]]:
    """Where numbers differ, those that differ most first."""
    gap = np.nan_to_num(np.abs(claimed - true), nan=np.inf)
    order = np.argsort(-gap, axis=None, kind="stable")[:4]
    return [tuple(int(i) for i in np.unravel_index(i, gap.shape)) for i in order]


def _at(
    setting: Setting, level: int, place: tuple[int, ...], sides: list[sympy.Expr], shared: list[Condition]
) -> list[dict[str, Any]]:
    """Numbers at which one element differs, up to the first where that is easily seen."""
    symbols = sorted({s for side in sides for s in side.free_symbols}, key=str)
    follows = _what_follows(setting, level, set(symbols))
    bounded = {
        str(e) for r in setting.recording.forward if r.name and _is_small(r) for e in symbols_of(r).flat
    }
    algebra = PreciseAlgebra(DIGITS)
    found: list[dict[str, Any]] = []
    for attempt in range(ATTEMPTS):
        values: dict[sympy.Symbol, Any] = _shares(shared, symbols, attempt)
        for i, symbol in enumerate(s for s in symbols if s not in values and s not in follows):
            choices = (_HALVES if str(symbol) in bounded else _WHOLE)[: 1 + attempt]
            values[symbol] = choices[(i + attempt) % len(choices)]
        given = {str(k): float(v) for k, v in values.items() if k in symbols or k in _completed(shared, symbols)}
        for e, meaning in follows.items():  # in the order of recording: each after what it is made of
            values.setdefault(e, _number(algebra, meaning, values))
        claimed, true = (_number(algebra, side, values) for side in sides)
        if claimed is not None and true is not None and abs(claimed - true) > SMALLEST:
            found.append({
                "values": given, "place": place, "claimed": float(claimed), "true": float(true),
                "difference": float(claimed - true),
            })  # fmt: skip
            if _is_visible(found[-1]):
                break
    return found


def _is_small(r: Tensor) -> bool:
    """Whether a quantity is perhaps never above 1: an activation, or what somebody wrote in place of one."""
    return is_activation(r) or (r.operation is not None and bool(np.all(np.abs(r._value) < 1)))


def _number(algebra: PreciseAlgebra, side: sympy.Expr, values: dict[sympy.Symbol, Any]) -> Any:
    """An expression at given numbers, to many digits; None where it is not a real number."""
    c = algebra.context
    functions = {
        "sigma": algebra.sigmoid, "tanh": c.tanh, "exp": c.exp, "log": algebra.log, "sin": c.sin, "cos": c.cos,
        "Abs": abs, "sign": c.sign, "Max": max, "Min": min,
    }  # fmt: skip
    known: dict[sympy.Expr, Any] = {}

    def of(e: Any) -> Any:
        if e not in known:
            if isinstance(e, sympy.Symbol):
                known[e] = of(values[e]) if isinstance(values[e], sympy.Rational) else values[e]
            elif e.is_Rational:
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
    """All parts of columns of which the sides have some: together they are 1."""
    found: set[sympy.Symbol] = set()
    for c in shared:
        columns = np.moveaxis(symbols_of(c.record), c.axis, 0).reshape(c.record.shape[c.axis], -1)
        for column in columns.T:
            if set(column) & set(symbols):
                found |= set(column)
    return found
