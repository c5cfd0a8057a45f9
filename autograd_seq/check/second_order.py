"""Whether a rule that gives the right numbers can be differentiated itself, and whether it keeps its digits.

What a rule records is differentiated again for second derivatives. A step of it that cuts the gradient of what
depends on the inputs leaves the numbers as they are, but makes every second derivative through it wrong.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq.check.application import Application
from autograd_seq.core.tensor import Tensor


def cut_within(application: Application) -> str:
    """Which step of a rule cuts off what depends on its inputs, in words; empty if none does.

    Examples
    --------
    >>> from autograd_seq import Parameter, tanh
    >>> from autograd_seq.check.application import Use
    >>> y = tanh(Parameter([0.5, -1.0], "x"))
    >>> cut_within(Use.of(y, np.ones(2)).apply(0))
    ''
    """
    depends = dependent(application, {*application.use.inputs, application.use.result, application.use.adjoint})
    alive = {application.piece}
    for step in reversed(application.steps):
        if step not in alive or step.operation is None:
            continue
        rules: Any = step.operation.vjp
        for i, x in enumerate(step.inputs):
            if rules is not None and rules[i] is not None:
                alive.add(x)
            elif step.operation.cuts and x in depends and x.dtype.kind == "f":
                return (
                    f"the rule gives the right numbers, but {step.operation.name} in it cuts off what depends on "
                    "the inputs: every second derivative through this record is wrong"
                )
    return ""


def rounded_within(application: Application) -> str:
    """Which step of a rule loses digits that the inputs, the result and the adjoint have; empty if none does."""
    use, record = application.use, application.use.record
    floats = [x.dtype for x in (*record.inputs, record) if x.dtype.kind == "f"]
    least = max(np.finfo(d).eps for d in floats)
    depends = dependent(application, {use.adjoint})
    for step in application.steps:
        if step in depends and step.dtype.kind == "f" and np.finfo(step.dtype).eps > least:
            given = max(floats, key=lambda d: np.finfo(d).eps)
            return f"the rule rounds to {step.dtype} what it is given in {given}"
    return ""


def dependent(application: Application, start: set[Tensor]) -> set[Tensor]:
    """What the rule computed from these."""
    found = set(start)
    for step in application.steps:
        if any(x in found for x in step.inputs):
            found.add(step)
    return found
