"""Hand-written backward passes: which gradients are wrong, and what was done wrong."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autograd_seq.check import differences
from autograd_seq.check.diagnosis import EQUAL, Finding, Search, difference
from autograd_seq.check.given import Inputs, real, two_draws, why_none
from autograd_seq.check.truth import Truth, outputs_of, record
from autograd_seq.errors import ShapeError, UsageError
from autograd_seq.tensor import Array

Shape = Sequence[Any]

# Sizes that hide nothing: all different, several examples, several steps, more than two classes.
SIZES = {"n_x": 3, "n_a": 6, "n_y": 4, "m": 7, "T": 5, "T_x": 5, "T_y": 5, "n": 6, "n_h": 6}
BY_DIFFERENCES = 1e-7  # what differences can tell
LONG = 60  # time steps of a run that is only compared: enough to see where a pass stops early
MORE_SIZES = (2, 8, 9, 11)


@dataclass(frozen=True)
class Gradient:
    """One gradient of a report.

    Attributes
    ----------
    name : str
        ``"d"`` and the input's name.
    error : float
        The largest difference from the truth, relative to the largest element; infinite for another shape.
    found, true : ndarray
        Both gradients; `found` is None where it was not returned or cannot be read.
    diagnosis : str or None
        What is wrong with it, in words.
    problem : str or None
        Why it cannot be read as an array of real numbers.
    tolerance : float
        The error from which on it is wrong; larger where only single precision or differences decide.
    """

    name: str
    error: float
    found: Array | None
    true: Array
    diagnosis: str | None = None
    problem: str | None = None
    tolerance: float = EQUAL

    @property
    def ok(self) -> bool:
        """Whether it is right."""
        return self.problem is None and self.error < self.tolerance


@dataclass
class BackwardReport:
    """What came of checking a backward pass; it prints with the root cause first.

    Attributes
    ----------
    wrong, missing : list of str
        Gradients with wrong values or shapes, and those that were not returned.
    causes : list of Finding
        What was done wrong.
    warnings : list of str
        What in the inputs could hide a mistake.
    status : str
        ``"checked"`` where all agree, else ``"refuted"``.
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
    failure: str | None = None
    unknown: list[str] = field(default_factory=list)
    hints_only: bool = False
    inherited: str | None = None

    @property
    def ok(self) -> bool:
        """Whether every gradient is there and right; never without any."""
        return bool(self.gradients) and self.failure is None and not self.wrong and not self.missing

    @property
    def status(self) -> str:
        """``"checked"`` or ``"refuted"``."""
        return "checked" if self.ok else "refuted"

    @property
    def wrong(self) -> list[str]:
        """The gradients that are there and not right."""
        return [k for k, g in self.gradients.items() if (g.found is not None or g.problem) and not g.ok]

    @property
    def missing(self) -> list[str]:
        """The gradients that were not returned."""
        return [k for k, g in self.gradients.items() if g.found is None and not g.problem]

    @property
    def digits(self) -> float:
        """To how many digits the right gradients agree."""
        worst = max((g.error for g in self.gradients.values() if g.ok), default=1.0)
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
            "failure": self.failure,
            "errors": {k: g.error for k, g in self.gradients.items() if np.isfinite(g.error)},
            "causes": [
                {"category": c.category, "where": c.where, "explains": list(c.explains)}
                | ({} if self.hints_only else {"words": c.words, "correct": c.correct})
                for c in self.causes
            ],
            "warnings": self.warnings,
        }

    def __str__(self) -> str:
        return "\n".join(_printed(self))


def check_backward(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    inputs: Mapping[str, Any],
    seed: int = 0,
    hints_only: bool = False,
) -> BackwardReport:
    """Compare a hand-written backward pass with the true gradients, and say what is wrong with it.

    Parameters
    ----------
    forward : callable
        ``forward(**inputs) -> (outputs, cache)``; `outputs` is a dict of arrays. Plain NumPy; it is
        recorded for the truth, or differenced where it cannot be recorded.
    backward : callable
        ``backward(upstream, cache) -> gradients``: `upstream` has an array for every output, `cache` is what
        `forward` returned, and the answer is a dict with the key ``"d" + name`` for every input.
    inputs : dict
        From each input's name to an array, or to a shape in letters such as ``("n_a", "m")``, for
        which values are drawn. Letters may be added: ``("n_a", "n_a + n_x")``. Whole numbers are taken as
        floats and have gradients too, unless `forward` fails with that, as where they are an index.
    seed : int
        For what is drawn.
    hints_only : bool
        Say where and what kind of mistake it is, without the correct formula: for graded work.

    Returns
    -------
    BackwardReport
        ``.ok``, ``.wrong``, ``.missing``, ``["dWf"].error``, ``["dWf"].diagnosis``; it prints.

    Raises
    ------
    UsageError
        If `forward` or `backward` return something else than described, if inputs, outputs or true gradients
        are not finite, or if there is no gradient to check.
    ShapeError
        If a shape in letters cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> def forward(x, W):
    ...     a = np.tanh(W @ x)
    ...     return {"a": a}, (x, W, a)
    >>> def backward(upstream, cache):
    ...     x, W, a = cache
    ...     dz = upstream["a"] * (1 - a)
    ...     return {"dx": W.T @ dz, "dW": dz @ x.T}
    >>> report = check_backward(forward, backward, {"x": ("n_x", "m"), "W": ("n_a", "n_x")})
    >>> report.wrong
    ['dx', 'dW']
    >>> report.causes[0].category
    'activation derivative'
    """
    given = [k for k, v in inputs.items() if not _in_letters(v)]
    drawn = draw(inputs, seed), draw(inputs, seed + 1)
    draws, whole = two_draws(lambda arrays: _plain_run(forward, arrays)[0], *drawn, given, seed + 2)
    cases = [_Case(forward, backward, arrays, seed + i, whole) for i, arrays in enumerate(draws)]
    unasked = {f"d{k}" for k in given if np.asarray(inputs[k]).dtype.kind in "iu"}
    for case in cases:  # such as an index that forward rounds by itself
        case.true = {k: v for k, v in case.true.items() if k not in unasked or k in case.returned or np.any(v)}
        if not case.true:
            raise UsageError(f"no gradient can be checked: the outputs do not depend on {', '.join(inputs)}")
    warnings = suspicious(inputs) + [
        f"{k} is not checked: forward fails with {k} as a float, so it is used as a whole number" for k in whole
    ]
    report = compare(cases, getattr(backward, "__name__", "backward"), warnings, hints_only)
    if report.ok and any(_over_time(inputs[k]) for k in inputs if k not in given):
        long = draw(inputs, seed + 3, {"T": LONG, "T_x": LONG, "T_y": LONG}) | {k: draws[0][k] for k in given}
        over_time(report, lambda: _Case(forward, backward, long, seed + 3, whole))
    return report


class _Case:
    """One draw of the inputs: the student's gradients and the true ones."""

    def __init__(
        self,
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        inputs: Mapping[str, Array],
        seed: int,
        whole: list[str],
    ) -> None:
        outputs, cache = _plain_run(forward, inputs)
        _refuse_infinite({f"forward's output {k!r}": v for k, v in outputs.items()})
        rng = np.random.default_rng(seed + 1000)
        upstream = {key: rng.standard_normal(np.shape(value)) for key, value in outputs.items()}
        self.truth, self.true, self.basis, self.tolerance = _truth(forward, inputs, outputs, upstream)
        if not any(v.size for v in self.true.values()):
            raise UsageError(why_none(inputs, whole))
        _refuse_infinite({f"the true gradient {k}": v for k, v in self.true.items()})
        answer = run_backward(lambda: backward({k: v.copy() for k, v in upstream.items()}, cache))
        self.found, self.failure, self.problems = answer
        self.returned = set(self.found) | set(self.problems)


def _refuse_infinite(arrays: Mapping[str, Array]) -> None:
    for what, array in arrays.items():
        if not np.all(np.isfinite(array)):
            place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise UsageError(
                f"{what} is {array[place]} at {list(place)} for these inputs, so nothing can be compared; "
                "give arrays for which it is a number (such as positive ones for a logarithm)"
            )


def compare(cases: Sequence[Any], name: str, warnings: list[str], hints_only: bool = False) -> BackwardReport:
    """A report from two cases: ``truth``, ``true``, ``found``, ``failure``, ``problems``, ``basis``, ``tolerance``."""
    first, second = cases
    gradients = {}
    for key, true in first.true.items():
        found = first.found.get(key)
        tolerance = max(first.tolerance, second.tolerance, _precision(found))
        error = float("inf") if found is None else difference(found, true)
        if error < tolerance and key in second.found and key in second.true:
            error = max(error, difference(second.found[key], second.true[key]))
        problem = first.problems.get(key) or second.problems.get(key)
        gradients[key] = Gradient(key, error, found, true, problem=problem, tolerance=tolerance)
    report = BackwardReport(
        name, gradients, warnings=warnings, basis=first.basis, failure=first.failure, hints_only=hints_only
    )
    report.unknown = [k for k in first.found if k not in first.true]
    if report.wrong and first.truth is not None and second.truth is not None and not second.failure:
        _diagnose(report, first, second)
    return report


def over_time(report: BackwardReport, case: Callable[[], Any]) -> None:
    """Compare a longer run too, where a pass that goes back over the first steps only is seen."""
    try:
        long = case()
    except UsageError:  # such as numbers that grow over the steps until they are none
        return
    report.failure = long.failure
    for key, gradient in report.gradients.items():
        if key not in long.true:
            continue
        found = long.found.get(key)
        error = float("inf") if found is None else difference(found, long.true[key])
        if error >= max(gradient.tolerance, long.tolerance) and not long.failure:
            said = f"right over {SIZES['T']} time steps and wrong over {LONG}: steps are left out"
            report.gradients[key] = replace(gradient, error=error, found=found, true=long.true[key], diagnosis=said)
    if report.wrong:
        report.warnings.append(f"right over {SIZES['T']} time steps and wrong over {LONG}: are steps left out?")


def _diagnose(report: BackwardReport, first: Any, second: Any) -> None:
    read = [k for k in report.wrong if not report[k].problem]
    flat = [k for k in read if _keepdims(report[k])]
    for key in flat:
        report.causes.append(_shape_finding(report[key]))
    left = [k for k in read if k not in flat]
    if left:
        tolerance = max(report[k].tolerance for k in left)
        search = Search((first.truth, first.found), (second.truth, second.found), left, tolerance)
        causes, unexplained = search.run()
        report.causes.extend(c[0] for c in causes)
        report.also = [f for c in causes for f in c[1:]]
        report.look_at = search.common(unexplained)
    for key in report.wrong:
        report.gradients[key] = replace(report[key], diagnosis=report[key].problem or _words(report, key))


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


def plain(name: str) -> str:
    """A name without the marks of printing: ``dW_f`` and ``dWf`` are the same."""
    return re.sub(r"[_\s]|<\d+>", "", name)


def run_backward(call: Callable[[], Any]) -> tuple[dict[str, Array], str | None, dict[str, str]]:
    """The gradients that a student's function returns, in words how it failed, and which cannot be read and why."""
    try:
        answer = call()
    except Exception as error:  # whatever a student's program raises is an answer to report
        return {}, f"{type(error).__name__}: {error}{_student_line(error)}", {}
    if not isinstance(answer, Mapping):
        raise UsageError(
            f"backward must return a dict of gradients with keys such as 'dWaa', not {type(answer).__name__}"
        )
    found, problems = {}, {}
    for key, value in answer.items():
        if value is None:
            continue
        try:
            array = real(value, "it")
            single = getattr(value, "dtype", None) in _SINGLE
            found[str(key)] = array.astype(value.dtype) if single else array
        except UsageError as error:
            problems[str(key)] = str(error)
    return found, None, problems


_SINGLE = {np.dtype(np.float32): 1e-5, np.dtype(np.float16): 2e-2}


def _precision(found: Array | None) -> float:
    """How far a right gradient may be off, by the number of bits that it was returned in."""
    return EQUAL if found is None else _SINGLE.get(found.dtype, EQUAL)


def _student_line(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"\n  at {frames[-1].filename}:{frames[-1].lineno}: {frames[-1].line}" if frames else ""


# -- the truth -----------------------------------------------------------------------------------------


def _plain_run(forward: Callable[..., Any], inputs: Mapping[str, Array]) -> tuple[dict[str, Array], Any]:
    answer = forward(**{k: np.array(v) for k, v in inputs.items()})
    outputs = {k: real(v, f"forward's output {k!r}") for k, v in outputs_of(answer).items()}
    if not any(v.size for v in outputs.values()):
        raise UsageError("forward returned no output, so there is no gradient to check: return {'a': a}, cache")
    return outputs, answer[1]


def _truth(
    forward: Callable[..., Any],
    inputs: Mapping[str, Array],
    outputs: Mapping[str, Array],
    upstream: Mapping[str, Array],
) -> tuple[Truth | None, dict[str, Array], str, float]:
    try:
        truth = record(forward, inputs, upstream)
        if all(difference(truth.outputs[k]._value, v) < 1e-12 for k, v in outputs.items()):
            return truth, truth.gradients, "the recorded forward pass", EQUAL
        why = "recording it gave other values than running it"
    except Exception as error:  # a program that only plain NumPy can run
        why = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"

    def loss(arrays: dict[str, Array]) -> float:
        return float(np.sum([np.sum(v * upstream[k]) for k, v in _plain_run(forward, arrays)[0].items()]))

    found, error_estimate = differences.gradients(loss, inputs)
    digits = f"{-np.log10(max(error_estimate, 1e-16)):.0f} digits"
    return (
        None,
        found,
        f"differences with Richardson extrapolation, {digits}; the forward pass could not be recorded ({why})",
        min(max(BY_DIFFERENCES, 10 * error_estimate), 1e-4),
    )


# -- inputs ----------------------------------------------------------------------------------------------


def _over_time(shape: Shape) -> bool:
    return any(isinstance(n, str) and {"T", "T_x", "T_y"} & set(re.findall(r"\w+", n)) for n in shape)


def draw(inputs: Mapping[str, Any], seed: int, longer: Mapping[str, int] | None = None) -> Inputs:
    """Arrays for every input; given ones are taken as they are."""
    rng = np.random.default_rng(seed)
    sizes = SIZES | dict(longer or {})
    fresh = iter(MORE_SIZES)
    result = {}
    for name, given in inputs.items():
        if (
            isinstance(given, (tuple, list))
            and all(isinstance(n, (str, int)) for n in given)
            and any(isinstance(n, str) for n in given)
        ):
            shape = tuple(_size(n, sizes, fresh) for n in given)
            result[name] = rng.standard_normal(shape) * (0.6 if len(shape) == 2 else 0.8)
        else:
            result[name] = np.array(given)
    return result


def _size(length: Any, sizes: dict[str, int], fresh: Any) -> int:
    """``"n_a + n_x"`` or ``"2 * n_a"`` as a number."""
    if isinstance(length, int):
        return length
    total = 0
    for term in str(length).split("+"):
        product = 1
        for factor in term.split("*"):
            word = factor.strip()
            if word.isdigit():
                product *= int(word)
            elif re.fullmatch(r"[A-Za-z]\w*", word):
                if word not in sizes:
                    sizes[word] = next(fresh, 13)
                product *= sizes[word]
            else:
                raise ShapeError(f"cannot read {length!r} as a size; write letters, such as 'n_a' or 'n_a + n_x'")
        total += product
    return total


def suspicious(inputs: Mapping[str, Any]) -> list[str]:
    """What in given arrays could hide a mistake."""
    arrays = {k: np.asarray(v) for k, v in inputs.items() if not _in_letters(v)}
    found = [
        f"{k} is all zeros: terms that are multiplied with it cannot be seen"
        for k, v in arrays.items()
        if v.size and not np.any(v)
    ]
    columns = [k for k, v in arrays.items() if v.ndim >= 2 and v.shape[1] == 1 and not k.startswith("b")]
    if columns:
        found.append(f"{', '.join(columns)}: one example only (m = 1), so a missing sum over examples cannot be seen")
    rows: dict[tuple[int, ...], list[str]] = {}
    for k, v in arrays.items():
        if v.ndim >= 2 and not k.startswith(("W", "b")):
            rows.setdefault((v.shape[0], v.shape[1]), []).append(k)
    for names in rows.values():
        kinds = {n[0] for n in names}
        if "x" in kinds and kinds & {"a", "c", "h"}:
            found.append(
                f"{', '.join(names)} have the same shape (n_x = n_a), so parts of a stack can be mistaken unseen"
            )
    found += [f"{k} has one time step only" for k, v in arrays.items() if v.ndim == 3 and v.shape[2] == 1]
    return found


def _in_letters(given: Any) -> bool:
    return isinstance(given, (tuple, list)) and any(isinstance(n, str) for n in given)


# -- printing ----------------------------------------------------------------------------------------------


def _printed(report: BackwardReport) -> list[str]:
    right = [k for k, g in report.gradients.items() if g.ok]
    total = len(report.gradients)
    lines = [f"{report.name}: {f'all {total}' if report.ok else f'{len(right)} of {total}'} gradients right"]
    if report.failure:
        lines.append(f"  it failed: {report.failure}")
    if report.inherited:
        lines.append(f"  {report.inherited}")
    explained: set[str] = set()
    for cause in [] if report.inherited else report.causes:
        explained.update(cause.explains)
        lines.extend(_cause_lines(report, cause))
    rest = [] if report.inherited else [k for k in report.wrong if k not in explained]
    if rest and report.look_at:
        lines.append(
            f"  look at {report.look_at} first: {', '.join(rest)} depend on it, and no gradient that is right does"
        )
    for key in rest:
        lines.append(f"  {key} is wrong: {_how(report[key])}")
    if report.missing and not report.failure:
        lines.append(f"  not returned: {', '.join(report.missing)}")
    if report.unknown:
        lines.append(f"  not asked for: {', '.join(report.unknown)}")
    if right:
        lines.append(f"  right (checked to {report.digits:.0f} digits): {', '.join(right)}")
    lines.append(f"  compared with {report.basis}")
    lines.extend(f"  warning: {w}" for w in report.warnings)
    return lines


def _cause_lines(report: BackwardReport, cause: Finding) -> list[str]:
    follow = [k for k in cause.explains if plain(k) != plain(cause.where) and k not in cause.where.split(", ")]
    head = f"  {cause.where} {'are' if ', ' in cause.where else 'is'} wrong"
    if follow:
        head += f"; {', '.join(follow)} follow{'s' * (len(follow) == 1)} from it"
    if report.hints_only:
        return [f"{head}\n    kind of mistake: {cause.category}"]
    lines = [head, f"    {'each' if ', ' in cause.where else 'it'} equals the true value {cause.words}"]
    lines += [f"    or: {f.where} {f.words}" for f in report.also]
    lines.append("    correct: " + cause.correct.replace("; ", "\n             "))
    return lines


def _how(gradient: Gradient) -> str:
    found, true = gradient.found, gradient.true
    if gradient.problem:
        return gradient.problem
    if found is None or found.shape != true.shape:
        return f"its shape is {None if found is None else found.shape}, it should be {true.shape}"
    with np.errstate(all="ignore"):
        ratios = found[np.abs(true) > 1e-12] / true[np.abs(true) > 1e-12]
    if ratios.size > 1:
        ratio = float(ratios.flat[0])
        if np.ptp(ratios) < min(1e-6 * np.max(np.abs(ratios)), 0.01 * abs(ratio - 1)):
            return f"it is {_apart(ratio, 1.0)[0]} times the true gradient"
    place = np.unravel_index(np.argmax(np.abs(found - true)), true.shape)
    where = ", ".join(str(int(i)) for i in place)
    said, wanted = _apart(float(found[place]), float(true[place]))
    return f"relative error {gradient.error:.2g}; at [{where}] {said} in place of {wanted}"


def _apart(a: float, b: float) -> tuple[str, str]:
    """Two numbers with as many digits as tell them apart, and one more."""
    for digits in range(6, 17):
        if f"{a:.{digits - 1}g}" != f"{b:.{digits - 1}g}":
            break
    return f"{a:.{digits}g}", f"{b:.{digits}g}"


__all__ = ["BackwardReport", "Gradient", "check_backward"]
