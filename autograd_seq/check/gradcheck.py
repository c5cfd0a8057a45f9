"""gradcheck(): derivatives beside differences in float64, of every record where it stands and of the whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from autograd_seq import operations as ops
from autograd_seq.check.application import branch_of
from autograd_seq.check.each_record import check_records
from autograd_seq.check.failure import Failure
from autograd_seq.check.inputs import mapped
from autograd_seq.check.slopes import FAR_APART
from autograd_seq.check.slopes import slope_along as _sl
TOLERANCE=1e-6
def slope_along(f,s): return _sl(f,s).value
from autograd_seq.check.taking import take
from autograd_seq.core.array import Array
from autograd_seq.core.errors import GradientError, UsageError
from autograd_seq.core.gradient import grad
from autograd_seq.core.graph import Graph
from autograd_seq.core.recording import differentiate
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.steps import scopes
from autograd_seq.readings.branches import decisions

WORK = 400_000  # records computed for the differences of the whole; beyond, random directions only
ELEMENTS = 1000  # of one leaf; with more, random directions only
NOISY = 1e-3  # a difference this far off may be noise, if the Taylor remainder says so


@dataclass(frozen=True)
class Whole:
    """The derivative of the whole function by one leaf, beside differences.

    Attributes
    ----------
    name : str
        What the leaf is called.
    error : float
        The largest difference, relative to the largest derivative.
    element : tuple of int, or None
        Where it is; None for a random direction.
    expected, found : float
        By differences, and by the sweep.
    how : str
        ``"Jacobian"``, ``"elements"`` or ``"directions"``.
    excluded : int
        Elements next to a kink, left out.
    """

    name: str
    error: float
    element: tuple[int, ...] | None
    expected: float
    found: float
    how: str
    excluded: int = 0


@dataclass(frozen=True)
class GradcheckReport:
    """What `gradcheck` found; true where everything agrees.

    Attributes
    ----------
    failures : list of Failure
        Every wrong derivative: first of single records, then of the whole.
    records : int
        How many rule applications were compared where they stand.
    digits : float
        Digits to which the worst of them agrees.
    wholes : list of Whole
        The whole function, by each leaf.
    slope : float
        Of the Taylor remainder: 2 or more where the gradient is right, 1 where it is wrong;
        infinite where the function is linear.
    second_order : float or None
        Relative error of second derivatives times a vector; None where they were not asked for.
    excluded : int
        Elements of records next to a kink, left out.
    notes : tuple of str
        What limits the answer.
    left_out : dict of str
        Inputs that were not differentiated, by name, each with the reason.
    """

    failures: list[Failure]
    records: int
    digits: float
    wholes: list[Whole]
    slope: float
    second_order: float | None
    excluded: int
    notes: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether everything agrees."""
        return not self.failures

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        worst = max((w.error for w in self.wholes), default=0.0)
        lines = [
            f"gradcheck {'passed' if self.ok else f'FAILED, {len(self.failures)} wrong'} (checked, float64)",
            f"  records  {self.records} rule uses at their recorded inputs agree to {self.digits:.0f} digits"
            if self.ok
            else f"  records  {self.records} rule uses compared at their recorded inputs",
            f"  whole    {len(self.wholes)} leaves, largest relative error {worst:.1e}",
            f"  Taylor   remainder of order {self.slope:.2f} (2: right, 1: wrong)"
            if np.isfinite(self.slope)
            else "  Taylor   no remainder: the function is linear to rounding"
            if np.isinf(self.slope)
            else "  Taylor   not measured",
        ]
        if self.second_order is not None:
            lines.append(f"  second   order: relative error {self.second_order:.1e}")
        if self.excluded:
            lines.append(f"  excluded {self.excluded} elements next to a kink")
        lines += [f"  left out {name}: {reason}" for name, reason in self.left_out.items()]
        lines += [f"note: {n}" for n in self.notes]
        for failure in self.failures[:5]:
            lines += ["", str(failure)]
        if len(self.failures) > 5:
            lines.append(f"… and {len(self.failures) - 5} failures more")
        return "\n".join(lines)

    __repr__ = __str__


def gradcheck(function: Callable[..., Any], *inputs: Any, seed: int = 0, second_order: bool = True) -> GradcheckReport:
    """Compare every derivative that a function's recording uses with differences.

    Parameters
    ----------
    function : callable
        Of the inputs, to a tensor, or a list, tuple or dict of tensors, of any shape.
    *inputs : array_like or Tensor
        Where to compare. All numbers become tensors of floats that require a gradient: numbers, arrays, lists,
        tuples and dicts of them, of integers and truth values too. Whole numbers that the function refuses as
        floats, because they are an index or a count, are held constant; anything else, and a tensor
        that requires no gradient, is handed on as it is. The report names whatever was left out and says
        why. Parameters that the function uses without being given them are compared too.
    seed : int
        For adjoints and directions; equal seeds give equal reports.
    second_order : bool
        Compare second derivatives as well.

    Returns
    -------
    GradcheckReport
        `.ok`, and for each wrong record its index, operation, place, line and numbers; `.left_out`, the
        inputs that were not compared.

    Raises
    ------
    GradientError
        If nothing requires a gradient.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_seq import gradcheck, tanh
    >>> report = gradcheck(lambda W, x: tanh(W @ x), np.array([[0.5, -0.2]]), np.array([[1.0], [2.0]]))
    >>> report.ok, round(report.slope)
    (True, 2)

    A count is not a quantity that could be a little larger; the report says so.

    >>> report = gradcheck(lambda x, n: tanh(x) * len(range(n)), [0.5, -0.2], 3)
    >>> list(report.left_out)
    ['n']
    """
    if not callable(function):
        raise UsageError(f"gradcheck() takes a function and its inputs, not {type(function).__name__}{here()}")
    return _Check(function, inputs, seed).run(second_order)


class _Check:
    def __init__(self, function: Callable[..., Any], inputs: Sequence[Any], seed: int) -> None:
        self.function = function
        self.seed = seed
        self.rng = np.random.default_rng(seed)
        taken = take(function, inputs)
        self.inputs, self.left_out = taken.arguments, dict(taken.left_out)
        self.outputs = _outputs(taken.made)
        self.graph = Graph(*self.outputs)
        for input, tensors in taken.tensors.items():
            if tensors and not any(x.record in self.graph.positions for x in tensors):
                self.left_out.setdefault(input, "no recorded operation leads from it to what the function gives")
        self.adjoints = [self.rng.uniform(0.5, 1.5, o.shape) for o in self.outputs]
        self.total = self._weighted(self.outputs)
        self.leaves = [x for x in self.graph.leaves if x.requires_grad]
        if not self.total.requires_grad or not self.leaves:
            why = "".join(f"\n  {name}: {reason}" for name, reason in self.left_out.items())
            raise GradientError(f"nothing that the function computes depends on its inputs by floats{why}{here()}")
        self.notes: list[str] = []

    def _weighted(self, outputs: list[Tensor]) -> Tensor:
        """Σ adjoint ∘ output: the scalar whose gradient is compared."""
        total = None
        for output, c in zip(outputs, self.adjoints, strict=True):
            part = ops.sum(ops.multiply(output, c))
            total = part if total is None else total + part
        assert total is not None  # there is at least one output
        return total

    def run(self, second_order: bool) -> GradcheckReport:
        failures, seen = check_records(self.graph, self.seed)
        wholes: list[Whole] = []
        slope, second = float("nan"), None
        try:
            gradients = dict(zip(self.leaves, grad(self.total, self.leaves), strict=True))
            slope = self._taylor(gradients)
            wholes = [self._whole(x, gradients[x], slope) for x in self.leaves]
            second = self._second(gradients) if second_order else None
        except Exception as error:
            if not failures:
                raise
            self.notes.append(f"the sweep failed after that: {type(error).__name__}")
        failures += self._wrong_wholes(wholes, bool(failures))
        if second is not None and not second <= 1e-5 and not failures:
            failures += self._wrong_second(second)
        return GradcheckReport(
            failures, len(seen), min((c.digits for c in seen), default=16.0), wholes, slope, second,
            sum(c.excluded for c in seen), tuple(self.notes), self.left_out,
        )  # fmt: skip

    # -- the whole ------------------------------------------------------------------------

    def at(self, moved: Mapping[Tensor, Array]) -> list[Array]:
        """The outputs with other values of some leaves.

        The function is called again where all of them are its inputs; else the recording is replayed.
        """
        own = set()

        def change(x: Any) -> Any:
            if not isinstance(x, Tensor) or x.record not in moved:
                return x
            own.add(x.record)
            return Tensor(moved[x.record], x.name, requires_grad=True)

        arguments = [mapped(x, change) for x in self.inputs]
        if own.issuperset(moved):
            return [o._value for o in _outputs(self.function(*arguments))]
        values = self._replay(moved)
        return [values[o] for o in self.outputs]

    def _replay(self, moved: Mapping[Tensor, Array]) -> dict[Tensor, Array]:
        values: dict[Tensor, Array] = {}
        for r in self.graph:
            if r in moved or r.operation is None:
                values[r] = moved.get(r, r._value)
            else:
                values[r] = np.asarray(r.operation.value(*(values[x] for x in r.inputs), **r.settings))
        return values

    def _along(self, direction: Mapping[Tensor, Array]) -> Callable[[float], float]:
        """The weighted sum of outputs along a direction."""

        def value(t: float) -> float:
            ends = self.at({x: x._value + t * v for x, v in direction.items()})
            return float(sum(np.vdot(c, o) for c, o in zip(self.adjoints, ends, strict=True)))

        return value

    def _scale(self, direction: Mapping[Tensor, Array]) -> float:
        """How far to step so that no decision changes; 0 next to a kink."""
        kinked = [r for r in self.graph if r.operation is not None and branch_of(r)]
        scale = 1.0
        if not kinked:
            return scale
        here = [decisions(r) for r in kinked]
        for _ in range(6):
            ends = (
                self._replay({x: x._value + s * FAR_APART * scale * v for x, v in direction.items()}) for s in (-1, 1)
            )
            if all(
                [decisions(r, [values[x] for x in r.inputs]) for r in kinked] == here for values in ends
            ):
                return scale
            scale /= 10
        return 0.0

    def _whole(self, x: Tensor, found: Array, slope: float) -> Whole:
        outputs = sum(o.size for o in self.outputs)
        work = 14 * x.size * len(self.graph)
        if work > WORK or x.size > ELEMENTS:
            return self._directional(x, found)
        if 1 < outputs * x.size <= 1024 and 14 * outputs * len(self.graph) <= WORK:
            return self._jacobian(x)
        columns = []
        left_out = 0
        for place in np.ndindex(x.shape):
            scale = self._scale({x: _unit(x.shape, place)})
            left_out += not scale
            columns.append(
                float(slope_along(self._along({x: _unit(x.shape, place)}), scale)) if scale else found[place]
            )
        return _compared(x, np.array([columns]), found.reshape(1, -1), "elements", left_out)

    def _jacobian(self, x: Tensor) -> Whole:
        """Every output element by every element of a leaf."""

        def ends(t: float, v: Array) -> Array:
            return np.concatenate([o.ravel() for o in self.at({x: x._value + t * v})])

        columns, free = [], []
        for place in np.ndindex(x.shape):
            v = _unit(x.shape, place)
            scale = self._scale({x: v})
            free.append(bool(scale))
            columns.append(slope_along(partial(ends, v=v), scale or 1.0))
        rows = []
        for o in self.outputs:
            for place in np.ndindex(o.shape):
                rows.append(grad(o, x, _unit(o.shape, place)).ravel() if o.requires_grad else np.zeros(x.size))
        keep = np.array(free, dtype=bool)
        numeric = np.array(columns).reshape(x.size, -1).T
        found = np.array(rows).reshape(numeric.shape)
        return _compared(x, np.where(keep, numeric, found), found, "Jacobian", int((~keep).sum()))

    def _directional(self, x: Tensor, found: Array) -> Whole:
        worst = Whole(x.label, 0.0, None, 0.0, 0.0, "directions")
        for _ in range(3):
            v = self.rng.standard_normal(x.shape)
            scale = self._scale({x: v})
            if not scale:
                self.notes.append(f"{x.label}: a kink is next to the recorded values")
                continue
            numeric = float(slope_along(self._along({x: v}), scale))
            exact = float(np.vdot(found, v))
            error = abs(numeric - exact) / max(abs(numeric), abs(exact), 1e-30)
            if not error <= worst.error:
                worst = Whole(x.label, error, None, numeric, exact, "directions")
        return worst

    def _wrong_wholes(self, wholes: list[Whole], explained: bool) -> list[Failure]:
        failures = []
        for x, w in zip(self.leaves, wholes, strict=False):
            if w.error <= TOLERANCE:
                continue
            if w.error <= NOISY and self.slope >= 1.8:
                self.notes.append(f"{w.name}: the difference is noisy, not the gradient: the remainder is of order 2")
                continue
            said = "; a record is wrong, see above" if explained else ""
            message = f"the gradient of the whole differs from differences by {w.error:.1e}{said}"
            failures.append(
                Failure("whole", x, self.graph.positions[x], None, None, w.expected, w.found, message=message)
            )
        return failures

    def _taylor(self, gradients: Mapping[Tensor, Array]) -> float:
        """The order of φ(x + t v) - φ(x) - t g·v in t, where it stands above rounding."""
        direction = {x: self.rng.standard_normal(x.shape) for x in self.leaves}
        scale = self._scale(direction)
        if not scale:
            self.notes.append("a kink is next to the recorded values: the Taylor remainder says nothing")
            self.slope = float("nan")
            return self.slope
        along = self._along(direction)
        start = along(0.0)
        rate = float(sum(np.vdot(gradients[x], v) for x, v in direction.items()))
        size = max(abs(start), *(float(np.max(np.abs(o._value), initial=0)) for o in self.outputs), 1e-300)
        noise = 1e4 * np.finfo(min((x.dtype for x in self.leaves), key=lambda d: d.itemsize)).eps * size
        rest = []
        for k in range(14):
            t = FAR_APART * scale * 4 / 2**k
            left = abs(along(t) - start - t * rate)
            if left > noise:
                rest.append(left)
        orders = np.log2(np.array(rest[:-1]) / np.array(rest[1:])) if len(rest) > 1 else np.array([])
        self.slope = float(np.median(orders[-3:])) if len(orders) else float("inf")
        return self.slope

    # -- second order ---------------------------------------------------------------------

    def _second(self, gradients: Mapping[Tensor, Array]) -> float | None:
        """Relative error of the Hessian times a random vector."""
        direction = {x: self.rng.standard_normal(x.shape) for x in self.leaves}
        scale = self._scale(direction)
        if not scale:
            return None
        recording = differentiate(self.total)
        along = None
        for x, v in direction.items():
            if x in recording.adjoints:
                part = ops.sum(ops.multiply(recording.adjoints[x], v))
                along = part if along is None else along + part
        self.backward = recording.backward

        def gradient(t: float) -> Array:
            moved = {x: Tensor(x._value + t * v, x.name, requires_grad=True) for x, v in direction.items()}
            total = self._weighted(self._rerecord(moved))
            return np.concatenate([g.ravel() for g in grad(total, list(moved.values()))])

        expected = np.asarray(slope_along(gradient, scale))
        if along is None or not along.requires_grad:
            found = np.zeros(expected.shape)
        else:
            found = np.concatenate([g.ravel() for g in grad(along, self.leaves)])
        size = max(float(np.max(np.abs(expected), initial=0)), float(np.max(np.abs(found), initial=0)), 1e-8)
        return float(np.max(np.abs(expected - found), initial=0)) / size

    def _rerecord(self, moved: Mapping[Tensor, Tensor]) -> list[Tensor]:
        """The same graph recorded with other leaves."""
        made: dict[Tensor, Tensor] = {}
        for r in self.graph:
            if r in moved or r.operation is None:
                made[r] = moved.get(r, r)
            else:
                inputs = tuple(made[x] for x in r.inputs)
                value = r.operation.value(*(x._value for x in inputs), **r.settings)
                made[r] = r.operation.record(value, inputs, r.settings, any(x.requires_grad for x in inputs))
        return [made[o] for o in self.outputs]

    def _wrong_second(self, error: float) -> list[Failure]:
        """The records of the backward pass whose own rules are wrong; else the output."""
        failures, _ = check_records(self.backward, self.seed)
        message = f"second derivatives differ from differences of the gradient by {error:.1e}"
        return failures or [Failure("whole", self.outputs[0], len(self.graph) - 1, message=message)]


def _compared(x: Tensor, expected: Array, found: Array, how: str, left_out: int) -> Whole:
    scale = max(float(np.max(np.abs(expected), initial=0)), float(np.max(np.abs(found), initial=0)), 1e-30)
    gaps = np.abs(expected - found) / scale
    if not gaps.size:
        return Whole(x.label, 0.0, (), 0.0, 0.0, how, left_out)
    row, column = np.unravel_index(int(np.argmax(np.where(np.isnan(gaps), np.inf, gaps))), gaps.shape)
    place = tuple(int(i) for i in np.unravel_index(int(column), x.shape)) if x.ndim else ()
    return Whole(
        x.label, float(gaps[row, column]), place, float(expected[row, column]), float(found[row, column]), how, left_out
    )


def _unit(shape: tuple[int, ...], place: tuple[int, ...]) -> Array:
    v = np.zeros(shape)
    v[place] = 1.0
    return v


def _outputs(made: Any) -> list[Tensor]:
    if isinstance(made, Tensor):
        return [made.record]
    parts = list(made.values()) if isinstance(made, Mapping) else made
    if isinstance(parts, (list, tuple)) and parts:
        return [o for part in parts for o in _outputs(part)]
    raise UsageError(f"the function must give tensors, but it gave {type(made).__name__}{here()}")
