"""Hand-written backward passes: which gradients are wrong, and what was done wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError
from autograd_seq.diagnosis import differences
from autograd_seq.diagnosis.compare import compare, over_time, run_backward, student_line
from autograd_seq.diagnosis.drawn import LONG, draw, has_time, in_letters, suspicious
from autograd_seq.diagnosis.given import real, two_draws, why_none
from autograd_seq.diagnosis.grouped import flattened, taking_parts
from autograd_seq.diagnosis.report import BackwardReport, Gradient
from autograd_seq.diagnosis.search import EQUAL, difference
from autograd_seq.diagnosis.truth import Truth, outputs_of, record

BY_DIFFERENCES = 1e-7  # what differences can tell


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
        which values are drawn. Letters may be added: ``("n_a", "n_a + n_x")``, and a tuple of whole numbers
        such as ``(5, "n_a")`` or ``(5,)`` is a shape too. A dict of such inputs, as the course's ``parameters``,
        is handed over as a dict, and has a gradient for each of them. Whole numbers in an array are taken as floats
        and have gradients too, unless `forward` fails with that, as where they are an index.
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
        If `forward` fails; if `forward` or `backward` are not functions or return something else than
        described; if `inputs` is not such a dict; if inputs, outputs or true gradients are not finite; or if
        there is no gradient to check.
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
    _refuse_unusable(forward, backward, inputs)
    inputs, groups = flattened(inputs)
    forward = taking_parts(forward, groups)
    given = [k for k, v in inputs.items() if not in_letters(v)]
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
    if report.ok and any(has_time(inputs[k]) for k in inputs if k not in given):
        long = draw(inputs, seed + 3, {"T": LONG, "T_x": LONG, "T_y": LONG}) | {k: draws[0][k] for k in given}
        over_time(report, lambda: _Case(forward, backward, long, seed + 3, whole))
    return report


def _refuse_unusable(forward: Any, backward: Any, inputs: Any) -> None:
    for what, function, example in (
        ("forward", forward, "def forward(x, W): ... return {'a': a}, cache"),
        ("backward", backward, "def backward(upstream, cache): ... return {'dx': dx, 'dW': dW}"),
    ):
        if not callable(function):
            raise UsageError(f"{what} must be a function, such as\n  {example}\nnot {_kind(function)}")
    example = '{"x": ("n_x", "m"), "W": ("n_a", "n_x")}'
    if not isinstance(inputs, Mapping):
        what = _kind(inputs)
        raise UsageError(f"inputs must be a dict from names to arrays or shapes, such as {example}; not {what}")
    odd = next((k for k in inputs if not isinstance(k, str)), None)
    if odd is not None:
        raise UsageError(f"inputs must have the names of forward's arguments as keys, such as {example}; not {odd!r}")
    for name, given in flattened(inputs)[0].items():
        if not in_letters(given) and not _numeric(given):
            raise UsageError(
                f"the input {name!r} must be an array or a shape in letters, such as (\"n_a\", \"m\"); "
                f"not {_kind(given)}"
            )


def _numeric(given: Any) -> bool:
    try:
        return np.asarray(given).dtype.kind in "biufc"
    except (TypeError, ValueError):  # rows of different lengths
        return False


def _kind(value: Any) -> str:
    return "None" if value is None else f"{type(value).__name__} ({value!r:.40})"


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


def _plain_run(forward: Callable[..., Any], inputs: Mapping[str, Array]) -> tuple[dict[str, Array], Any]:
    try:
        answer = forward(**{k: np.array(v) for k, v in inputs.items()})
    except Exception as error:  # whatever a student's program raises is an answer to report
        shapes = ", ".join(f"{k} {np.shape(v)}" for k, v in inputs.items())
        raise UsageError(
            f"forward fails: {type(error).__name__}: {error}{student_line(error)}\n  with inputs of the shapes {shapes}"
        ) from error
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


__all__ = ["BackwardReport", "Gradient", "check_backward"]
