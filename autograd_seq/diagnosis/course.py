"""The course's assignment: its functions, found by name in a student's file and checked as they are.

Cache layouts are the assignment's own: ``(a_next, a_prev, xt, parameters)`` for the RNN
cell, ``(a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)`` for the LSTM
cell, and ``(list of caches, x)`` for sequences. The update gate's weights are there as
``Wi`` and as ``Wu``.
"""

from __future__ import annotations

import copy
import importlib.util
import os
import sys
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError
from autograd_seq.diagnosis.anew import OfCourse, standard
from autograd_seq.diagnosis.called_by_name import reached
from autograd_seq.diagnosis.calling import Caller, Kept
from autograd_seq.diagnosis.carried import blame
from autograd_seq.diagnosis.compare import compare, over_time
from autograd_seq.diagnosis.drawn import LONG
from autograd_seq.diagnosis.finding import EQUAL
from autograd_seq.diagnosis.handwritten import check_backward
from autograd_seq.diagnosis.letters_for_sizes import OF_THE_COURSE, in_letters
from autograd_seq.diagnosis.one_run import run_backward
from autograd_seq.diagnosis.own_rounding import disturbed, own_rounding
from autograd_seq.diagnosis.report import BackwardReport
from autograd_seq.diagnosis.truth import Truth, record
from autograd_seq.diagnosis.unit_errors import EPSILON, Disturb
from autograd_seq.operations import sigmoid

N_X, N_A, N_Y, M, T = 3, 6, 2, 7, 5
WEIGHTS = {"rnn": ("Wax", "Waa", "ba"), "lstm": ("Wf", "bf", "Wi", "bi", "Wc", "bc", "Wo", "bo")}
Inputs = dict[str, Any]


# -- the forward passes: on arrays they make the caches, on tensors the truth ---------------------------


def rnn_cell(xt: Any, a_prev: Any, Wax: Any, Waa: Any, ba: Any) -> Any:
    """One step of the course's RNN."""
    a = np.tanh(Wax @ xt + Waa @ a_prev + ba)
    return {"a_next": a}, (a, a_prev, xt)


def rnn(x: Any, a0: Any, Wax: Any, Waa: Any, ba: Any) -> Any:
    """The course's RNN over a sequence."""
    a = a0
    states, caches = [], []
    for t in range(np.shape(x)[2]):
        before, xt = a, x[:, :, t]
        a = np.tanh(Wax @ xt + Waa @ before + ba)
        states.append(a)
        caches.append((a, before, xt))
    return {"a": np.stack(states, axis=2)}, caches


def lstm_cell(
    xt: Any, a_prev: Any, c_prev: Any, Wf: Any, bf: Any, Wi: Any, bi: Any, Wc: Any, bc: Any, Wo: Any, bo: Any
) -> Any:
    """One step of the course's LSTM."""
    concat = np.concatenate((a_prev, xt), axis=0)
    ft = sigmoid(Wf @ concat + bf)
    it = sigmoid(Wi @ concat + bi)
    cct = np.tanh(Wc @ concat + bc)
    c = ft * c_prev + it * cct
    ot = sigmoid(Wo @ concat + bo)
    a = ot * np.tanh(c)
    return {"a_next": a, "c_next": c}, (a, c, a_prev, c_prev, ft, it, cct, ot, xt)


def lstm(x: Any, a0: Any, c0: Any, Wf: Any, bf: Any, Wi: Any, bi: Any, Wc: Any, bc: Any, Wo: Any, bo: Any) -> Any:
    """The course's LSTM over a sequence."""
    a, c = a0, c0
    states, caches = [], []
    for t in range(np.shape(x)[2]):
        a_prev, c_prev, xt = a, c, x[:, :, t]
        concat = np.concatenate((a_prev, xt), axis=0)
        ft = sigmoid(Wf @ concat + bf)
        it = sigmoid(Wi @ concat + bi)
        cct = np.tanh(Wc @ concat + bc)
        c = ft * c_prev + it * cct
        ot = sigmoid(Wo @ concat + bo)
        a = ot * np.tanh(c)
        states.append(a)
        caches.append((a, c, a_prev, c_prev, ft, it, cct, ot, xt))
    return {"a": np.stack(states, axis=2)}, caches


@dataclass(frozen=True)
class Signature:
    """One function of the assignment.

    Attributes
    ----------
    forward : callable
        What it is the backward pass of.
    kind : str
        ``"rnn"`` or ``"lstm"``.
    sequence : bool
        Whether it takes a whole sequence.
    optional : tuple of str
        Gradients that the assignment does not ask for.
    """

    forward: Callable[..., Any]
    kind: str
    sequence: bool
    optional: tuple[str, ...] = ()

    def shapes(self, steps: int = T) -> dict[str, tuple[int, ...]]:
        """The shape of every input."""
        data: dict[str, tuple[int, ...]] = {"x": (N_X, M, steps)} if self.sequence else {"xt": (N_X, M)}
        data["a0" if self.sequence else "a_prev"] = (N_A, M)
        if self.kind == "lstm":
            data["c0" if self.sequence else "c_prev"] = (N_A, M)
            weights = {k: (N_A, N_A + N_X) if k[0] == "W" else (N_A, 1) for k in WEIGHTS["lstm"]}
        else:
            weights = {"Wax": (N_A, N_X), "Waa": (N_A, N_A), "ba": (N_A, 1)}
        return {**data, **weights}


FUNCTIONS = {
    "rnn_cell_backward": Signature(rnn_cell, "rnn", False),
    "lstm_cell_backward": Signature(lstm_cell, "lstm", False),
    "rnn_backward": Signature(rnn, "rnn", True),
    "lstm_backward": Signature(lstm, "lstm", True, ("dc0",)),
}
CELLS = {"rnn_backward": "rnn_cell_backward", "lstm_backward": "lstm_cell_backward"}


@dataclass(frozen=True)
class _Drawn:
    """The numbers of one draw, and the true gradients."""

    inputs: Inputs
    readout: Inputs
    upstream: Inputs
    caches: Any
    truth: Truth


@lru_cache(maxsize=32)
def _drawn(signature: Signature, seed: int, steps: int) -> _Drawn:
    """A draw; the same for everybody in a class, so it is recorded once. Whoever is given of it is given a copy."""
    rng = np.random.default_rng(seed)
    inputs = {k: rng.standard_normal(shape) * 0.7 for k, shape in signature.shapes(steps).items()}
    readout = {"Wya": rng.standard_normal((N_Y, N_A)), "by": rng.standard_normal((N_Y, 1))}
    outputs, caches = signature.forward(**inputs)
    upstream = {k: rng.standard_normal(v.shape) for k, v in outputs.items()}
    return _Drawn(inputs, readout, upstream, caches, record(signature.forward, inputs, upstream))


class _Case:
    """One draw: a course function's gradients and the true ones."""

    basis = "the recorded forward pass of the course's cell"
    tolerance = EQUAL

    def __init__(self, function: Callable[..., Any], signature: Signature, seed: int, steps: int = T) -> None:
        drawn = _drawn(signature, seed, steps)
        inputs, readout, upstream, caches = drawn.inputs, drawn.readout, drawn.upstream, drawn.caches
        self.truth: Truth = drawn.truth
        self.epsilon, self.doubts = EPSILON, dict[str, Any]()
        parameters = _both_spellings({**{k: inputs[k] for k in WEIGHTS[signature.kind]}, **readout})
        given: Any = (*caches, parameters)
        if signature.sequence:
            given = ([(*cache, parameters) for cache in caches], inputs["x"])
        self._caller, self._arguments = Caller(function), [*upstream.values(), given]
        self.function, self.forward, self.inputs = function, None, inputs | parameters
        arguments = copy.deepcopy(self._arguments)
        named = dict(zip([*(f"d{k}" for k in upstream), "cache"], arguments, strict=True))
        kept = Kept(**named)
        found, self.failure, problems = run_backward(lambda: self._caller.plain(lambda: function(*arguments)))
        self.warnings = [f"backward changes {changed} in place" for changed in kept.changed()]
        self.found = {standard(k): v for k, v in found.items()}
        self.problems = {standard(k): v for k, v in problems.items()}
        unasked = set(signature.optional) - set(self.found) - set(self.problems)
        self.true = {k: v for k, v in self.truth.gradients.items() if k not in unasked}

    def anew(self) -> OfCourse:
        """The draw as one that can be run again after lines were changed."""
        numbers = {"arguments": self._arguments, "inputs": self.inputs}
        return OfCourse(self.function, numbers, self.true, self.found)

    def own_rounding(self, epsilon: float) -> dict[str, Array]:
        """The rounding of the backward pass's own way."""

        def run(disturb: Disturb) -> dict[str, Array]:
            arguments = copy.deepcopy(self._arguments)
            with disturbed(arguments, disturb):
                again = run_backward(lambda: self._caller.plain(lambda: self.function(*arguments)))[0]
            return {standard(k): v for k, v in again.items()}

        return own_rounding(run, self.found, epsilon)


def _both_spellings(parameters: Inputs) -> Inputs:
    """The update gate is i in the assignment's code and u in its text."""
    for old, new in (("Wi", "Wu"), ("bi", "bu"), ("Wya", "Wy")):
        if old in parameters:
            parameters[new] = parameters[old]
    return parameters


def check_function(
    function: Callable[..., Any], name: str | None = None, seed: int = 0, hints_only: bool = False
) -> BackwardReport:
    """Check one function of the assignment against the package's own forward pass.

    Parameters
    ----------
    function : callable
        ``rnn_cell_backward(da_next, cache)``, ``lstm_cell_backward(da_next, dc_next, cache)``,
        ``rnn_backward(da, caches)`` or ``lstm_backward(da, caches)``.
    name : str, optional
        Which of them it is; by its own name if not given.
    seed : int
        For what is drawn.
    hints_only : bool
        Without the correct formulas.

    Raises
    ------
    UsageError
        If it is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> def rnn_cell_backward(da_next, cache):
    ...     a_next, a_prev, xt, parameters = cache
    ...     dz = (1 - a_next ** 2) * da_next
    ...     return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
    ...             "dWaa": dz @ a_prev.T, "dba": dz.mean(axis=1, keepdims=True)}
    >>> report = check_function(rnn_cell_backward)
    >>> report.wrong, report.causes[0].category
    (['dba'], 'mean over the batch')
    """
    known = name or getattr(function, "__name__", "")
    if known not in FUNCTIONS:
        raise UsageError(f"{known!r} is none of the assignment's functions: {', '.join(FUNCTIONS)}")
    return _compared(function, known, seed, hints_only)


def _compared(
    function: Callable[..., Any], name: str, seed: int, hints_only: bool, causes: bool = True
) -> BackwardReport:
    cases = [_Case(function, FUNCTIONS[name], seed + i) for i in range(2)]
    report = in_letters(compare(cases, name, [], hints_only, causes), OF_THE_COURSE)
    if report.ok and FUNCTIONS[name].sequence:
        over_time(report, lambda: _Case(function, FUNCTIONS[name], seed + 2, LONG))
    return report


def true_cell_backward(name: str) -> Callable[..., dict[str, Array]]:
    """A right ``rnn_cell_backward`` or ``lstm_cell_backward``, made from the recorded forward pass."""
    signature = FUNCTIONS[name]

    def backward(*arguments: Any) -> dict[str, Array]:
        *adjoints, cache = arguments
        values, parameters = cache[:-1], cache[-1]
        names: tuple[str, ...] = ("a_next", "c_next", "a_prev", "c_prev", "ft", "it", "cct", "ot", "xt")
        if signature.kind == "rnn":
            names = ("a_next", "a_prev", "xt")
        data = {k: v for k, v in zip(names, values, strict=True) if k in signature.shapes()}
        inputs = {**data, **{k: parameters[k] for k in WEIGHTS[signature.kind]}}
        upstream = dict(zip(("a_next", "c_next"), adjoints, strict=False))
        found = dict(record(signature.forward, inputs, upstream).gradients)
        return found | ({"dWu": found["dWi"], "dbu": found["dbi"]} if "dWi" in found else {})

    return backward


# -- a student's file -----------------------------------------------------------------------------------


@dataclass
class FileReport:
    """What came of checking a file: a report for each function that was found."""

    path: str
    reports: dict[str, BackwardReport] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether all that was found is right."""
        return bool(self.reports) and all(report.ok for report in self.reports.values())

    def __getitem__(self, name: str) -> BackwardReport:
        if name not in self.reports:
            raise UsageError(f"{self.path} has no {name!r}; it has {', '.join(map(repr, self.reports))}")
        return self.reports[name]

    def to_json(self) -> dict[str, Any]:
        """The reports as plain data."""
        return {"path": self.path, "ok": self.ok, "functions": {k: r.to_json() for k, r in self.reports.items()}}

    def __str__(self) -> str:
        return "\n".join(str(report) for report in self.reports.values())


def check_file(path: str | os.PathLike[str], seed: int = 0, hints_only: bool = False) -> FileReport:
    """Check the backward passes in a student's file as it is, in this process.

    The file is run, as Python would run it; what it does to the process is done to the caller's. For a file
    from somebody else there is ``autograd_seq.check_file``, which gives it a process of its own. Checked are the
    assignment's functions (`rnn_cell_backward`, `rnn_backward`, `lstm_cell_backward`, `lstm_backward`), and
    ``forward`` with ``backward`` where the file says the shapes of its inputs in ``INPUTS``.

    Parameters
    ----------
    path : path
        A Python file.
    seed : int
        For what is drawn.
    hints_only : bool
        Without the correct formulas, for graded work.

    Raises
    ------
    UsageError
        If the file cannot be read or run, or has none of these functions.
    """
    try:
        module = run_file(path)
    except Exception as error:  # whatever a student's file raises is an answer to report
        raise UsageError(f"{path} cannot be run: {type(error).__name__}: {error}") from error
    result = FileReport(os.fspath(path))
    names = to_check(module, path)
    with open(path, encoding="utf-8") as file:
        parts = parts_of_backward(file.read(), names)
    for name in names:
        try:
            report = check_one(result, module, name, seed, hints_only)
        except UsageError:  # it returns no dict, say
            if name not in parts:
                raise
            continue
        if name in parts and report.failure:
            del result.reports[name]
    return result


def parts_of_backward(source: str, names: list[str]) -> set[str]:
    """The functions called like the assignment's that a file's own ``backward`` calls.

    If one of them fails with the assignment's caches it is another function, and is judged as a part of ``backward``.
    """
    return set(names) & set(FUNCTIONS) & reached(source, "backward") if "backward" in names else set()


def to_check(module: types.ModuleType, path: Any) -> list[str]:
    """The names of what is checked in a student's module, each cell before its sequence.

    Raises
    ------
    UsageError
        If there is none of them.
    """
    names = [name for name in FUNCTIONS if callable(getattr(module, name, None))]
    parts = [name for name in ("forward", "backward") if callable(getattr(module, name, None))]
    if len(parts) == 2:
        names.append("backward")
    if not names:
        alone = f" ({parts[0]} alone is there)" if parts else ""
        raise UsageError(f"{path} defines none of {', '.join(FUNCTIONS)}, nor forward and backward with INPUTS{alone}")
    return names


def check_one(
    result: FileReport, module: types.ModuleType, name: str, seed: int = 0, hints_only: bool = False
) -> BackwardReport:
    """Check one function of a student's module; its report joins those of the cells before it in `result`.

    Raises
    ------
    UsageError
        If there is nothing to compare: no dict came back, say, or ``INPUTS`` is missing.
    """
    if name in FUNCTIONS:
        cell = CELLS.get(name)
        follows = cell is not None and cell in result.reports and not result[cell].ok
        report = _compared(getattr(module, name), name, seed, hints_only, causes=not follows)
        result.reports[name] = report
        if cell is not None and follows and not report.ok:
            _blame_cell(report, module, name, cell, seed, hints_only)
        return report
    inputs = getattr(module, "INPUTS", None)
    if not isinstance(inputs, Mapping):
        raise UsageError(
            f"{result.path} has forward and backward; say the shapes of its inputs too, for example\n"
            '  INPUTS = {"x": ("n_x", "m"), "W": ("n_a", "n_x")}'
        )
    result.reports[name] = check_backward(module.forward, module.backward, inputs, seed, hints_only)
    return result.reports[name]


def _blame_cell(
    report: BackwardReport, module: types.ModuleType, name: str, cell: str, seed: int, hints_only: bool
) -> None:
    """A sequence that is right with a right cell is not wrong itself: its mistakes follow from the cell's."""
    own = getattr(module, cell)
    setattr(module, cell, true_cell_backward(cell))
    try:
        fixed = _compared(getattr(module, name), name, seed, hints_only)
    finally:
        setattr(module, cell, own)
    blame(report, fixed, cell)


def run_file(path: str | os.PathLike[str]) -> types.ModuleType:
    """Run a file as a module of its own; whatever it raises is the caller's.

    Raises
    ------
    UsageError
        If it is not a Python file that is there.
    """
    spec = importlib.util.spec_from_file_location("student_file", path)
    if spec is None or spec.loader is None or not os.path.exists(path):
        raise UsageError(f"{path} is not a Python file that can be read")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))  # what lies beside the file comes first
    helpers = _course_helpers()
    absent = {k: v for k, v in helpers.items() if k not in sys.modules and importlib.util.find_spec(k) is None}
    sys.modules.update(absent)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
        for key in absent:
            sys.modules.pop(key, None)
    return module


def _course_helpers() -> dict[str, types.ModuleType]:
    """``rnn_utils``, which the assignment's files import and which may not lie beside them."""
    module = types.ModuleType("rnn_utils")
    module.sigmoid = lambda x: 1 / (1 + np.exp(-x))  # type: ignore[attr-defined]
    module.softmax = lambda x: np.exp(x - np.max(x)) / np.sum(np.exp(x - np.max(x)), axis=0)  # type: ignore[attr-defined]
    module.np = np  # type: ignore[attr-defined]
    return {"rnn_utils": module}
