"""A student's gradients beside the true ones: which differ, and why."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError
from autograd_seq.core.tensor import Tensor
from autograd_seq.diagnosis import kinds
from autograd_seq.diagnosis.calling import plain as plain_array
from autograd_seq.diagnosis.drawn import LONG, SIZES
from autograd_seq.diagnosis.given import real
from autograd_seq.diagnosis.mend import Way
from autograd_seq.diagnosis.outside import blame
from autograd_seq.diagnosis.own_lines import Lines, lines_of, with_lines
from autograd_seq.diagnosis.report import BackwardReport, Gradient, formulas_in, plain
from autograd_seq.diagnosis.rows_in_time import rows_of
from autograd_seq.diagnosis.search import EQUAL, FIRST_WORK, MOST_WORK, Finding, Search, difference
from autograd_seq.diagnosis.settle import Judge
from autograd_seq.diagnosis.told_by_value import ToldByValue, is_told
from autograd_seq.diagnosis.true_values import TrueValues

_SINGLE = {np.dtype(np.float32): 1e-5, np.dtype(np.float16): 2e-2}


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
    if causes and report.wrong and first.truth is not None and second.truth is not None and not second.failure:
        _diagnose(report, first, second)
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
    left = [k for k in read if k not in flat and report[k].error >= report[k].tolerance]
    if left:
        tolerance = max(report[k].tolerance for k in left)
        search = Search((first.truth, first.found), (second.truth, second.found), left, tolerance)
        lines = _Told([first, second], search, report)
        causes, _unexplained = _causes(search, lines, report)
        causes = lines.placed(causes)
        report.causes.extend(c[0] for c in causes)
        report.also = [f for c in causes for f in c[1:]]
    for key in report.wrong:
        report.gradients[key] = replace(report[key], diagnosis=report[key].problem or _words(report, key))


def _causes(search: Search, lines: _Told, report: BackwardReport) -> tuple[list[list[Finding]], list[str]]:
    """What was done wrong, by the true pass with something else in it and by somebody's own lines, whichever tells."""
    causes, unexplained = _found(search, report, FIRST_WORK)
    report.look_at = search.common(unexplained)
    if any(_is_appearance(c[0]) for c in causes):
        assigned, _ = lines.mended("assignments")
        if {k for c in assigned for k in c.explains} == set(search.wrong):
            return [[f] for f in assigned], []
    if not unexplained and len(causes) == 1:
        return causes, unexplained
    valued, _ = lines.mended("values")
    if valued and not _left(search, valued) and all(map(is_told, valued)):
        if unexplained or len(valued) < len(causes):
            return [[f] for f in valued], []
        return causes, []
    mended, line = lines.mended("changes")
    left = _left(search, mended)
    if not unexplained:  # by several causes: fewer are likelier
        return ([[f] for f in mended], []) if mended and not left and len(mended) < len(causes) else (causes, [])
    if left and _left(search, valued) and not search.ended:
        causes, unexplained = _found(search, report, MOST_WORK)
    if len(left) <= len(unexplained):
        causes, unexplained = [[f] for f in mended], left
    if len(_left(search, valued)) < len(unexplained) and any(map(is_told, valued)):
        causes, unexplained = [[f] for f in valued], _left(search, valued)
    known = _where_to_look(valued)
    report.look_at = known or (f"line {line}" if line else search.common(unexplained))
    report.together = [valued[0].explains] if known else []
    return causes, unexplained


def _is_appearance(finding: Finding) -> bool:
    """Whether a finding says what a gradient looks like, nothing or another one, and not how it came to be so."""
    nothing, another = kinds.NEVER_ASSIGNED.words, kinds.ANOTHER_GRADIENT.words.removeprefix("with {}")
    return finding.words.startswith(nothing.partition(":")[0]) or finding.words.endswith(another)


def _where_to_look(valued: Sequence[Finding]) -> str | None:
    """A line that is known to be wrong, with what it should make; not how it came to be so."""
    first = next(iter(valued), None)
    if first is None or not first.correct or is_told(first):
        return None
    of = f" of {first.file}" if first.file else ""
    return f"line {first.line}{of}, where {formulas_in(first.correct)[0]} should be made,"


def _left(search: Search, found: Sequence[Finding]) -> list[str]:
    """The wrong gradients that some findings do not explain."""
    return [k for k in search.wrong if not any(k in f.explains for f in found)]


def _found(search: Search, report: BackwardReport, most: float) -> tuple[list[list[Finding]], list[str]]:
    """What a search finds; that it could not be made is no reason to keep back what is wrong."""
    try:
        return search.run(most)
    except Exception as error:  # a program of a kind that the perturbations were not made for
        report.warnings.append(f"no diagnosis, as the search for it failed: {type(error).__name__}: {error}")
        return [], list(search.wrong)


class _Told:
    """What somebody's own lines tell; that they could not be looked at is no reason to keep back what is wrong."""

    def __init__(self, cases: Sequence[Any], search: Search, report: BackwardReport) -> None:
        self._cases, self._search, self._report = cases, search, report
        self._lines: Lines | None = None

    def mended(self, way: Way) -> tuple[list[Finding], str]:
        """What changes mend, and the first line that is wrong where they do not mend everything."""
        try:
            found, line = self._own().mended(way)
            return self._told(found), line
        except Exception as error:  # a program whose lines are of a kind that the changes were not made for
            said = f"no line is named, as the search for it failed: {type(error).__name__}: {error}"
            self._report.warnings.append(said)
            return [], ""

    def placed(self, causes: list[list[Finding]]) -> list[list[Finding]]:
        """Causes with the lines that they stand in."""
        first = [c[0] for c in causes]
        if not causes or all(f.line for f in first):
            return causes
        try:
            first = with_lines(self._own(), first, self._search.wrong_values(first))
        except Exception:  # they are right without a line, too
            return causes
        return [[f, *c[1:]] for f, c in zip(first, causes, strict=True)]

    def _own(self) -> Lines:
        if self._lines is None:
            known = TrueValues.of(self._cases[0].truth, *self._rows)
            self._lines = lines_of(self._cases, self._search.wrong, self._search.tolerance, known)
        return self._lines

    @cached_property
    def _rows(self) -> tuple[list[list[Tensor]], int]:
        return rows_of(self._search.context)

    def _told(self, found: list[Finding]) -> list[Finding]:
        """Findings with what is wrong with the values of their lines."""

        def same(some: Array, other: Array) -> bool:
            return difference(some, other) < self._search.tolerance

        by_value = ToldByValue(self._search.context, self._rows[0], same)
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


def run_backward(call: Callable[[], Any]) -> tuple[dict[str, Array], str | None, dict[str, str]]:
    """The gradients that a student's function returns, in words how it failed, and which cannot be read and why."""
    try:
        answer = call()
    except Exception as error:  # whatever a student's program raises is an answer to report
        return {}, f"{type(error).__name__}: {error}{student_line(error)}", {}
    if not isinstance(answer, Mapping):
        raise UsageError(
            f"backward must return a dict of gradients with keys such as 'dWaa', not {type(answer).__name__}"
        )
    found, problems = {}, {}
    for key, value in answer.items():
        if value is None:
            continue
        try:
            value = plain_array(value)
            array = real(value, "it")
            single = getattr(value, "dtype", None) in _SINGLE
            found[str(key)] = array.astype(value.dtype) if single else array
        except UsageError as error:
            problems[str(key)] = str(error)
    return found, None, problems


def _precision(found: Array | None) -> float:
    """How far a right gradient may be off, by the number of bits that it was returned in."""
    return EQUAL if found is None else _SINGLE.get(found.dtype, EQUAL)


def student_line(error: Exception) -> str:
    """Where a student's program failed; an error that came from another process says it itself."""
    told: str | None = getattr(error, "student_line", None)
    if told is not None:
        return told
    own = str(Path(__file__).parent)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(own)]
    return f"\n  at {frames[-1].filename}:{frames[-1].lineno}: {frames[-1].line}" if frames else ""
