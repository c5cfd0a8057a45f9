"""What came of checking a backward pass: its gradients, what was done wrong, and how that is printed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.finding import EQUAL, Finding, plain
from autograd_seq.diagnosis.settle import Answer
from autograd_seq.translation.reader import translated
from autograd_seq.writer.writer import GAP

MOST_LINES = 60
MOST_CHARACTERS = 4_000
ARRAY = re.compile(r"(np\.)?array\((\[[^\[\]]*\]|\[[\[\]\d\s.,eE+TrueFals-]*\])[^()]*\)")
OPENING, CLOSING = ("(", "[", "{"), (")", "]", "}")
LONGEST = 400  # characters in a line
NEARLY = 1e-3
LEFT_OUT = ("missing term", "no carry")  # what a line that is not there can be the reason for
LARGEST = 1_000  # number of examples, of steps or of elements that a gradient could be off by


@dataclass(frozen=True)
class Gradient:
    """One gradient of a report.

    Attributes
    ----------
    name : str
        ``"d"`` and the input's name.
    error : float
        The largest difference from the truth, relative to the largest element, or to the largest of the terms
        that add up to it; infinite for another shape.
    found, true : ndarray
        Both gradients; `found` is None where it was not returned or cannot be read.
    diagnosis : str or None
        What is wrong with it, in words.
    problem : str or None
        Why it cannot be read as an array of real numbers.
    tolerance : float
        How far what is wrong with it may be off to be named; larger where only single precision or differences decide.
    answer : str
        ``"right"``, ``"wrong"``, ``"excluded"`` where another derivative at a kink is as good, or ``"undecided"``.
    why : str
        The reason for what is excluded or undecided.
    place : tuple of int or None
        The element that is farthest from what rounding explains.
    """

    name: str
    error: float
    found: Array | None
    true: Array
    diagnosis: str | None = None
    problem: str | None = None
    tolerance: float = EQUAL
    answer: Answer = "right"
    why: str = ""
    place: tuple[int, ...] | None = None

    @property
    def ok(self) -> bool:
        """Whether it is right, be it in another way at a kink."""
        return self.problem is None and self.found is not None and self.answer in ("right", "excluded")


@dataclass
class BackwardReport:
    """What came of checking a backward pass; it prints with the root cause first.

    Attributes
    ----------
    wrong : list of str
        Gradients with wrong values or shapes.
    missing : list of str
        Gradients that were not returned.
    causes : list of Finding
        What was done wrong.
    warnings : list of str
        What in the inputs could hide a mistake.
    undecided : list of str
        What the numbers cannot tell, with the reasons.
    excluded : list of str
        The gradients that are another derivative at a kink that was met exactly; they are right.
    failures : list of str
        What is wrong or was not returned.
    status : str
        ``"checked"`` where all agree, ``"refuted"``, or ``"undecided"``.
    together : list of tuple of str
        Gradients that are right with the true values in one line, though it is not known what is wrong with it.
    remains : list of str or None
        What is wrong or missing even with right functions in the place of wrong ones that it calls, where that was
        tried.
    digits : float
        The largest relative error among the right gradients, in decimal digits.
    """

    name: str
    gradients: dict[str, Gradient]
    causes: list[Finding] = field(default_factory=list)
    also: list[Finding] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    basis: str = "the recorded forward pass"
    look_at: str | None = None
    together: list[tuple[str, ...]] = field(default_factory=list)
    failure: str | None = None
    unknown: list[str] = field(default_factory=list)
    hints_only: bool = False
    inherited: str | None = None
    remains: list[str] | None = None
    not_to_be_told: str | None = None

    @property
    def ok(self) -> bool:
        """Whether every gradient is there and right; never without any, and never where something is undecided."""
        return bool(self.gradients) and not self.failures and not self.undecided

    @property
    def status(self) -> str:
        """``"checked"``, ``"refuted"`` or ``"undecided"``."""
        if self.failures or not (self.gradients or self.undecided):
            return "refuted"
        return "undecided" if self.undecided else "checked"

    @property
    def failures(self) -> list[str]:
        """What is wrong, was not returned, or failed."""
        return [*self.wrong, *self.missing] or ([self.name] if self.failure is not None else [])

    @property
    def undecided(self) -> list[str]:
        """What the numbers cannot tell, with the reasons."""
        whole = [self.not_to_be_told] if self.not_to_be_told else []
        return whole + [g.why for g in self.gradients.values() if g.answer == "undecided" and not g.problem]

    @property
    def excluded(self) -> list[str]:
        """The gradients that are another derivative at a kink that was met exactly."""
        return [k for k, g in self.gradients.items() if g.answer == "excluded" and not g.problem]

    @property
    def wrong(self) -> list[str]:
        """The gradients that are there and not right."""
        return [k for k, g in self.gradients.items() if g.problem or (g.found is not None and g.answer == "wrong")]

    @property
    def missing(self) -> list[str]:
        """The gradients that were not returned."""
        return [k for k, g in self.gradients.items() if g.found is None and not g.problem]

    @property
    def digits(self) -> float:
        """To how many digits the right gradients agree."""
        worst = max((g.error for g in self.gradients.values() if g.ok and g.answer == "right"), default=1.0)
        return float(-np.log10(max(worst, 1e-17)))

    def __getitem__(self, name: str) -> Gradient:
        if name not in self.gradients:
            raise UsageError(f"this report has no gradient {name!r}; it has {', '.join(self.gradients)}")
        return self.gradients[name]

    def to_json(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "name": self.name,
            "status": self.status,
            "ok": self.ok,
            "wrong": self.wrong,
            "missing": self.missing,
            "undecided": self.undecided,
            "excluded": self.excluded,
            "failure": self.failure,
            "errors": {k: g.error for k, g in self.gradients.items() if np.isfinite(g.error)},
            "causes": [
                {"category": c.category, "where": c.where, "explains": list(c.explains)}
                | ({"line": c.line} if c.line else {})
                | ({"file": c.file} if c.file else {})
                | ({} if self.hints_only else {"words": c.words, "correct": c.correct})
                for c in self.causes
            ],
            "warnings": self.warnings,
        }

    def __str__(self) -> str:
        return translated(_within(_printed(self)))


# -- printing ----------------------------------------------------------------------------------------------


def _within(lines: list[str]) -> str:
    """As many lines as anybody reads; what is left out is said."""
    kept: list[str] = []
    for line in (part for whole in lines for part in whole.split("\n")):
        line = _cut(line)
        if len(kept) >= MOST_LINES - 1 or sum(map(len, kept)) + len(kept) + len(line) > MOST_CHARACTERS - 60:
            return "\n".join([*kept, "  … what follows is left out: see the report's attributes"])
        kept.append(line)
    return "\n".join(kept)


def _cut(line: str) -> str:
    """A line of a length that can be read: no arrays, and what is cut off is marked."""
    line = ARRAY.sub("…", line)
    if len(line) <= LONGEST:
        return line
    return line[: LONGEST - 2].rsplit(" ", 1)[0] + " …"


def _printed(report: BackwardReport) -> list[str]:
    right = [k for k, g in report.gradients.items() if g.ok]
    total = len(report.gradients)
    if report.not_to_be_told:
        warnings = [f"  warning: {w}" for w in report.warnings]
        return [f"{report.name}: undecided", f"  {report.not_to_be_told}", *warnings]
    some = f"{report.name}: {len(right)} of {total} gradients right"
    lines = [f"{report.name}: all {total} gradients right" if report.ok else some]
    if report.failure:
        lines.append(f"  it failed: {report.failure}")
    if report.inherited:
        lines.append(f"  {report.inherited}")
    explained: set[str] = set()
    for cause in [] if report.inherited else report.causes:
        explained.update(cause.explains)
        lines.extend(_cause_lines(report, cause))
    own = report.wrong if report.remains is None else [k for k in report.wrong if k in report.remains]
    rest = [] if report.inherited else [k for k in own if k not in explained]
    if rest and report.look_at:
        lines.append(_look_at(report.look_at, rest))
    for key in rest:
        lines.append(f"  {key} is wrong: {_how(report[key])}")
    if report.missing and not report.failure:
        lines.append(f"  not returned: {', '.join(report.missing)}")
    if report.unknown:
        lines.append(f"  not asked for: {', '.join(report.unknown)}")
    lines.extend(f"  undecided: {why}" for why in report.undecided)
    lines.extend(f"  excluded: {k} is {report[k].why}" for k in report.excluded)
    right = [k for k in right if k not in report.excluded]
    if right:
        lines.append(f"  right (checked to {report.digits:.0f} digits): {', '.join(right)}")
    lines.append(f"  compared with {report.basis}")
    lines.extend(f"  warning: {w}" for w in report.warnings)
    return lines


def _look_at(place: str, rest: list[str]) -> str:
    """Where to look first, for gradients whose mistakes are not known."""
    found = re.fullmatch(r"line (\d+) \((.*)\)", place)
    names = ", ".join(rest)
    if found is None:
        if len(rest) == 1:
            return f"  look at {place} first: {names} depends on it, and no gradient that is right does"
        return f"  look at {place} first: {names} depend on it, and no gradient that is right does"
    line, source = found[1], found[2]
    if len(rest) == 1:
        return f"  look at line {line} first, {source}: no gradient that is right depends on it, and {names} does"
    return f"  look at line {line} first, {source}: {names} depend on it, and no gradient that is right does"


def _cause_lines(report: BackwardReport, cause: Finding) -> list[str]:
    names = [cause.where] if "[" in cause.where else cause.where.split(", ")
    follow = [k for k in cause.explains if plain(k) != plain(cause.where) and k not in names]
    several = len(names) > 1
    head = f"  {_is_wrong(cause, several, ', '.join(follow), 's' * (len(follow) == 1))}"
    there = [f"    {_in_line(cause)}"] if cause.source else []
    if report.hints_only:
        return [head, *there, f"    kind of mistake: {cause.category}"]
    lines = [head, *there, _cut(f"    {_what_it_is(cause, several)}")]
    lines += [_cut(f"    or: {f.where} {f.words}") for f in report.also]
    if cause.line and GAP in cause.correct:
        return lines  # a formula of which most is left out says nothing
    correct = [_cut(line) for line in formulas_in(cause.correct)]
    lines.append("    correct: " + "\n             ".join(correct))
    if "(0; [" in cause.correct:
        lines.append("             where (0; [i] += x) is an array of zeros with x added at i")
    return lines


def _what_it_is(cause: Finding, several: bool) -> str:
    if cause.words == kinds.ANOTHER_VALUE.words:
        return "what is made there is not the value of the true pass"
    return f"each equals the true value {cause.words}" if several else f"it equals the true value {cause.words}"


def formulas_in(text: str) -> list[str]:
    """Formulas that stand one after another: they are apart where a semicolon stands within no brackets.

    Examples
    --------
    >>> formulas_in("da = (0; [:2] += db); dW = da xᵀ")
    ['da = (0; [:2] += db)', 'dW = da xᵀ']
    """
    found, depth = [""], 0
    for part in re.split(r"([()\[\]{}]|; )", text):
        depth = max(0, depth + (part in OPENING) - (part in CLOSING))
        if part == "; " and not depth:
            found.append("")
        else:
            found[-1] += part
    return found


def _is_wrong(cause: Finding, several: bool, follow: str, s: str) -> str:
    """What is wrong, and the gradients that are wrong because of it; in which line where that stands nowhere else."""
    where = f"{cause.where} (your {cause.own})" if cause.own else cause.where
    if cause.where.isidentifier() and cause.correct.startswith(f"for {cause.where} in "):
        where = f"the loop over {cause.where}"
    wrong = f"{where} are wrong" if several else f"{where} is wrong"
    if cause.line and not cause.source:
        wrong = f"{wrong} in line {cause.line} of {cause.file}" if cause.file else f"{wrong} in line {cause.line}"
    if not follow:
        return wrong
    return f"{wrong}; {follow} follow{s} from them" if several else f"{wrong}; {follow} follow{s} from it"


def _in_line(cause: Finding) -> str:
    """The line that was found, and what stands there."""
    line, file, source = cause.line, cause.file, cause.source
    if cause.category in LEFT_OUT:
        if file:
            return f"in line {line} of {file}, or in one that is missing before it: {source}"
        return f"in line {line}, or in one that is missing before it: {source}"
    return f"in line {line} of {file}: {source}" if file else f"in line {line}: {source}"


def _how(gradient: Gradient) -> str:
    found, true = gradient.found, gradient.true
    if gradient.problem:
        return gradient.problem
    if found is None or found.shape != true.shape:
        return f"its shape is {None if found is None else found.shape}, it should be {true.shape}"
    with np.errstate(all="ignore"):
        ratios = found[np.abs(true) > 1e-12] / true[np.abs(true) > 1e-12]
    ratio = float(ratios.flat[0]) if ratios.size > 1 else 1.0
    off = min(1e-6 * abs(ratio), 0.01 * abs(ratio - 1)) * np.max(np.abs(true), initial=0)
    if _meant(ratio) and np.max(np.abs(found - ratio * true)) < off:
        return f"it is {_apart(ratio, 1.0)[0]} times the true gradient"
    place = gradient.place or np.unravel_index(np.argmax(np.abs(found - true)), true.shape)
    where = ", ".join(str(int(i)) for i in place)
    said, wanted = _apart(float(found[place]), float(true[place]))
    return f"relative error {gradient.error:.2g}; at [{where}] {said} in place of {wanted}"


def _meant(ratio: float) -> bool:
    """Whether a factor is one that somebody could have meant: a whole number, its root, or one divided by these.

    One that is nearly 1 says that the gradient is nearly right.
    """
    if 0 < abs(ratio - 1) < NEARLY:
        return True
    for r in (ratio, 1 / ratio if ratio else 0.0):
        whole = round(r * r)
        if r not in (0.0, 1.0) and 0 < whole <= LARGEST**2 and abs(abs(r) - whole**0.5) < 1e-9 * abs(r):
            return whole <= LARGEST or round(abs(r)) ** 2 == whole
    return False


def _apart(a: float, b: float) -> tuple[str, str]:
    """Two numbers with as many digits as tell them apart, and one more."""
    for digits in range(6, 17):
        if f"{a:.{digits - 1}g}" != f"{b:.{digits - 1}g}":
            break
    return f"{a:.{digits}g}", f"{b:.{digits}g}"
