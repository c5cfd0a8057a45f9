"""For whoever teaches: the smallest changes to a student's own lines that make a function right, tried in the cage."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from autograd_seq.core.errors import AutogradError
from autograd_seq.diagnosis.course import FUNCTIONS, _Case, check_function
from autograd_seq.diagnosis.finding import EQUAL, difference
from autograd_seq.diagnosis.grouped import flattened
from autograd_seq.diagnosis.handwritten import check_backward
from autograd_seq.diagnosis.report import formulas_in
from autograd_seq.grading.edits import Edit, edits, rewritten
from autograd_seq.grading.formula_code import offers
from autograd_seq.grading.hints import at_fault
from autograd_seq.grading.own_process import NoAnswerError, OwnProcess
from autograd_seq.grading.remote import RemoteBackward, RemoteForward, RemoteFunction
from autograd_seq.grading.tasks import Given, Task

SECONDS = 10.0  # for the search in one function
SECONDS_SMALLER = 3.0  # for one that is smaller than one that is known
MOST_WAYS = 16  # of writing several formulas
MOST_TRIED = 2_000
MOST_EDITS = 3


def smallest_changes(
    new: Callable[[], OwnProcess], source: str, task: Task, report: Any, given: Given
) -> tuple[Edit, ...]:
    """The smallest edits of lines with which a function is right, one for each mistake; none if none were found.

    Parameters
    ----------
    new : callable
        Gives a new process that has loaded the submission.
    source : str
        The submission's text.
    task : Task
        What is asked of the function.
    report : BackwardReport
        What is wrong with it.
    given : Given
        What it was judged with.
    """
    wanted = [(cause.where.split(", "), cause.explains) for cause in report.causes] or [(report.wrong, report.wrong)]
    own = [cause.line for cause in report.causes if cause.line and not cause.file]
    lines = [*own, *(number for where, explains in wanted for number in at_fault(source, task.name, where, explains))]
    search = _Search(new, task, given)
    try:
        known = search.by_formulas(source, report.causes)
        if known:
            return search.smaller(source, known) or known
        by_causes = search.by_causes(source, report.causes) or search.line_by_line(source, own, len(report.wrong))
        return by_causes or search.one_by_one(source, lines, len(report.wrong))
    except (NoAnswerError, SyntaxError, ValueError):  # an edit that does not end, say, which ends the process
        return ()
    finally:
        search.end()


class _Search:
    """Tries changed texts of one submission in a process of its own."""

    def __init__(self, new: Callable[[], OwnProcess], task: Task, given: Given) -> None:
        self._process, self._task, self._given = new(), task, given
        self._until = time.monotonic() + SECONDS
        self._tried = 0

    def end(self) -> None:
        """End the process."""
        self._process.end()

    def by_formulas(self, source: str, causes: Sequence[Any]) -> tuple[Edit, ...]:
        """The right formulas of the report, written in the place of the wrong ones, if all is right with them."""
        if not causes or any(cause.file or not cause.line for cause in causes):
            return ()
        last_first = sorted(causes, key=lambda cause: -cause.line)
        ways: list[tuple[tuple[Edit, ...], str]] = [((), source)]
        for cause in last_first:
            ways = [
                ((edit, *made), changed)
                for made, text in ways
                for formula in formulas_in(cause.correct)
                for edit, changed in offers(text, cause.line, formula)
            ]
        return next((made for made, changed in ways[:MOST_WAYS] if self._makes_right(changed)), ())

    def smaller(self, source: str, known: tuple[Edit, ...]) -> tuple[Edit, ...]:
        """In the place of one new line the one that differs least from the student's own, if there is one."""
        if len(known) > 1:
            return ()
        until = min(self._until, time.monotonic() + SECONDS_SMALLER)
        for edit, changed in edits(source, self._task.name, [known[0].line]):
            if edit.line != known[0].line or time.monotonic() > until:
                return ()
            if self._makes_right(changed):
                return (edit,)
        return ()

    def _makes_right(self, changed: str) -> bool:
        return self._wrong_left(changed) in (None, 0) and self._is_right()

    def by_causes(self, source: str, causes: Sequence[Any]) -> tuple[Edit, ...]:
        """The lines as the causes say that they should be, if all of them say it."""
        if len(causes) < 2 or any(cause.source or cause.file or not cause.line for cause in causes):
            return ()
        changed = source
        found = []
        for line in sorted({cause.line for cause in causes}, reverse=True):
            correct = next(cause.correct for cause in causes if cause.line == line)
            edited = rewritten(changed, line, correct)
            if edited is None:
                return ()
            found.append(edited[0])
            changed = edited[1]
        return tuple(reversed(found)) if self._makes_right(changed) else ()

    def line_by_line(self, source: str, lines: list[int], left: int) -> tuple[Edit, ...]:
        """For each of several lines the first edit that makes something right, if all is right with them."""
        made: list[Edit] = []
        for line in dict.fromkeys(lines) if len(set(lines)) > 1 else ():
            for edit, changed in edits(source, self._task.name, [line]):
                if edit.line != line or time.monotonic() > self._until:
                    break
                wrong = self._wrong_left(changed)
                if wrong is not None and wrong < left:
                    left, source = wrong, changed
                    made.append(edit)
                    break
        if not made or left:
            return ()
        self._wrong_left(source)  # which loads it
        return tuple(made) if self._is_right() else ()

    def one_by_one(self, source: str, lines: list[int], left: int) -> tuple[Edit, ...]:
        """The edit that makes all right, or else one that makes something right, and what makes the rest right then."""
        made: list[Edit] = []
        while len(made) < MOST_EDITS:
            best: tuple[int, Edit, str] | None = None
            for edit, changed in edits(source, self._task.name, lines):
                self._tried += 1
                if self._tried >= MOST_TRIED or time.monotonic() > self._until:
                    return ()
                wrong = self._wrong_left(changed)
                if wrong in (None, 0) and self._is_right():
                    return (*made, edit)
                if wrong is not None and wrong < left and (best is None or wrong < best[0]):
                    best = wrong, edit, changed
            if best is None:
                return ()
            left, edit, source = best
            made.append(edit)
        return ()

    def _wrong_left(self, changed: str) -> int | None:
        """How many gradients are wrong on one draw; None of those that are seen in full only."""
        self._process.ask("load", source=changed)
        if self._task.name not in FUNCTIONS:
            return None
        try:
            case = _Case(RemoteFunction(self._process, self._task.name), FUNCTIONS[self._task.name], self._given.seed)
        except AutogradError:  # it returns no dict any more
            return len(FUNCTIONS[self._task.name].shapes())
        return sum(k not in case.found or difference(case.found[k], true) >= EQUAL for k, true in case.true.items())

    def _is_right(self) -> bool:
        task, given = self._task, self._given
        try:
            if task.name in FUNCTIONS:
                return bool(check_function(RemoteFunction(self._process, task.name), task.name, given.seed).ok)
            inputs, groups = flattened(task.inputs or given.module.own_inputs)
            forward = RemoteForward(self._process, task.forward, groups)
            backward = RemoteBackward(self._process, task.name)
            return check_backward(forward, backward, inputs, given.seed, hints_only=True).ok
        except AutogradError:
            return False
