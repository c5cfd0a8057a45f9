"""Marks: a mistake counts once, however many gradients follow from it; what an earlier one spoils does not count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograd_seq.grading.submission import Cause, FunctionVerdict


def marked(name: str, report: Any, text: str, data: Mapping[str, Any], points: float) -> FunctionVerdict:
    """The verdict on one function, with its marks.

    Each gradient is worth the same. A mistake costs one gradient's worth, and so does a gradient that is wrong or
    missing for no cause that was found. A function that is right with a right cell in the place of its own costs
    nothing, and one that fails is worth nothing.

    Parameters
    ----------
    name : str
        The function's.
    report : BackwardReport or ForwardReport
        What came of comparing.
    text : str
        The report as it is to be printed.
    data : mapping
        The same as plain data.
    points : float
        What a right one is worth.
    """
    if report.ok:
        return FunctionVerdict(name, "right", None, data, text, points, points)
    causes = tuple(Cause(c.category, c.where, c.general or c.words) for c in report.causes)
    carried = bool(getattr(report, "inherited", None))
    mistakes, astray = count(report)
    total = max(len(report.gradients), 1)
    share = 0.0 if report.failure else max(0.0, 1.0 - mistakes / total)
    mark = points if carried else round(points * share, 4)
    return FunctionVerdict(
        name, "wrong", None, data, text, mark, points, 0 if carried else mistakes, max(astray - mistakes, 0), carried,
        () if carried else causes,
    )  # fmt: skip


def count(report: Any) -> tuple[int, int]:
    """How many mistakes there are, and how many gradients are wrong or missing.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_seq import check_backward
    >>> def forward(x, W):
    ...     a = np.tanh(W @ x)
    ...     return {"a": a}, (x, W, a)
    >>> def backward(upstream, cache):
    ...     x, W, a = cache
    ...     dz = upstream["a"] * (1 - a)
    ...     return {"dx": W.T @ dz, "dW": dz @ x.T}
    >>> count(check_backward(forward, backward, {"x": ("n_x", "m"), "W": ("n_a", "n_x")}))
    (1, 2)
    """
    astray = [*report.wrong, *report.missing]
    remains = getattr(report, "remains", None)
    astray = astray if remains is None else [key for key in astray if key in remains]
    explained = {key for cause in report.causes for key in cause.explains}
    rest = [key for key in astray if key not in explained]
    mistakes = len(report.causes)
    for keys in getattr(report, "together", ()):
        mistakes += any(key in rest for key in keys)
        rest = [key for key in rest if key not in keys]
    return mistakes + len(rest), len(astray)
