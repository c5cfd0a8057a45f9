"""What an assignment asks of one function, and how it is judged: forward passes by a reference, backward ones by it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import AutogradError, UsageError
from autograd_seq.diagnosis.carried import blame
from autograd_seq.diagnosis.course import FUNCTIONS, FileReport, check_one
from autograd_seq.diagnosis.finding import Finding, difference
from autograd_seq.diagnosis.grouped import flattened, taking_parts
from autograd_seq.diagnosis.handwritten import compared
from autograd_seq.diagnosis.report import BackwardReport
from autograd_seq.diagnosis.truth import outputs_of
from autograd_seq.grading.arguments_drawn import arguments
from autograd_seq.grading.by_values import NewProcess, agree
from autograd_seq.grading.own_process import NoAnswerError
from autograd_seq.grading.packing import Shown
from autograd_seq.grading.remote import RemoteBackward, RemoteForward, RemoteModule, StudentError
from autograd_seq.translation.reader import translated

CLOSE = 1e-7  # relative: sums in another order differ by less, and mistakes by more


@dataclass(frozen=True)
class Task:
    """What is asked of one function.

    Attributes
    ----------
    name : str
        The function's.
    kind : str
        ``"forward"``, which a reference judges; ``"backward"``, of a forward pass; or ``"course"``, one of the
        course's backward functions.
    points : float
        What it is worth.
    inputs : dict
        By each argument's name what is drawn for it.
    returns : tuple of str
        What a forward function's results are called, in order; ``"-"`` is not compared.
    reference : callable, optional
        A right forward function.
    expected : dict, optional
        The right results, where the inputs are given as numbers.
    forward : str
        For a backward function, its forward pass's name.
    optional : bool
        Whether a submission that does not define it is judged without it.
    arguments : tuple of str
        The order of a forward function's arguments, where it is not that of the inputs.
    """

    name: str
    kind: str
    points: float = 1.0
    inputs: Mapping[str, Any] = field(default_factory=dict)
    returns: tuple[str, ...] = ()
    reference: Callable[..., Any] | None = None
    expected: Mapping[str, Any] | None = None
    forward: str = "forward"
    optional: bool = False
    arguments: tuple[str, ...] = ()

    def drawn(self, seed: int) -> dict[str, Any]:
        """Its arguments, in order."""
        values = arguments(self.inputs, seed)
        return {key: values[key] for key in self.arguments} if self.arguments else values

    @property
    def needs(self) -> tuple[str, ...]:
        """The functions that a submission must define for it."""
        return (self.forward, self.name) if self.kind == "backward" else (self.name,)


@dataclass(frozen=True)
class Given:
    """A submission to judge: its functions, what was found so far, what is drawn with, and which pairs were wrong."""

    module: RemoteModule
    reports: FileReport
    seed: int
    hints_only: bool
    new: NewProcess
    wrong_before: tuple[Task, ...] = ()


@dataclass(frozen=True)
class Result:
    """One result of a forward function: what was found, what is right, and how far they are apart."""

    error: float
    found: Array | None
    true: Array
    problem: str | None = None

    @property
    def ok(self) -> bool:
        """Whether it is right."""
        return self.problem is None and self.error < CLOSE


@dataclass
class ForwardReport:
    """What came of comparing a forward function with a reference; each result is to it what a gradient is to others."""

    name: str
    gradients: dict[str, Result]
    failure: str | None = None
    causes: list[Finding] = field(default_factory=list)
    hints_only: bool = False
    what: str = "results"

    @property
    def ok(self) -> bool:
        """Whether every result is there and right."""
        return bool(self.gradients) and self.failure is None and not self.wrong and not self.missing

    @property
    def wrong(self) -> list[str]:
        """The results that are there and not right."""
        return [k for k, g in self.gradients.items() if (g.found is not None or g.problem) and not g.ok]

    @property
    def missing(self) -> list[str]:
        """The results that were not returned."""
        return [k for k, g in self.gradients.items() if g.found is None and not g.problem]

    def to_json(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "name": self.name, "status": "checked" if self.ok else "refuted", "ok": self.ok, "wrong": self.wrong,
            "missing": self.missing, "failure": self.failure,
            "errors": {k: g.error for k, g in self.gradients.items() if np.isfinite(g.error)},
            "causes": [], "warnings": [],
        }  # fmt: skip

    def __str__(self) -> str:
        right = [k for k, g in self.gradients.items() if g.ok]
        total = len(self.gradients)
        some = f"{self.name}: {len(right)} of {total} results right"
        lines = [f"{self.name}: all {total} results right" if self.ok else some]
        lines += [f"  it failed: {self.failure}"] if self.failure else []
        lines += [f"  {k} is wrong: {_how(self.gradients[k], self.hints_only)}" for k in self.wrong]
        lines += [f"  not returned: {', '.join(self.missing)}"] if self.missing and not self.failure else []
        return translated("\n".join([*lines, "  compared with the reference"]))


def _how(gradient: Result, hints_only: bool) -> str:
    found, true = gradient.found, gradient.true
    if gradient.problem or found is None:
        return gradient.problem or "it is not there"
    if found.shape != true.shape:
        return f"its shape is {found.shape}, it should be {true.shape}"
    if hints_only or not found.size:
        return f"relative error {gradient.error:.2g}"
    place = np.unravel_index(np.argmax(np.nan_to_num(np.abs(found - true), nan=np.inf)), true.shape)
    where = ", ".join(str(int(i)) for i in place)
    return f"relative error {gradient.error:.2g}; at [{where}] {found[place]:.6g} in place of {true[place]:.6g}"


def judged(task: Task, given: Given) -> Any:
    """Judge one function of a submission.

    Raises
    ------
    UsageError
        If there is nothing to compare.
    NoAnswerError
        If the submission gives no answer.
    """
    if task.kind == "forward":
        return _forward(task, given)
    if task.kind == "backward":
        return _backward(task, given)
    report = check_one(given.reports, given.module, task.name, given.seed, given.hints_only)  # type: ignore[arg-type]
    return report if task.name in FUNCTIONS else own_forward(report, task, given.module.own_inputs, given)


# -- forward functions ----------------------------------------------------------------------------------------


def _forward(task: Task, given: Given) -> ForwardReport:
    found: dict[str, Result] = {}
    function = getattr(given.module, task.name)
    for draw in range(1 if task.expected is not None else 2):
        values = task.drawn(given.seed + draw)
        true = _true(task, values)
        try:
            own = named(function(*copy.deepcopy(list(values.values()))), task.returns)
        except Exception as error:  # whatever a student's program raises is an answer to report
            place = getattr(error, "student_line", "")
            gone = {k: Result(float("inf"), None, v) for k, v in true.items()}
            return ForwardReport(task.name, gone, f"{type(error).__name__}: {error}{place}")
        for key, wanted in true.items():
            now = _compared(own.get(key), wanted)
            if key not in found or now.error > found[key].error:
                found[key] = now
    return ForwardReport(task.name, found)


def _true(task: Task, values: Mapping[str, Any]) -> dict[str, Array]:
    if task.expected is not None:
        return {key: np.asarray(value) for key, value in task.expected.items()}
    assert task.reference is not None
    answer = named(task.reference(*copy.deepcopy(list(values.values()))), task.returns)
    return {key: np.asarray(value) for key, value in answer.items()}


def named(answer: Any, returns: tuple[str, ...]) -> dict[str, Any]:
    """The results of a function by name: those of a tuple as they are listed, those of a dict by its keys.

    Examples
    --------
    >>> named((1.0, 2.0, "cache"), ("a", "y", "-"))
    {'a': 1.0, 'y': 2.0}
    >>> named({"dW": 3.0}, ())
    {'dW': 3.0}
    """
    parts = [answer] if len(returns) == 1 and not isinstance(answer, tuple) else answer
    if returns and isinstance(parts, (tuple, list)):
        listed = dict(zip(returns, parts))
    elif isinstance(answer, Mapping):
        listed = {str(key): value for key, value in answer.items()}
    else:
        listed = {"result": answer}
    flat: dict[str, Any] = {}
    for key, value in listed.items():
        if key != "-":
            inner = value.items() if isinstance(value, Mapping) else None
            flat.update({f"{key}.{k}": v for k, v in inner} if inner is not None else {key: value})
    return flat


def _compared(own: Any, true: Array) -> Result:
    if own is None:
        return Result(float("inf"), None, true)
    try:
        if isinstance(own, Shown):
            raise TypeError
        array = np.asarray(own, dtype=float)
    except (TypeError, ValueError):
        return Result(float("inf"), None, true, f"it is not an array of numbers: {own!r:.60}")
    return Result(difference(array, np.asarray(true, dtype=float)), array, true)


# -- backward functions -----------------------------------------------------------------------------------------


def _backward(task: Task, given: Given) -> BackwardReport:
    report = _compared_backward(task, given.module._process, given, causes=not given.wrong_before)
    if given.wrong_before and not report.ok:
        fixed = _with_right_ones(task, given)
        if fixed is None:
            return _compared_backward(task, given.module._process, given)
        blame(report, fixed, ", ".join(other.name for other in given.wrong_before))
    return report


def _compared_backward(task: Task, process: Any, given: Given, causes: bool = True) -> BackwardReport:
    inputs, groups = flattened(task.inputs)
    own = RemoteForward(process, task.forward, groups)
    backward = RemoteBackward(process, task.name)
    relative = partial(compared, own, backward, inputs, given.seed, given.hints_only, causes)
    if task.reference is None:
        return own_forward(relative(), task, task.inputs, given)
    judge = ByReference(taking_parts(task.reference, groups), own)
    report = compared(judge.forward(), backward, inputs, given.seed, given.hints_only, causes)
    if judge.agrees:
        report.basis = "the reference"
    elif not report.ok:
        report.warnings.append(f"{task.forward} is wrong too")
        if relative().ok:
            report.inherited = f"all of it follows from {task.forward}: relative to your own forward pass it is right"
    return report


def _with_right_ones(task: Task, given: Given) -> BackwardReport | None:
    """What is wrong with right backward passes in the place of those before that are wrong; None if that fails."""
    process = given.new()
    try:
        for other in given.wrong_before:
            process.ask("lend", name=other.name, forward=other.forward)
        return _compared_backward(task, process, given)
    except (NoAnswerError, AutogradError):
        return None
    finally:
        process.end()


class ByReference:
    """A forward pass whose values and recording are the reference's, and whose cache is the submission's own."""

    def __init__(self, reference: Callable[..., Any], own: RemoteForward) -> None:
        self._reference, self._own = reference, own
        self.agrees = True

    def forward(self) -> Callable[..., Any]:
        """As a function around the reference, which whoever records it looks into."""
        reference = self._reference

        def forward(**inputs: Any) -> Any:
            answer = reference(**inputs)
            outputs = outputs_of(answer if isinstance(answer, tuple) else (answer, None))
            plain = all(isinstance(value, np.ndarray) for value in inputs.values())
            return outputs, self._cache(inputs, outputs) if plain else None

        vars(forward)["own"] = self._own  # whose lines may be looked at
        return forward

    def _cache(self, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> Any:
        answer = self._own(**inputs)
        own = outputs_of(answer)
        self.agrees = self.agrees and own.keys() >= outputs.keys() and all(
            _compared(own[key], np.asarray(value)).ok for key, value in outputs.items()
        )  # fmt: skip
        return answer[1]


def own_forward(report: BackwardReport, task: Task, inputs: Mapping[str, Any], given: Given) -> BackwardReport:
    """A report whose truth is the submission's own forward pass says so, and which inputs that does not depend on.

    Raises
    ------
    UsageError
        If all is right, but a gradient is right only because nothing depends on its input, or the gradients are not
        those of the values that the forward pass computes.
    """
    report.basis = f"{report.basis}: relative to your own forward pass"
    unused = [key for key, gradient in report.gradients.items() if not np.any(gradient.true)]
    if unused:
        names = ", ".join(key.removeprefix("d") for key in unused)
        said = f"the outputs of your own forward pass do not depend on {names}"
        report.warnings.append(said)
        if report.ok:
            raise UsageError(f"{said}, so a gradient of 0 says nothing about the backward pass")
    flat, groups = flattened(inputs)
    if report.ok and not agree(given.new, task.forward, task.name, flat, given.seed, groups):
        raise UsageError(
            "the gradients agree with how the forward pass was recorded, but not with the values that it computes: "
            "it is not the same function at every call"
        )
    return report


__all__ = ["CLOSE", "FUNCTIONS", "ForwardReport", "Given", "StudentError", "Task", "judged", "named", "own_forward"]
