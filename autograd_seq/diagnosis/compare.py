"""A student's gradients beside the true ones: which differ, and why."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.asked_of_lines import Lines, Sought, Way, lines_of, with_lines
from autograd_seq.diagnosis.by_scores import by_scores
from autograd_seq.diagnosis.calling import chance_kept
from autograd_seq.diagnosis.drawn import LONG, SIZES
from autograd_seq.diagnosis.finding import EQUAL, Finding, difference, plain
from autograd_seq.diagnosis.one_run import SINGLE
from autograd_seq.diagnosis.outside import blame
from autograd_seq.diagnosis.own_names import Mistaken, in_own_names
from autograd_seq.diagnosis.report import BackwardReport, Gradient, formulas_in
from autograd_seq.diagnosis.right_line import with_own_line
from autograd_seq.diagnosis.rows_in_time import rows_of
from autograd_seq.diagnosis.search import FIRST_WORK, MOST_WORK, Search
from autograd_seq.diagnosis.seldom_collected import collected_seldom
from autograd_seq.diagnosis.settle import Judge
from autograd_seq.diagnosis.told_by_value import ToldByValue, is_told
from autograd_seq.diagnosis.true_values import TrueValues


@chance_kept()
@collected_seldom()
def compare(
    cases: Sequence[Any], name: str, warnings: list[str], hints_only: bool = False, causes: bool = True
) -> BackwardReport:
    """A report from two cases: ``truth``, ``true``, ``found``, ``failure``, ``problems`` and what `Judge` asks for.

    The causes are looked for if they are wanted, which is most of the work.
    """
    first, second = cases
    judges = [Judge(case) for case in cases]
    gradients = {key: _gradient(key, cases, judges) for key in first.true}
    said = list(dict.fromkeys([*warnings, *first.warnings, *second.warnings]))
    report = BackwardReport(
        name, gradients, warnings=said, basis=first.basis, failure=first.failure, hints_only=hints_only
    )
    report.warnings += [g.why for g in gradients.values() if g.answer == "right" and g.why]
    report.unknown = [k for k in first.found if k not in first.true]
    if second.failure and not first.failure:
        report.warnings.append(f"with other numbers it failed: {second.failure}")
    if causes and report.wrong and not second.failure:
        if first.truth is not None and second.truth is not None:
            _diagnose(report, first, second)
        elif not first.failure:
            _by_lines_alone(report, first, second)
    blamed = blame(first.function, report.failure, first.inputs, bool(report.wrong), first.forward)
    if report.failure and blamed:
        report.failure += "".join(f"\n  {said}" for said in blamed)
    else:
        report.warnings += blamed
    return report


def _gradient(key: str, cases: Sequence[Any], judges: Sequence[Judge]) -> Gradient:
    """One gradient, on both draws: what is wrong on either is wrong."""
    first, second = cases
    true, found = first.true[key], first.found.get(key)
    problem = first.problems.get(key) or second.problems.get(key)
    tolerance = max(first.tolerance, second.tolerance, _precision(found))
    if found is None:
        return Gradient(key, float("inf"), None, true, problem=problem, tolerance=tolerance)
    settled = judges[0].settle(key)
    if settled.answer != "wrong" and key in second.found and key in second.true:
        again = judges[1].settle(key)
        error = max(settled.error, again.error)
        if again.answer == "wrong" or (again.answer == "excluded" and settled.answer == "right"):
            settled, true, found = again, second.true[key], second.found[key]
        settled = replace(settled, error=error)
    return Gradient(
        key, settled.error, found, true, None, problem, tolerance, settled.answer, settled.why, settled.place
    )


def over_time(report: BackwardReport, case: Callable[[], Any]) -> None:
    """Compare a longer run too, where a pass that goes back over the first steps only is seen."""
    try:
        long = case()
    except UsageError:  # such as numbers that grow over the steps until they are none
        return
    report.failure = long.failure
    judge = Judge(long)
    for key, gradient in report.gradients.items():
        if key not in long.true or long.failure:
            continue
        found = long.found.get(key)
        if found is None or (settled := judge.settle(key)).answer == "wrong":
            said = f"right over {SIZES['T']} time steps and wrong over {LONG}: steps are left out"
            error = float("inf") if found is None else settled.error
            report.gradients[key] = replace(
                gradient, error=error, found=found, true=long.true[key], diagnosis=said, answer="wrong", place=None
            )
    if report.wrong:
        report.warnings.append(f"right over {SIZES['T']} time steps and wrong over {LONG}: are steps left out?")


def _diagnose(report: BackwardReport, first: Any, second: Any) -> None:
    read = [k for k in report.wrong if not report[k].problem]
    flat = [k for k in read if _keepdims(report[k])]
    for key in flat:
        report.causes.append(_shape_finding(report[key]))
    turned = [k for k in read if k not in flat and _is_turned(report[k])]
    told = {*flat, *turned}
    left = [k for k in read if k not in told and report[k].error >= report[k].tolerance]
    if left:
        tolerance = max(report[k].tolerance for k in left)
        causes = _in_their_form(report, (first, second), left, tolerance)
        report.causes.extend(c[0] for c in causes)
        report.also = [f for c in causes for f in c[1:]]
    if turned:
        lines = _Told((first, second), turned, max(report[k].tolerance for k in turned), report)
        report.causes.extend(lines.turned(key) for key in turned)
    for key in report.wrong:
        report.gradients[key] = replace(report[key], diagnosis=report[key].problem or _words(report, key))


def _by_lines_alone(report: BackwardReport, first: Any, second: Any) -> None:
    """The causes where there is no recording: the changes of somebody's lines that make gradients right."""
    wrong = [k for k in report.wrong if not report[k].problem and k in first.found and k in second.found]
    if not wrong:
        return
    try:
        lines = lines_of((first, second), wrong, max(report[k].tolerance for k in wrong), TrueValues.of(None))
        found, line = lines.mended("changes")
    except Exception as error:  # a program whose lines are of a kind that the changes were not made for
        report.warnings.append(f"no line is named, as the search for it failed: {type(error).__name__}: {error}")
        return
    report.causes.extend(found)
    report.look_at = f"line {line}" if line else None
    for key in wrong:
        report.gradients[key] = replace(report[key], diagnosis=_words(report, key))


def _in_their_form(
    report: BackwardReport, cases: Sequence[Any], left: list[str], tolerance: float
) -> list[list[Finding]]:
    """The causes, by the true pass in the form in which somebody wrote theirs: through 1 / ŷ, or ŷ − Y at once."""
    short = [by_scores(case.truth) for case in cases]
    as_they_are: Any = (cases[0], cases[1])
    if short[0] is not None and short[1] is not None:
        by_hand = [_with(case, made.truth) for case, made in zip(cases, short, strict=True) if made is not None]
        lines = _Told(by_hand, left, tolerance, report)
        if not lines.has(short[0].left_out):
            causes, unexplained = _causes(lines.search, lines, report)
            vague = [c for c in causes if c[0].category == kinds.IN_PLACE_OF.category]
            if not unexplained and not vague:
                return _with_targets(causes, lines.placed(causes), short[0].made)
            kept = report.look_at, report.together
            others = _Told(as_they_are, left, tolerance, report)
            others.knows(lines)
            again, still = _causes(others.search, others, report, FIRST_WORK // 2, FIRST_WORK // 2)
            clearer = len(again) <= len(causes) and not any(c[0].category == kinds.IN_PLACE_OF.category for c in again)
            if len(still) < len(unexplained) or (not still and clearer):
                return others.placed(again)
            report.look_at, report.together = kept
            return _with_targets(causes, lines.placed(causes), short[0].made)
    lines = _Told(as_they_are, left, tolerance, report)
    return lines.placed(_causes(lines.search, lines, report)[0])


def _with_targets(
    causes: list[list[Finding]], placed: list[list[Finding]], names: Collection[str]
) -> list[list[Finding]]:
    """Causes that say what a target is for which a program has an index only, where they are not its own lines."""

    def told(finding: Finding) -> Finding:
        found = re.search(rf"(?<!\w)({'|'.join(map(re.escape, names))})(<\d+>)?(?!\w)", finding.correct)
        if found is None:
            return finding
        return replace(finding, correct=f"{finding.correct}  ({found[0]} is 1 at the right class and 0 elsewhere)")

    if not names:
        return placed
    theirs = [c[0].line is not None for c in causes]
    return [c if own else [told(f) for f in c] for c, own in zip(placed, theirs, strict=True)]


def _with(case: Any, truth: Any) -> Any:
    """The same draw with its true pass in another form."""
    other = copy.copy(case)
    other.truth = truth
    return other


def _causes(
    search: Search, lines: _Told, report: BackwardReport, first: float = FIRST_WORK, most: float = MOST_WORK
) -> tuple[list[list[Finding]], list[str]]:
    """What was done wrong, by the true pass with something else in it and by somebody's own lines, whichever tells."""
    causes, unexplained = _found(search, report, first, FIRST_WORK // 4)
    report.look_at = search.common(unexplained)
    if any(_is_appearance(c[0]) or _is_assignment(c[0]) for c in causes):
        assigned, _ = lines.mended("assignments")
        everything = {k for c in assigned for k in c.explains} == set(search.wrong)
        if everything and any(_is_appearance(c[0]) for c in causes):
            return [[f] for f in assigned], []
        causes = [[_as_assigned(c[0], assigned), *c[1:]] for c in causes]
    if len(causes) == 1 and causes[0][0].category in (kinds.OFF_BY_ONE, kinds.LOOP_FORWARD.category):
        handed, _ = lines.mended("handed")  # whose loop it is, and which variable of one is read too late
        if handed and not _left(search, handed):
            return [[f] for f in handed], []
    if not unexplained and len(causes) == 1:
        return causes, unexplained
    valued, _ = lines.mended("values")
    if valued and not _left(search, valued) and all(map(is_told, valued)):
        if unexplained and len(valued) > 2:  # then two that show only together are likelier
            causes, unexplained = _found(search, report, first)
        if unexplained or len(valued) < len(causes):
            return [[f] for f in valued], []
        return causes, []
    mended, line = lines.mended("changes")
    left = _left(search, mended)
    if not unexplained:  # by several causes: fewer are likelier
        return ([[f] for f in mended], []) if mended and not left and len(mended) < len(causes) else (causes, [])
    if left and _left(search, valued) and (most > first or causes):  # nothing else tells: now it may take long
        causes, unexplained = _found(search, report, most)
    if len(left) <= len(unexplained):
        causes, unexplained = [[f] for f in mended], left
    if len(_left(search, valued)) < len(unexplained) and any(map(is_told, valued)):
        causes, unexplained = [[f] for f in valued], _left(search, valued)
    known = _where_to_look(lines, valued)
    report.look_at = known or (f"line {line}" if line else search.common(unexplained))
    report.together = [valued[0].explains] if known else []
    return causes, unexplained


def _is_appearance(finding: Finding) -> bool:
    """Whether a finding says what a gradient looks like, nothing or another one, and not how it came to be so.

    As one array that is kept at every step, and changed in place, looks like that of the last step.
    """
    nothing, *others = kinds.NEVER_ASSIGNED.words, kinds.ANOTHER_GRADIENT.words, kinds.AT_ANOTHER_STEP["last"].words
    ends = tuple(other.removeprefix("with {}") for other in others)
    return finding.words.startswith(nothing.partition(":")[0]) or finding.words.endswith(ends)


def _is_assignment(finding: Finding) -> bool:
    """Whether = stands for +=, or += for =, so that somebody's own line says best what is right."""
    return finding.category == "assignment" or finding.words in (kinds.CARRY_SUMMED.words, kinds.CARRY_KEPT.words)


def _as_assigned(finding: Finding, assigned: Sequence[Finding]) -> Finding:
    """A finding with the line that is to be changed, where a change of its assignment makes right what it explains."""
    for other in assigned:
        if _is_assignment(finding) and set(other.explains) == set(finding.explains) and other.correct:
            return replace(finding, line=other.line, file=other.file, correct=other.correct)
    return finding


def _where_to_look(lines: _Told, valued: Sequence[Finding]) -> str | None:
    """A line that is known to be wrong, with what it should make; not how it came to be so."""
    first = next(iter(valued), None)
    if first is None or not first.correct or is_told(first):
        return None
    first = lines.looked_at(first)
    of = f" of {first.file}" if first.file else ""
    return f"line {first.line}{of}, where {formulas_in(first.correct)[0]} should be made,"


def _left(search: Search, found: Sequence[Finding]) -> list[str]:
    """The wrong gradients that some findings do not explain."""
    return [k for k in search.wrong if not any(k in f.explains for f in found)]


def _found(
    search: Search, report: BackwardReport, most: float, behind: float = FIRST_WORK
) -> tuple[list[list[Finding]], list[str]]:
    """What a search finds; that it could not be made is no reason to keep back what is wrong."""
    try:
        return search.run(most, behind)
    except Exception as error:  # a program of a kind that the perturbations were not made for
        report.warnings.append(f"no diagnosis, as the search for it failed: {type(error).__name__}: {error}")
        return [], list(search.wrong)


class _Told:
    """What somebody's own lines tell; that they could not be looked at is no reason to keep back what is wrong."""

    def __init__(self, cases: Sequence[Any], wrong: list[str], tolerance: float, report: BackwardReport) -> None:
        first, second = cases
        self.search = Search((first.truth, first.found), (second.truth, second.found), wrong, tolerance)
        self._cases, self._report = cases, report
        self._lines: Lines | None = None
        self._mended: dict[Way, tuple[list[Finding], str]] = {}
        self._taken_over = False

    def knows(self, other: _Told) -> None:
        """Take over what changes of the same lines mend, by a true pass that is written in another form."""
        self._mended, self._taken_over = other._mended, True

    def has(self, values: Sequence[tuple[str, Array]]) -> bool:
        """Whether a line makes one of some values, a multiple of it, or a variable that is called so."""
        names = tuple(dict.fromkeys(name for name, _ in values if name))
        counts = {float(n) for _, v in values for n in (1, *v.shape, v.size)}
        made = [sign * n * v for _, v in values for n in counts for sign in (1.0, -1.0)]
        try:
            return self._own().located([Sought(names, (), made)]) not in ([], [None])
        except Exception:  # a program whose lines cannot be looked at
            return False

    def mended(self, way: Way) -> tuple[list[Finding], str]:
        """What changes mend, and the first line that is wrong where they do not mend everything."""
        if way in self._mended:
            return self._mended[way]
        try:
            found, line = self._own().mended(way)
            self._mended[way] = self._told(found), line
            return self._mended[way]
        except Exception as error:  # a program whose lines are of a kind that the changes were not made for
            said = f"no line is named, as the search for it failed: {type(error).__name__}: {error}"
            self._report.warnings.append(said)
            return [], ""

    def placed(self, causes: list[list[Finding]]) -> list[list[Finding]]:
        """Causes with the lines that they stand in."""
        first = [c[0] for c in causes]
        placed = first
        try:
            if not all(f.line for f in first):
                placed = with_lines(self._own(), first, self.search.wrong_values(first))
        except Exception:  # they are right without a line, too
            return causes
        named = [with_own_line(self._in_own_names(f, c, first)) for f, c in zip(placed, first, strict=True)]
        return [[f, *c[1:]] for f, c in zip(named, causes, strict=True)]

    def turned(self, key: str) -> Finding:
        """What is said of a gradient with its rows and columns exchanged."""
        category, words = kinds.TURNED()
        r = self.search.context.program.results[key]
        finding = Finding(category, key, words, self.search.context.where(r)[1], (key,))
        try:
            (placed,) = with_lines(self._own(), [finding], [[r._value.T]])
        except Exception:  # it is right without a line, too
            return finding
        return self._named(placed, ([r], {r: r._value.T}))

    def _in_own_names(self, placed: Finding, finding: Finding, among: Sequence[Finding]) -> Finding:
        """A finding that has its line in the names that stand around this line."""
        return self._named(placed, self.search.mistaken(finding, among) or self._strayed(finding))

    def _named(self, placed: Finding, mistake: tuple[list[Tensor], dict[Tensor, Array]] | None) -> Finding:
        if placed.line is None or mistake is None:
            return placed
        try:
            found = self._own().seen(placed.line, placed.file)
            if found is not None and found.caller and placed.category == kinds.NO_CARRY.category:
                line, source, file = found.caller
                return replace(placed, line=line, source=source, file=file)
            if found is None:
                return placed
            with np.errstate(all="ignore"):
                return in_own_names(placed, Mistaken(*mistake), found, self.search.context, self._same)
        except Exception:  # it is right in other names, too
            return placed

    def looked_at(self, finding: Finding) -> Finding:
        """A finding that says no more than which value a line should make, with that in the names around the line."""
        return self._named(finding, self._instead_of(finding))

    def _strayed(self, finding: Finding) -> tuple[list[Tensor], dict[Tensor, Array]] | None:
        """The value of the true pass in whose place a line made another, where its formula is told."""
        return self._instead_of(finding) if is_told(finding) else None

    def _instead_of(self, finding: Finding) -> tuple[list[Tensor], dict[Tensor, Array]] | None:
        strayed = finding.strayed
        if strayed is None or not strayed.lent or not finding.correct or self._taken_over:  # it is of the other pass
            return None
        r = self._rows[0][strayed.row][strayed.place]
        return [r], {r: strayed.value}

    def _same(self, some: Array, other: Array) -> bool:
        return difference(some, other) < self.search.tolerance

    def _own(self) -> Lines:
        if self._lines is None:
            known = TrueValues.of(self._cases[0].truth, *self._rows)
            self._lines = lines_of(self._cases, self.search.wrong, self.search.tolerance, known)
        return self._lines

    @cached_property
    def _rows(self) -> tuple[list[list[Tensor]], int]:
        return rows_of(self.search.context)

    def _told(self, found: list[Finding]) -> list[Finding]:
        """Findings with what is wrong with the values of their lines."""
        by_value = ToldByValue(self.search.context, self._rows[0], self._same)
        with np.errstate(all="ignore"):
            return [by_value.told(f) for f in found]


def _keepdims(gradient: Gradient) -> bool:
    """Whether only axes of length 1 are missing."""
    found, true = gradient.found, gradient.true
    return (
        found is not None
        and found.shape != true.shape
        and found.size == true.size
        and [n for n in found.shape if n != 1] == [n for n in true.shape if n != 1]
        and difference(found.reshape(true.shape), true) < gradient.tolerance
    )


def _is_turned(gradient: Gradient) -> bool:
    """Whether a matrix that is not square has its rows and columns exchanged, and is right else."""
    found, true = gradient.found, gradient.true
    if found is None or found.ndim != 2 or found.shape == true.shape or found.shape != true.shape[::-1]:
        return False
    return 1 not in true.shape and difference(found.T, true) < max(gradient.tolerance, EQUAL)


def _shape_finding(gradient: Gradient) -> Finding:
    shape = gradient.found.shape if gradient.found is not None else None
    words = f"with shape {shape} in place of {gradient.true.shape}: the values are right"
    return Finding("shape", gradient.name, words, "np.sum(..., axis=1, keepdims=True)", (gradient.name,))


def _words(report: BackwardReport, key: str) -> str | None:
    for cause in report.causes:
        if key in cause.explains:
            said = cause.category if report.hints_only else f"equals the true value {cause.words}"
            others = (
                ""
                if report.hints_only
                else "".join(
                    f"; or {f.where} {f.words}" for f in report.also if f.where != cause.where or f.words != cause.words
                )
            )
            if plain(key) in map(plain, cause.where.split(", ")):
                return f"{key}: {said}{others}"
            kind = "has a mistake of this kind: " if report.hints_only else ""
            return f"{key} follows from {cause.where}, which {kind}{said}{others}"
    return None


def _precision(found: Array | None) -> float:
    """How far a right gradient may be off, by the number of bits that it was returned in."""
    return EQUAL if found is None else SINGLE.get(found.dtype, EQUAL)
