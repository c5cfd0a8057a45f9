"""Whether two quantities are the same: numbers refute, algebra proves, and past a bound nothing is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from autograd_seq.check.claims.allowance import too_much
from autograd_seq.check.claims.conditions import Condition
from autograd_seq.check.claims.formula_report import Status
from autograd_seq.check.claims.setting import DIGITS, Quantity, Setting
from autograd_seq.check.identity import OutOfWorkError, Work, is_zero
from autograd_seq.core.array import Array
from autograd_seq.diagnosis.search import difference

EQUAL = 1e-9
LARGEST_PRECISE = 40_000  # elements of weights and inputs together, for numbers of a hundred digits
CONFIRMED = sympy.Rational(1, 10 ** (DIGITS - 10))  # relative: what differs by less than this may be rounding
MOST_WORK = 400_000  # products of terms for one claim: a few seconds on any machine
DRAWS = 6


@dataclass(frozen=True)
class Comparison:
    """How two quantities compare.

    Attributes
    ----------
    status : str
        As in a `FormulaReport`.
    condition : str or None
        Under which they are the same.
    reason : str
        Why nothing can be said, if so.
    """

    status: Status
    condition: str | None = None
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether they are the same, as far as can be said."""
        return self.status in ("proven", "checked")


def compare(setting: Setting, claimed: Quantity, true: Quantity) -> Comparison:
    """Compare two quantities of one shape.

    Numbers first, because they refute; then algebra, which alone proves. What differs in the digits of floats is
    computed again with a hundred, and only what differs there too is refuted.
    """
    levels = list(_levels(setting, claimed, true))
    affordable = [level for level, why in levels if why is None]
    if not setting.large and not affordable:
        return Comparison("undecided", reason=f"{levels[0][1]}; {_numbers(claimed, true)}")
    if difference(claimed.values, true.values) > EQUAL and _differ_precisely(setting, claimed, true):
        return Comparison("refuted")
    if setting.large:
        return _compare_large(setting, claimed, true)
    return _compare_exactly(setting, claimed, true, affordable)


def _levels(setting: Setting, claimed: Quantity, true: Quantity) -> Iterator[tuple[int, str | None]]:
    """Each level of expressions, with the reason if it would be too much."""
    records = [*claimed.records, *true.records]
    for level in setting.levels:
        yield level, too_much(records, {**setting.stops(level), **setting.known()})


def _numbers(claimed: Quantity, true: Quantity) -> str:
    """What floats say, which is no proof."""
    gap = difference(claimed.values, true.values)
    if gap > EQUAL:
        return "the numbers of one draw differ"
    return f"the numbers of one draw agree to {-np.log10(max(gap, 1e-17)):.0f} digits"


def _compare_large(setting: Setting, claimed: Quantity, true: Quantity) -> Comparison:
    """Without algebra: by numbers of a hundred digits, or by all the digits that floats have."""
    if setting.size > LARGEST_PRECISE:
        return Comparison("refuted" if difference(claimed.values, true.values) > 1e-13 else "checked")
    return Comparison("refuted" if _differ_precisely(setting, claimed, true) else "checked")


def _differ_precisely(setting: Setting, claimed: Quantity, true: Quantity) -> bool:
    """Whether the difference is still there in a hundred digits, at the recorded numbers."""
    if setting.size > LARGEST_PRECISE:
        return True
    a, b = setting.precise(claimed), setting.precise(true)
    gap = max((abs(p - q) for p, q in zip(a.flat, b.flat, strict=True)), default=0)
    largest = max((abs(e) for e in (*a.flat, *b.flat)), default=0)
    return bool(gap > 10.0 ** -(DIGITS - 20) * (1 + largest))


def _compare_exactly(setting: Setting, claimed: Quantity, true: Quantity, levels: list[int]) -> Comparison:
    """By algebra: without conditions, then under each of them, then under all."""
    targets = setting.targets
    sets: list[tuple[Condition, ...]] = [(), *((c,) for c in targets), *([tuple(targets)] if len(targets) > 1 else [])]
    work, out = Work(MOST_WORK), ""
    for conditions in sets:
        for level in levels:
            try:
                a, b = (setting.symbolic(q, level, conditions) for q in (claimed, true))
                if all(is_zero(p - q, work) for p, q in zip(a.flat, b.flat, strict=True)):
                    return Comparison("proven", " and ".join(c.words for c in conditions) or None)
            except OutOfWorkError as error:
                work, out = Work(MOST_WORK // 2), str(error)
    # the numbers of a recording may agree by chance: others decide, and they meet all that is known of targets
    a, b = (setting.symbolic(q, levels[-1], tuple(targets)) for q in (claimed, true))
    if _differ(a, b, _classes(targets)):
        return Comparison("refuted")
    return Comparison("undecided", reason=f"{out}; {_numbers(claimed, true)}") if out else Comparison("checked")


def _classes(conditions: list[Condition]) -> dict[sympy.Symbol, int]:
    """Among how many a total of 1 is shared, for each symbol that has a part of it."""
    return {
        e: c.record.shape[c.axis] for c in conditions for e in c.symbols.flat if isinstance(e, sympy.Symbol)
    }  # fmt: skip


def _differ(a: Array, b: Array, classes: dict[sympy.Symbol, int]) -> bool:
    """Whether expressions differ at some random values of their symbols: exact ones, so any difference counts."""
    rng = np.random.default_rng(0)
    for p, q in zip(a.flat, b.flat, strict=True):
        gap: Any = sympy.sympify(p - q, strict=True)
        symbols = sorted(gap.free_symbols, key=str)
        for draw in range(DRAWS):
            values = {}
            for x in symbols:
                sign = -1 if draw >= DRAWS // 2 and x not in classes and rng.random() < 0.5 else 1
                values[x] = sign * sympy.Rational(int(rng.integers(100, 900)), 1000 * classes.get(x, 1))
            found = sympy.N(gap.subs(values), DIGITS)
            if found.is_number and found.is_real and abs(found) > CONFIRMED:
                return True
    return False
