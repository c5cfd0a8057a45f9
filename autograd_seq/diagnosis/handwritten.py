"""Hand-written backward passes: which gradients are wrong, and what was done wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.diagnosis import differences
from autograd_seq.diagnosis.anew import OfPair
from autograd_seq.diagnosis.calling import Kept, chance_kept, plain
from autograd_seq.diagnosis.compare import compare, over_time
from autograd_seq.diagnosis.differences import Doubt
from autograd_seq.diagnosis.drawn import (
    LONG,
    draw,
    has_time,
    in_letters,
    one_example,
    one_step,
    shape_to_draw,
    suspicious,
)
from autograd_seq.diagnosis.finding import EQUAL, difference
from autograd_seq.diagnosis.given import adding_up, two_draws, why_none
from autograd_seq.diagnosis.grouped import flattened, taking_parts
from autograd_seq.diagnosis.input_tables import WITHOUT_GRADIENT, is_table
from autograd_seq.diagnosis.letters_for_sizes import in_letters as told_in_letters
from autograd_seq.diagnosis.one_run import run_backward
from autograd_seq.diagnosis.own_rounding import disturbed, own_rounding
from autograd_seq.diagnosis.pair import NotTheSameError, Pair, Run, refuse_another
from autograd_seq.diagnosis.report import BackwardReport, Gradient
from autograd_seq.diagnosis.truth import Truth
from autograd_seq.diagnosis.unit_errors import EPSILON, Disturb
from autograd_seq.readings.rounding import coarsest

TARGETS = re.compile(r"(y|t|d|p|q)(_?(true|hot|t))?|(targets?|labels?|one_?hot|truth)\w*", re.IGNORECASE)
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
        and have gradients too, unless `forward` fails with that, as where they are an index. What is given is
        compared as it is and with other numbers of its kind: one-hot stays one-hot, and what adds up to 1 does so.
        A table has other numbers drawn: ``{"integers": ("m",), "below": 5}``, ``{"positive": shape}``,
        ``{"one_hot": shape}`` and ``{"probabilities": shape}`` along the first axis, ``{"scaled": shape, "by": 0.1}``.
        Of integers, one-hots and probabilities no gradient is asked; one that is returned is compared.
    seed : int
        For what is drawn.
    hints_only : bool
        Say where and what kind of mistake it is, without the correct formula: for graded work.

    Returns
    -------
    BackwardReport
        ``.ok``, ``.wrong``, ``.missing``, ``.excluded`` (another derivative at a kink, which is right),
        ``.undecided`` (with the reasons), ``["dWf"].error``, ``["dWf"].diagnosis``; it prints.

    Notes
    -----
    Each element may be off by the rounding of the terms that add up to it, in the recorded pass or in
    `backward` itself; what float64 does not settle is evaluated in 60 digits. Every call draws the same random
    numbers; a `forward` that still answers otherwise when it is called again is undecided. The backward pass
    gets what a plain run of `forward` left, also in objects and variables of the file.

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
    return compared(forward, backward, inputs, seed, hints_only)


@chance_kept()
def compared(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    inputs: Mapping[str, Any],
    seed: int,
    hints_only: bool,
    causes: bool = True,
) -> BackwardReport:
    """The same, if need be without the search for causes."""
    inputs = {k: plain(v) for k, v in inputs.items()} if isinstance(inputs, Mapping) else inputs
    _refuse_unusable(forward, backward, inputs)
    inputs, groups = flattened(inputs)
    pair = Pair(taking_parts(forward, groups), backward)
    given = [k for k, v in inputs.items() if shape_to_draw(v) is None]
    drawn = draw(inputs, seed), draw(inputs, seed + 1)
    draws, whole = two_draws(lambda arrays: pair.forward(arrays).outputs, *drawn, given, seed + 2)
    warnings = suspicious(inputs) + [
        f"{k} is not checked: it is used as a whole number (forward fails with {k} as a float, or rounds it)"
        for k in whole
    ]
    unasked = {f"d{k}" for k in given if np.asarray(inputs[k]).dtype.kind in "iu"}
    targets = {f"d{k}" for k, v in inputs.items() if is_table(v) and any(kind in v for kind in WITHOUT_GRADIENT)}
    check = _Check(pair, seed, whole, unasked, targets, warnings, hints_only, causes)
    try:
        report, cases = check.compare(draws)
        letters = {k for k, v in inputs.items() if in_letters(v)}
        for name in _targets(cases[0].truth, letters) if report.wrong else ():
            report, draws = check.with_sums(report, draws, name)
    except NotTheSameError as error:
        return BackwardReport(check.name, {}, warnings=warnings, not_to_be_told=str(error), hints_only=hints_only)
    told_in_letters(report, _letters(inputs, cases[0].inputs))
    truth = cases[0].truth
    if truth is not None:
        report.warnings += one_example(inputs, truth.uses)
        report.warnings += [] if truth.has_turns else one_step(inputs)
    if report.ok and any(has_time(inputs[k]) for k in inputs if k not in given):
        long = draw(inputs, seed + 3, {"T": LONG, "T_x": LONG, "T_y": LONG}) | {k: draws[0][k] for k in given}
        over_time(report, lambda: _Case(pair, long, seed + 3, whole))
    return report


def _letters(inputs: Mapping[str, Any], drawn: Mapping[str, Array]) -> dict[str, int]:
    """The sizes that were drawn for letters."""
    shapes = {k: shape_to_draw(v) for k, v in inputs.items()}
    pairs = [p for k, shape in shapes.items() if shape is not None for p in zip(shape, np.shape(drawn[k]))]
    return {name: n for name, n in pairs if isinstance(name, str) and name.isidentifier()}


@dataclass(frozen=True)
class _Check:
    """What stays the same whatever numbers are compared."""

    pair: Pair
    seed: int
    whole: list[str]
    unasked: set[str]
    targets: set[str]
    warnings: list[str]
    hints_only: bool
    causes: bool

    @property
    def name(self) -> str:
        """The backward pass's."""
        return getattr(self.pair.parts[0], "__name__", "backward")

    def compare(self, draws: Sequence[Mapping[str, Array]]) -> tuple[BackwardReport, list[_Case]]:
        """Compare on these inputs."""
        cases = [_Case(self.pair, arrays, self.seed + i, self.whole) for i, arrays in enumerate(draws)]
        for case in cases:  # such as an index that forward rounds by itself
            case.true = {k: v for k, v in case.true.items() if k in case.returned or self._is_asked(k, v)}
            if not case.true:
                inputs = ", ".join(case.inputs)
                raise UsageError(f"no gradient can be checked: the outputs do not depend on {inputs}")
        return compare(cases, self.name, self.warnings, self.hints_only, self.causes), cases

    def _is_asked(self, key: str, true: Array) -> bool:
        """Whether a gradient must be returned."""
        return key not in self.targets and (key not in self.unasked or bool(np.any(true)))

    def with_sums(
        self, report: BackwardReport, draws: list[dict[str, Array]], name: str
    ) -> tuple[BackwardReport, list[dict[str, Array]]]:
        """Take targets that were drawn as ones that add up to 1, where that makes right what is wrong else."""
        for axis in range(draws[0][name].ndim):
            summing = [arrays | {name: adding_up(arrays[name], axis)} for arrays in draws]
            again, _ = self.compare(summing)
            if again.ok:
                wrong = ", ".join(report.wrong)
                again.warnings.append(
                    f"{name} was drawn so that it adds up to 1 along axis {axis}, as targets do; "
                    f"with other numbers for it {wrong} would be wrong"
                )
                return again, summing
        return report, draws


def _targets(truth: Truth | None, drawn: set[str]) -> list[str]:
    """The drawn inputs that are called like targets and do nothing but multiply, as in Σ y log p."""
    if truth is None:
        return []
    users: dict[Tensor, list[Tensor]] = {}
    for r in truth.recording.forward:
        for x in r.inputs:
            users.setdefault(x, []).append(r)
    names = [k for k in truth.inputs if k in drawn and TARGETS.fullmatch(k)]
    return [k for k in names if all(algebra(r) == "product" for r in users.get(truth.inputs[k], []))]


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
        if shape_to_draw(given) is None and not is_table(given) and not _numeric(given):
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

    def __init__(self, pair: Pair, inputs: Mapping[str, Array], seed: int, whole: list[str]) -> None:
        self.pair, self.inputs = pair, inputs
        self.function, self.forward = pair.parts
        first = pair.forward(inputs)
        _refuse_infinite({f"forward's output {k!r}": v for k, v in first.outputs.items()})
        self.outputs = first.outputs
        rng = np.random.default_rng(seed + 1000)
        self.upstream = {key: rng.standard_normal(np.shape(value)) for key, value in first.outputs.items()}
        self.epsilon = first.epsilon
        self._find_truth(first)
        if not any(v.size for v in self.true.values()):
            raise UsageError(why_none(inputs, whole))
        _refuse_infinite({f"the true gradient {k}": v for k, v in self.true.items()})
        last = pair.forward(inputs)  # what is kept in objects and globals is now what this run left there
        refuse_another(first, last)
        self.warnings = [f"forward changes its argument {k} in place" for k in last.changed]
        kept = Kept(upstream=self.upstream, cache=last.cache)
        self.found, self.failure, self.problems = run_backward(lambda: pair.backward(self.upstream, last.cache))
        self.warnings += [f"backward changes {name} in place" for name in kept.changed()]
        self.upstream = kept.before("upstream", self.upstream)
        self.returned = set(self.found) | set(self.problems)

    def _find_truth(self, first: Run) -> None:
        """The true gradients from a recording, or by differences where there is none."""
        self.truth, why = _recorded(self.pair, self.inputs, first, self.upstream)
        self.doubts: dict[str, Doubt] = {}
        self.tolerance = EQUAL
        read = None if self.truth is None else self.truth.read
        if self.truth is not None and read is not None and self._went_past(self.truth):
            self.truth, why = None, f"{read} takes plain numbers out of what it computes"
        if self.truth is not None:
            self.true, self.basis = self.truth.gradients, "the recorded forward pass"
            stored = coarsest(self.truth.recording.forward)  # on the way, though outputs and cache may not show it
            self.epsilon = max(self.epsilon, float(np.finfo(stored).eps))
            return

        self.true, self.doubts = differences.gradients(self._loss, self.inputs, first.epsilon)
        parts = [np.max(d.error, initial=0) / max(np.max(np.abs(self.true[k]), initial=0), 1e-300)
                 for k, d in self.doubts.items()]  # fmt: skip
        error = float(max(parts, default=0.0))
        digits = f"{np.log10(1 / min(max(error, 1e-16), 1.0)):.0f} digits"
        self.basis = (
            f"differences with Richardson extrapolation, {digits}; the forward pass could not be recorded ({why})"
        )
        self.tolerance = min(max(BY_DIFFERENCES, 10 * error), 1e-4)

    def _went_past(self, truth: Truth) -> bool:
        """Whether plain numbers that the program took out have a part in the gradients, which is not recorded then.

        Where it cuts derivatives on purpose, differences would tell of another gradient than is meant.
        """
        if _cuts(truth):
            return False
        for key, leaf in truth.inputs.items():
            recorded = float(np.sum(truth.gradients[f"d{key}"]))
            found, error, low, high, kink = self.slope(f"d{key}", list(np.ndindex(leaf.shape)))
            size = max(abs(found), abs(recorded), float(np.max(np.abs(truth.gradients[f"d{key}"]), initial=0.0)))
            if not kink and abs(found - recorded) > max(100 * error, abs(high - low), 1e-6 * size):
                return True
        return False

    def _loss(self, arrays: Mapping[str, Array]) -> float:
        """The outputs times what they are given: the backward pass is that of this number."""
        return self._loss_of(self.pair.forward(arrays).outputs)

    def _loss_of(self, outputs: Mapping[str, Array]) -> float:
        return float(np.sum([np.sum(v * self.upstream[k]) for k, v in outputs.items()]))

    def anew(self) -> OfPair:
        """The draw as one that can be run again after lines were changed."""
        numbers = {"inputs": self.inputs, "upstream": self.upstream, "outputs": self.outputs}
        return OfPair(self.pair, numbers, self.true, self.found)

    def slope(self, key: str, places: list[tuple[int, ...]]) -> differences.Slope:
        """The derivative by some elements together, by differences to both sides."""
        return differences.slope(self._loss, self.inputs, key[1:], places, self.epsilon)

    def seems_smooth(self, key: str, place: tuple[int, ...], gap: float) -> bool:
        """Whether no kink at an element can be the reason for a gap of this size."""
        here = self._loss_of(self.outputs)
        return differences.seems_smooth(self._loss, here, self.inputs, key[1:], place, gap)

    def goes_in_steps(self, key: str, places: list[tuple[int, ...]]) -> bool:
        """Whether the outputs are flat in some elements and yet change with them, as what is rounded does."""
        if self.truth is not None and _cuts(self.truth):
            return False  # it is said what is passed on
        changes = False
        for place in places:
            found = differences.in_steps(self._loss, self.inputs, key[1:], place)
            if found is None:
                return False
            changes = changes or found
        return changes

    def own_rounding(self, epsilon: float) -> dict[str, Array]:
        """The rounding of the backward pass's own way."""

        def run(disturb: Disturb) -> dict[str, Array]:
            cache = self.pair.forward(self.inputs).cache
            upstream = {k: disturb(v) for k, v in self.upstream.items()}
            with disturbed([cache, *self.pair.held()], disturb):
                return run_backward(lambda: self.pair.backward(upstream, cache))[0]

        return own_rounding(run, self.found, epsilon)


def _cuts(truth: Truth) -> bool:
    """Whether a forward pass cuts derivatives on purpose."""
    return any(r.operation is not None and r.operation.cuts for r in truth.recording.forward)


def _refuse_infinite(arrays: Mapping[str, Array]) -> None:
    for what, array in arrays.items():
        if not np.all(np.isfinite(array)):
            place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise UsageError(
                f"{what} is {array[place]} at {list(place)} for these inputs, so nothing can be compared; "
                "give arrays for which it is a number (such as positive ones for a logarithm)"
            )


def _recorded(
    pair: Pair, inputs: Mapping[str, Array], plain_run: Run, upstream: Mapping[str, Array]
) -> tuple[Truth | None, str]:
    """A recording of the forward pass, or why there is none."""
    try:
        truth = pair.record(inputs, upstream)
    except Exception as error:  # a program that only plain NumPy can run
        return None, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    near = max(1e-12, 1e3 * plain_run.epsilon if plain_run.epsilon > EPSILON else 0.0)
    if all(difference(truth.outputs[k]._value, v) < near for k, v in plain_run.outputs.items()):
        return truth, ""
    return None, "recording it gave other values than running it"


__all__ = ["BackwardReport", "Gradient", "check_backward", "compared"]
