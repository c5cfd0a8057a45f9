"""Whether two quantities are the same: numbers refute, algebra proves, and past a bound nothing is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import mpmath
import numpy as np

from autograd_seq.check.claims.allowance import NAMED, OPENED, too_much
from autograd_seq.check.claims.conditions import Condition
from autograd_seq.check.claims.formula_report import Status
from autograd_seq.check.claims.setting import DIGITS, Quantity, Setting
from autograd_seq.check.identity import OutOfWorkError, Work, is_zero
from autograd_seq.core.array import Array
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis.finding import difference
from autograd_seq.folding.literal import is_literal

EQUAL = 1e-9
LARGEST_PRECISE = 40_000  # elements of weights and inputs together, for numbers of a hundred digits
MOST_WORK = 100_000  # products of terms for one claim: a few seconds on any machine
DRAWS = 3


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
        known = {**setting.stops(level), **setting.known()}
        yield level, too_much(records, known, OPENED if level else NAMED)


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
    return _differ(setting.precise(claimed), setting.precise(true))


def _compare_exactly(setting: Setting, claimed: Quantity, true: Quantity, levels: list[int]) -> Comparison:
    """By algebra: without conditions, then under each of them, then under all."""
    targets = setting.targets
    sets: list[tuple[Condition, ...]] = [(), *((c,) for c in targets), *([tuple(targets)] if len(targets) > 1 else [])]
    left, out = MOST_WORK, ""
    for conditions in sets:
        for level in levels:
            left //= 2
            work = Work(left)
            try:
                a, b = (setting.symbolic(q, level, conditions) for q in (claimed, true))
                if all(is_zero(p - q, work) for p, q in zip(a.flat, b.flat, strict=True)):
                    return Comparison("proven", " and ".join(c.words for c in conditions) or None)
            except OutOfWorkError as error:
                out = str(error)
            left += int(work.left) if work.left > 0 else 0
    # the numbers of a recording may agree by chance: others decide, and they meet all that is known of targets
    if any(_differ(setting.precise(claimed, draw), setting.precise(true, draw)) for draw in _draws(setting)):
        return Comparison("refuted")
    return Comparison("undecided", reason=f"{out}; {_numbers(claimed, true)}") if out else Comparison("checked")


def _differ(a: Array, b: Array) -> bool:
    """Whether numbers of many digits differ by more than rounding; not where one of them is not a real number."""
    pairs = list(zip(a.flat, b.flat, strict=True))
    if any(isinstance(e, mpmath.ctx_mp_python._mpc) or not mpmath.isfinite(e) for pair in pairs for e in pair):
        return False
    gap = max((abs(p - q) for p, q in pairs), default=0)
    largest = max((abs(e) for pair in pairs for e in pair), default=0)
    return bool(gap > 10.0 ** -(DIGITS - 20) * (1 + largest))


def _draws(setting: Setting) -> Iterator[dict[Tensor, Array]]:
    """Other numbers for the leaves: of both signs, but probabilities where those recorded are."""
    rng = np.random.default_rng(0)
    shared = {c.record: c.axis for c in setting.targets}
    leaves = [r for r in (*setting.recording.forward.leaves, *setting.seeds.values()) if r.dtype.kind == "f"]
    for _ in range(DRAWS):
        drawn = {}
        for r in leaves:
            if is_literal(r) or r in setting.ones:
                continue
            low = 0.0 if np.all((r._value >= 0) & (r._value <= 1)) else -1.0
            drawn[r] = np.asarray(rng.uniform(low, 1.0, size=r.shape))
            if r in shared:
                drawn[r] = drawn[r] / drawn[r].sum(axis=shared[r], keepdims=True)
        yield drawn
