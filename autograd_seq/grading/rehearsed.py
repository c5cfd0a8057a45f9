"""An assignment tried on its own reference: what fails there would be held against everybody who is graded."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from autograd_seq.core.errors import AutogradError, UsageError
from autograd_seq.core.source_line import here, raising_line
from autograd_seq.diagnosis.grouped import flattened, taking_parts
from autograd_seq.diagnosis.handwritten import check_backward
from autograd_seq.grading.tasks import Task, named

SEED = 0


def try_task(task: Task, defined: Mapping[str, Any], where: str) -> None:
    """Call what judges a function on inputs that are drawn for it.

    Parameters
    ----------
    task : Task
        What is asked.
    defined : mapping
        What the reference defines.
    where : str
        The place in the assignment, for messages.

    Raises
    ------
    UsageError
        If the reference fails on these inputs, gives other results than the assignment says, or has a backward
        function of the same name that is wrong.
    """
    if task.reference is None:
        return
    name = getattr(task.reference, "__name__", task.name)
    values = task.drawn(SEED)
    try:
        answer = (
            task.reference(**copy.deepcopy(values)) if task.kind == "backward"
            else task.reference(*copy.deepcopy(list(values.values())))
        )  # fmt: skip
    except Exception as error:  # somebody's own program
        line = raising_line(error)
        said = f"the reference's {name} fails on the inputs that it says: {type(error).__name__}: {error}"
        raise UsageError(f"{where}: {said}{here(line) if line else ''}") from error
    if task.kind == "forward":
        _as_many_results(task, answer, where)
    elif callable(own := defined.get(task.name)):
        _right_itself(task, own, where)


def _as_many_results(task: Task, answer: Any, where: str) -> None:
    wanted = [key for key in task.returns if key != "-"]
    given = named(answer, task.returns)
    absent = [key for key in wanted if not any(k == key or k.startswith(f"{key}.") for k in given)]
    if absent:
        raise UsageError(f"{where}: returns has {', '.join(absent)}, but the reference gives fewer results")


def _right_itself(task: Task, backward: Any, where: str) -> None:
    """Have the reference's own backward function checked as a student's would be."""
    assert task.reference is not None
    inputs, groups = flattened(task.inputs)
    try:
        report = check_backward(taking_parts(task.reference, groups), backward, inputs, SEED, hints_only=True)
    except AutogradError:  # it has no cache, say: it is there for its values alone
        return
    astray = [*report.wrong, *report.missing]
    if astray:
        raise UsageError(f"{where}: {task.name} of the reference is wrong itself: {', '.join(astray)}\n{report}")


def meant(name: str, defined: Mapping[str, Any]) -> str:
    """What the reference has in place of a function that it lacks."""
    from difflib import get_close_matches  # nobody needs it until something is wrong

    near = get_close_matches(name, defined, 1)
    return f"; is {near[0]} meant?" if near else ""
