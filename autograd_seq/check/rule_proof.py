"""The proof of one VJP rule: what it recorded equals SymPy's derivative of the operation's meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy

from autograd_seq.check.application import UNREADABLE, Application, Use, branch_of
from autograd_seq.check.evaluating import value_at
from autograd_seq.check.exact_record import ordinary
from autograd_seq.check.general_points import elsewhere
from autograd_seq.check.identity import is_zero
from autograd_seq.check.kinks import kinked
from autograd_seq.check.numeric import compare
from autograd_seq.check.pattern import smaller
from autograd_seq.core.array import Array
from autograd_seq.core.names import symbol
from autograd_seq.core.part import Part
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.literal import is_literal
from autograd_seq.readings.branches import decisions
from autograd_seq.readings.symbols import BranchAlgebra, apply, as_expression, exact, on_branch

LIMIT = 400  # scalars of a record's inputs and result that are proven as they are
WORK = 8000  # nodes that SymPy differentiates for one record; a few seconds
DIGITS = 40  # of the numbers that settle what algebra does not
NEAR = 1e-25
ROUNDED = 1e-13
NOWHERE = (sympy.nan, sympy.zoo, sympy.oo, -sympy.oo)

# Worst last: what a chain of links is worth is what its weakest link is worth.
ORDER = ("proven", "checked", "excluded", "undecided", "refuted")


def worst(*statuses: str) -> str:
    """The weakest of some statuses; proven if there are none."""
    return max(statuses, key=ORDER.index, default="proven")


@dataclass(frozen=True, slots=True)
class Wrong:
    """One entry that is not as it should be, in symbols of its own."""

    element: tuple[int, ...]
    expected: Any
    found: Any
    numbers: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one rule for one signature.

    Attributes
    ----------
    status : str
        proven, checked, excluded, undecided or refuted.
    note : str
        What was done, where that is not an exact identity of every entry.
    wrong : tuple of Wrong
        Entries that are wrong.
    entries : int
        How many scalar identities were settled exactly.
    digits : float or None
        Digits of agreement where numbers were compared.
    here : bool
        Whether it holds at these numbers only, and is not to be remembered for others.
    """

    status: str
    note: str = ""
    wrong: tuple[Wrong, ...] = ()
    entries: int = 0
    digits: float | None = None
    here: bool = False


def verdict_of(application: Application) -> Verdict:
    """Prove or refute one application; beyond the size limit a small one of the same pattern."""
    record = application.use.record
    if application.piece is None:
        return Verdict("refuted", application.message)
    scalars = sum(x.size for x in record.inputs) + record.size
    if scalars <= LIMIT and sum(step.size for step in application.steps) <= 4 * LIMIT:
        try:
            return _prove(application)
        except TooLarge:
            pass
    return _small_and_checked(application)


class Undecided(Exception):  # noqa: N818  (it says what to do next; nobody sees it)
    """Two expressions that have no value at any point that was tried."""


class TooLarge(Exception):  # noqa: N818  (it says what to do next; nobody sees it)
    """More work than a record is worth: a small one of the same pattern does."""


def _prove(application: Application) -> Verdict:
    try:
        problem = Problem(application)
    except UNREADABLE as error:
        return _checked(application, f"its meaning cannot be read exactly ({type(error).__name__}: {error})")
    wrong: list[Wrong] = []
    unsettled = rounded = entries = 0
    for place in np.ndindex(problem.expected.shape):
        expected: Any = problem.expected[place]
        found: Any = problem.found[place]
        if expected.has(*NOWHERE):
            return _checked(application, "its meaning has no derivative in symbols here")
        if not found.has(*NOWHERE) and (found == expected or is_zero(found - expected)):
            entries += 1
            continue
        try:
            numbers = problem.numbers(expected, found)
        except Undecided:
            if problem.singular(expected):
                return Verdict("excluded", "its derivative has no value at the recorded numbers", here=True)
            return _checked(application, "its symbols can neither be compared nor evaluated here")
        if numbers is None:
            unsettled += 1
        elif _only_rounding(expected, found):
            rounded += 1
        else:
            wrong.append(Wrong(place, expected, found, numbers))
            if len(wrong) == 3:
                break
    if wrong:
        return Verdict("refuted", "", tuple(wrong), entries)
    if unsettled:
        note = f"{unsettled} entries agree at random points to {DIGITS // 2} digits, but algebra did not settle them"
        return Verdict("checked", note, (), entries, DIGITS / 2)
    if rounded:
        note = f"{rounded} entries are equal but for constants that are rounded to floats, to 13 digits"
        return Verdict("checked", note, (), entries, 13.0)
    if problem.tied:
        size = record_size(application)
        others = "; the others are proven" if problem.tied < size else ""
        note = f"{problem.tied} of {size} elements lie on a kink{others}"
        return Verdict("excluded", note, (), entries)
    return Verdict("proven", "", (), entries)


def record_size(application: Application) -> int:
    """How many elements the result has."""
    return application.use.record.size


def _checked(application: Application, why: str) -> Verdict:
    """Numbers where symbols do not reach: at the recorded point, and in general position on the same branch."""
    found = _checked_here(application, why)
    if found.status != "checked":
        return found
    record, position = application.use.record, application.position
    branch, points = branch_of(record), 0
    for other in elsewhere(record):
        if not np.isfinite(other._value).all() or branch_of(other) != branch:
            continue
        try:
            result = compare(other, position, np.random.default_rng(0))
        except Exception as error:  # whatever a wrong rule does, it is the rule's failure
            return Verdict("refuted", f"{why}; the rule fails at other numbers: {type(error).__name__}: {error}")
        if not result.ok:
            entry = Wrong(result.element, result.expected, result.found, None)
            return Verdict("refuted", f"{why}; at other numbers of the same shape it is wrong", (entry,))
        points += not result.excluded and not result.unsettled
    return replace(found, note=f"{found.note}, and at {points} points in general position") if points else found


def _checked_here(application: Application, why: str) -> Verdict:
    """Numbers at the recorded point."""
    use, position = application.use, application.position
    piece = application.piece
    not_finite = Verdict("excluded", f"{why}; its numbers are not finite", here=True)
    if not np.isfinite(use.record._value).all():
        return not_finite
    odd = piece is not None and not np.isfinite(piece._value).all()
    if odd and not ordinary([x._value for x in use.record.inputs]):
        return not_finite  # no wrong rule: what has no derivative at these numbers may have one at others
    if kink := kinked(use.record):
        return Verdict("excluded", kink, here=True)
    try:
        result = compare(use.record, position, np.random.default_rng(0))
    except Exception as error:  # whatever a wrong rule does, it is the rule's failure
        return Verdict("refuted", f"the rule fails on numbers: {type(error).__name__}: {error}")
    if odd and not (result.wrong and result.how == "digits" and np.isfinite(result.expected)):
        return not_finite
    if not result.ok:
        entry = Wrong(result.element, result.expected, result.found, (result.expected, result.found))
        return Verdict("refuted", why, (entry,), 0, result.digits)
    if result.unsettled:
        return Verdict("undecided", f"{why}; {result.unsettled}", here=True)
    note = f"{why}; differences agree to {result.digits:.0f} digits"
    if result.excluded:
        note = f"{note}, {result.excluded} elements at a kink left out"
        return Verdict("excluded", note, (), 0, result.digits, here=True)
    return Verdict("checked", note, (), 0, result.digits)


def _small_and_checked(application: Application) -> Verdict:
    record = application.use.record
    actual = _checked_here(application, "too large for symbols")
    proof = None
    for limit in (LIMIT // 4, LIMIT // 16):
        small = smaller(record, limit)
        if small is None:
            return _checked(application, "too large for symbols")
        try:
            proof = _prove(Use.of(small, np.ones(small.shape, small.dtype)).apply(application.position))
            break
        except TooLarge:
            continue
    if proof is None or small is None:
        return _checked(application, "too large for symbols")
    shapes = " and ".join(str(x.shape) for x in small.inputs)
    if proof.status == "refuted":
        if actual.status == "refuted":
            return replace(actual, note=f"refuted at the small shape {shapes} too")
        return replace(proof, wrong=(), note=f"refuted at the small shape {shapes} of the same pattern")
    if proof.status != "proven":
        return _checked(application, "too large for symbols")
    note = f"proven at the small shape {shapes}; at the actual shape differences agree to no digits"
    if actual.digits is not None:
        digits = f"{actual.digits:.0f}"
        note = f"proven at the small shape {shapes}; at the actual shape differences agree to {digits} digits"
    return replace(actual, entries=proof.entries, note=actual.note if actual.status == "refuted" else note)


class Problem:
    """One application in symbols: the adjoint as SymPy's derivative says, and as the rule says.

    Attributes
    ----------
    expected, found : ndarray of Expr
        Of the input's shape.
    tied : int
        Elements of the result that lie on a kink. Their adjoint is set to 0.
    """

    def __init__(self, application: Application) -> None:
        use, record = application.use, application.use.record
        self.inputs = [scalars_of(i, x) for i, x in enumerate(record.inputs)]
        self.adjoint = fresh("g", record.shape)
        self.points: dict[sympy.Symbol, Any] = {}  # floats, of what is recorded in longdouble as they are
        for array, x in zip(self.inputs, record.inputs, strict=True):
            self.points.update(
                (s, v) for s, v in zip(array.flat, x._value.ravel().tolist(), strict=True) if s.is_Symbol
            )
        rng = np.random.default_rng(0)
        self.points.update((s, float(v)) for s, v in zip(self.adjoint.flat, rng.uniform(0.5, 1.5, record.size)))
        algebra = BranchAlgebra(lambda: decisions(record))
        meaning = apply(record, self.inputs, algebra)
        # where something is decided, an expression holds on its branch only, not far from the recorded values
        self.smooth = not branch_of(record) and not any(branch_of(step) for step in application.steps)
        self.tied = 0
        for place in np.ndindex(meaning.shape):
            scalar = as_expression(meaning[place])
            meaning[place] = scalar
            if algebra.ties & scalar.free_symbols:
                self.tied += 1
                self.adjoint[place] = sympy.S.Zero
        if nodes(meaning) > WORK:
            raise TooLarge
        self.expected = derivative_by(meaning, self.adjoint, self.inputs[application.position])
        self.found = self._read(application, use, meaning)

    def _read(self, application: Application, use: Use, meaning: Array) -> Array:
        """What the rule recorded, in the same symbols."""
        values = {use.adjoint: self.adjoint, use.result: meaning, **dict(zip(use.inputs, self.inputs, strict=True))}

        def value(x: Tensor) -> Array:
            if x not in values:
                values[x] = exact(x._value)
            return values[x]

        for step in application.steps:
            values[step] = on_branch(step, [value(x) for x in step.inputs])
        assert application.piece is not None  # failed rules are refuted before
        found = value(application.piece)
        if application.part:
            shape = use.record.inputs[application.position].shape
            whole = np.full(shape, sympy.S.Zero, dtype=object)
            Part(found, application.part[0], shape).add_to(whole)
            found = whole
        result = np.empty(found.shape, dtype=object)
        for place in np.ndindex(found.shape):
            result[place] = as_expression(found[place])
        return result

    def singular(self, expected: sympy.Expr) -> bool:
        """Whether the derivative has no value at the recorded numbers."""
        at = {s: _rational(v) for s, v in self.points.items() if np.isfinite(v)}
        return value_at(expected, at, DIGITS) is None

    def numbers(self, expected: sympy.Expr, found: sympy.Expr) -> tuple[float, float] | None:
        """Both at the recorded values where they differ there or nearby."""
        return differing(expected, found, self.points, self.smooth)


def differing(
    expected: sympy.Expr, found: sympy.Expr, points: Mapping[sympy.Symbol, Any], far: bool = False
) -> tuple[float, float] | None:
    """Two expressions at given values, where they differ there or nearby; None where they agree to many digits.

    What has no value wherever the other has one differs from it; `Undecided` where neither has one anywhere.
    With `far`, points further off are tried where there is none nearby.
    """
    rng = np.random.default_rng(1)
    agreed, vanished, only = False, False, None
    for attempt in range(5):
        if attempt == 3 and (agreed or not far):
            break
        at = {s: _rational(_near(v, attempt, rng)) for s, v in points.items() if attempt > 2 or np.isfinite(v)}
        a, b = (value_at(e, at, DIGITS) for e in (expected, found))
        if a is None:
            continue
        if b is None:
            only = a  # at a single point it may not be a wrong rule, but a removable singularity
            continue
        if _apart(a, b, expected, found, at):
            return float(sympy.re(a)), float(sympy.re(b))
        agreed, vanished = agreed or bool(a or b), True  # that both are 0 at 0 says nothing of other numbers
    if agreed or vanished:
        return None
    moved = all(points.get(s) and np.isfinite(points[s]) for s in expected.free_symbols | found.free_symbols)
    if only is None or not (far or moved):  # around 0 only 0 was tried
        raise Undecided
    return float(sympy.re(only)), float("nan")


def _apart(a: Any, b: Any, expected: Any, found: Any, at: Mapping[sympy.Symbol, sympy.Rational]) -> bool:
    """Whether two numbers differ by more than digits; of tiny ones, whether they do so with three times as many.

    What is left where everything cancels is another number then; what is tiny because the inputs are, is not.
    """
    gap = abs(a - b)
    if gap <= NEAR * max(abs(a), abs(b)):
        return False
    if gap > NEAR:
        return True
    exact_gap = value_at(expected - found, at, 3 * DIGITS)
    return exact_gap is not None and bool(abs(abs(exact_gap) - gap) <= ROUNDED * gap)


def _rational(v: Any) -> sympy.Rational:
    """A float of any precision, exactly."""
    return sympy.Rational(*v.as_integer_ratio())


def _near(v: Any, attempt: int, rng: np.random.Generator) -> Any:
    """A recorded value, then others close to it, then some of its sign away from 0 and ∞."""
    if attempt < 3:
        return v * (1 + 0.1 * float(rng.uniform(-1, 1))) if attempt else v
    away: Any = np.copysign((abs(v) if np.isfinite(v) else 0.0) + rng.uniform(0.3, 1.7), v)
    return away if isinstance(v, np.longdouble) else float(away)  # which may be larger than any Python float


def _only_rounding(expected: sympy.Expr, found: sympy.Expr) -> bool:
    """Whether two expressions differ as little everywhere as the last digit of a float."""
    rng = np.random.default_rng(2)
    symbols = sorted(expected.free_symbols | found.free_symbols, key=str)
    for _ in range(3):
        at = {s: sympy.Rational(float(v)) for s, v in zip(symbols, rng.uniform(0.3, 1.7, len(symbols)), strict=True)}
        a, b = (value_at(e, at, DIGITS) for e in (expected, found))
        if a is None or b is None or not abs(a - b) <= ROUNDED * max(abs(a), abs(b)):
            return False
    return True


def fresh(letter: str, shape: tuple[int, ...]) -> Array:
    """An array of symbols."""
    result = np.empty(shape, dtype=object)
    for n, place in enumerate(np.ndindex(shape)):
        result[place] = sympy.Symbol(f"{letter}.{n}")
    return result


def scalars_of(i: int, x: Tensor) -> Array:
    """An input as symbols; what is written as a number, or decides or counts, as the numbers that it is."""
    return exact(x._value) if is_literal(x) or x.dtype.kind != "f" else fresh(f"x{i}", x.shape)


def nodes(meaning: Array) -> int:
    """How many nodes are differentiated."""
    return sum(
        len(term.free_symbols) * (1 + int(sympy.count_ops(term)))
        for y in meaning.flat
        for term in sympy.Add.make_args(y)
    )


def derivative_by(meaning: Array, adjoint: Array, by: Array) -> Array:
    """Σ g ∂y/∂x for each x, by SymPy's derivative of each term that x stands in."""
    total: dict[sympy.Symbol, list[sympy.Expr]] = {s: [] for s in by.flat}
    for y, g in zip(meaning.flat, adjoint.flat, strict=True):
        if g != 0:
            for term in sympy.Add.make_args(y):
                for s in term.free_symbols & total.keys():
                    total[s].append(g * sympy.diff(term, s))
    result = np.empty(by.shape, dtype=object)
    for place in np.ndindex(by.shape):
        result[place] = sympy.Add(*total[by[place]])  # of an input in symbols: others are never asked for
    return result


def named(application: Application, e: Any) -> Any:
    """An expression of a proof with the names of the record that it is about."""
    if not isinstance(e, sympy.Basic):
        return e
    record = application.use.record
    names: dict[sympy.Symbol, sympy.Symbol] = {}
    taken: dict[str, Tensor] = {}
    for i, x in enumerate(record.inputs):
        mark = "" if taken.setdefault(symbol(x), x) is x else f"%{x.index}"
        for n, place in enumerate(np.ndindex(x.shape)):
            names[sympy.Symbol(f"x{i}.{n}")] = sympy.Symbol(symbol(x, place) + mark, real=True)
    for n, place in enumerate(np.ndindex(record.shape)):
        names[sympy.Symbol(f"g.{n}")] = sympy.Symbol("d" + symbol(record, place), real=True)
    return e.xreplace(names)
