"""For whoever teaches: the smallest change to a student's own line that makes a function right, tried in the cage."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from autograd_seq.core.errors import AutogradError
from autograd_seq.diagnosis.course import FUNCTIONS, _Case, check_function
from autograd_seq.diagnosis.grouped import flattened
from autograd_seq.diagnosis.handwritten import check_backward
from autograd_seq.diagnosis.search import EQUAL, difference
from autograd_seq.grading.edits import Edit, edits
from autograd_seq.grading.hints import at_fault
from autograd_seq.grading.own_process import NoAnswerError, OwnProcess
from autograd_seq.grading.remote import RemoteBackward, RemoteForward, RemoteFunction
from autograd_seq.grading.tasks import Given, Task

SECONDS = 10.0  # for the search in one function
MOST_TRIED = 2_000


def smallest_change(new: Callable[[], OwnProcess], source: str, task: Task, report: Any, given: Given) -> Edit | None:
    """The smallest edit of one line with which a function is right; None if none of those that are tried makes it so.

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
    lines = [number for where, explains in wanted for number in at_fault(source, task.name, where, explains)]
    until = time.monotonic() + SECONDS
    process = new()
    try:
        for tried, (edit, changed) in enumerate(edits(source, task.name, lines)):
            if tried >= MOST_TRIED or time.monotonic() > until:
                return None
            if _is_right(process, changed, task, given) and _is_right_in_full(process, task, given):
                return edit
    except (NoAnswerError, SyntaxError, ValueError):  # an edit that does not end, say, which ends the process
        return None
    finally:
        process.end()
    return None


def _is_right(process: OwnProcess, changed: str, task: Task, given: Given) -> bool:
    """Whether a changed text is right on one draw: most are not, and this is quickly seen."""
    process.ask("load", source=changed)
    if task.name not in FUNCTIONS:
        return True  # that of others is seen in full only
    found = _first_case(process, task, given)
    return found is not None and all(
        key in found.found and difference(found.found[key], true) < EQUAL for key, true in found.true.items()
    )


def _first_case(process: OwnProcess, task: Task, given: Given) -> Any:
    try:
        return _Case(RemoteFunction(process, task.name), FUNCTIONS[task.name], given.seed)
    except AutogradError:  # it returns no dict any more
        return None


def _is_right_in_full(process: OwnProcess, task: Task, given: Given) -> bool:
    try:
        if task.name in FUNCTIONS:
            return bool(check_function(RemoteFunction(process, task.name), task.name, given.seed).ok)
        inputs, groups = flattened(task.inputs or given.module.own_inputs)
        forward, backward = RemoteForward(process, task.forward, groups), RemoteBackward(process, task.name)
        return check_backward(forward, backward, inputs, given.seed, hints_only=True).ok
    except AutogradError:
        return False
