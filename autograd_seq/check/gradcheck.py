"""gradcheck(): every derivative that a recording uses beside the true one, of each record and of the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autograd_seq.operations as ops
from autograd_seq.check.again import JUMPS, UNRECORDED, Again, outputs_of
from autograd_seq.check.each_record import Records, each_record
from autograd_seq.check.each_record import check_records as check_records
from autograd_seq.check.exact_whole import ExactWhole
from autograd_seq.check.failure import Failure
from autograd_seq.check.gradcheck_report import GradcheckReport as GradcheckReport
from autograd_seq.check.gradcheck_report import Whole
from autograd_seq.check.numeric import work
from autograd_seq.check.second import wrong_second
from autograd_seq.check.taking import take
from autograd_seq.check.whole_differences import WholeByDifferences
from autograd_seq.check.whole_slopes import along_slopes
from autograd_seq.core.array import Array
from autograd_seq.core.errors import GradientError, UsageError
from autograd_seq.core.gradient import grad
from autograd_seq.core.graph import Graph
from autograd_seq.core.recording import differentiate
from autograd_seq.core.source_line import here
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.rounding import coarsest

LARGE = 20_000  # scalar operations of the whole; beyond, one direction in high precision
TOO_LARGE = 500_000  # beyond, differences in float64
SAID = 5  # reasons that are printed


def gradcheck(function: Callable[..., Any], *inputs: Any, seed: int = 0, second_order: bool = True) -> GradcheckReport:
    """Compare every derivative that a function's recording uses with the true one.

    The true ones come of what the operations mean, evaluated in 60 digits, of every record where it stands and of
    the whole; differences in float64 stand in for what has no meaning, is not recorded, or is too large.

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
        `.ok`, and for each wrong record its index, operation, place, line and numbers; `.undecided`, where
        the numbers cannot tell, and why; `.left_out`, the inputs that were not compared.

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
        self.seed = seed
        self.rng = np.random.default_rng(seed)
        taken = take(function, inputs)
        self.left_out = dict(taken.left_out)
        self.outputs = outputs_of(taken.made)
        self.graph = Graph(*self.outputs)
        for input, tensors in taken.tensors.items():
            if tensors and not any(x.record in self.graph.positions for x in tensors):
                self.left_out.setdefault(input, "no recorded operation leads from it to what the function gives")
        self.weights = [self.rng.uniform(0.5, 1.5, o.shape).astype(_floats(o.dtype)) for o in self.outputs]
        self.total = self._weighted()
        self.leaves = [x for x in self.graph.leaves if x.requires_grad]
        if not self.total.requires_grad or not self.leaves:
            why = "".join(f"\n  {name}: {reason}" for name, reason in self.left_out.items())
            raise GradientError(f"nothing that the function computes depends on its inputs by floats{why}{here()}")
        self.again = Again(function, taken.arguments, self.graph)
        self.notes: list[str] = []
        self.undecided: list[str] = []
        self.wholes: list[Whole] = []
        self.slope = float("nan")
        self.second: float | None = None

    def _weighted(self) -> Tensor:
        """Σ weights ∘ output: the scalar whose gradient is compared."""
        total = None
        for output, c in zip(self.outputs, self.weights, strict=True):
            part = ops.sum(ops.multiply(output, c))
            total = part if total is None else total + part
        assert total is not None  # there is at least one output
        return total

    def run(self, second_order: bool) -> GradcheckReport:
        with np.errstate(all="ignore"):  # what overflows is said in the report
            return self._run(second_order)

    def _run(self, second_order: bool) -> GradcheckReport:
        self.adjoints, fault = self._adjoints()
        records = each_record(self.graph, self.seed, self.adjoints)
        failures = list(records.failures)
        if changed := self.again.changes():
            self.undecided.append(changed)
        elif other := self.again.differs_plainly():
            self.undecided.append(other)
        if fault is None:
            gradients = dict(zip(self.leaves, grad(self.total, self.leaves), strict=True))
            wrong = self._whole(gradients, records, second_order, bool(changed))
            if wrong and records.alike and not failures:  # one that was like others may not be
                records = each_record(self.graph, self.seed, self.adjoints, float("inf"))
                failures = list(records.failures)
            failures += wrong
        elif failures:
            gradients = {}
            self.notes.append(f"the sweep failed after that: {type(fault).__name__}")
        else:
            raise fault
        self.undecided += records.unsettled
        self._said_of_records(records)
        return GradcheckReport(
            failures, len(records.compared), min((c.digits for c in records.compared), default=16.0), self.wholes,
            self.slope, self.second, sum(c.excluded for c in records.compared), tuple(self.notes), self.left_out,
            _first(self.undecided), _not_finite(gradients), str(coarsest(self.graph)),
        )  # fmt: skip

    def _adjoints(self) -> tuple[dict[Tensor, Array], Exception | None]:
        """The adjoint of every record; what the sweep raised, if a rule made it fail."""
        try:
            return {x: a._value for x, a in differentiate(self.total).adjoints.items()}, None
        except Exception as error:
            return {}, error

    def _said_of_records(self, records: Records) -> None:
        if records.alike:
            self.notes.append(
                f"{records.alike} records more are like these, of the same operations and shapes: "
                "they were compared in the whole"
            )
        cuts = [r for r in self.graph if r.operation is not None and r.operation.cuts]
        if cuts:
            self.notes.append(
                f"cut off on purpose, by {cuts[0].operation.name}: {len(cuts)} record{'s' * (len(cuts) != 1)}, "
                "which count as constants"
            )

    # -- the whole ------------------------------------------------------------------------

    def _whole(
        self, gradients: dict[Tensor, Array], records: Records, second_order: bool, changed: bool
    ) -> list[Failure]:
        """Failures of the whole; in high precision where everything recorded can be followed."""
        explained = bool(records.failures)
        departs = not changed and self.again.departs(self.leaves, self.rng)
        if departs and self.again.jumps:
            self.undecided.append(JUMPS)
            departs = False
        why = self._why_not(records, departs)
        exact = None
        if not why:
            try:
                exact = ExactWhole(dict(zip(self.outputs, self.weights, strict=True)), self.total, self.leaves)
            except Exception as error:  # an operation of the backward pass whose meaning is not for scalars
                why = f"{type(error).__name__} in high precision"
        if exact is None:
            return self._from_afar(gradients, explained, departs, why)
        failures = self._exactly(exact, gradients, explained)
        finite = not exact.is_beyond and not _not_finite(gradients)
        if second_order and not failures and not explained and finite:
            failures += self._second(exact)
        return failures

    def _why_not(self, records: Records, departs: bool) -> str:
        """Why the whole cannot be followed in high precision; empty if it can."""
        if departs:
            return UNRECORDED
        if records.unlike:
            return "a meaning is not what its value rule computes"
        if records.not_followed:
            return f"the meaning of {records.not_followed[0].operation.name} cannot be followed in high precision"
        if (size := sum(map(work, self.graph))) > LARGE:
            return f"it takes about {size:,.0f} scalar operations, more than {LARGE:,}"
        return ""

    def _from_afar(
        self, gradients: dict[Tensor, Array], explained: bool, departs: bool, why: str
    ) -> list[Failure]:
        """The whole of what is too large, along a direction; of what cannot be followed, by differences in float64."""
        if "scalar operations" in why and sum(map(work, self.graph)) <= TOO_LARGE:
            weights = dict(zip(self.outputs, self.weights, strict=True))
            found = along_slopes(weights, gradients, max(map(_largest, self.adjoints.values())), self.rng)
            if found is not None:
                self.notes.append(f"the whole was compared along one random direction, in high precision: {why}")
                self.wholes = found
                return self._failed(explained)
        self.notes.append(f"the whole was compared with differences in float64: {why}")
        return self._by_differences(gradients, explained, departs)

    def _failed(self, explained: bool) -> list[Failure]:
        return [self._wrong(x, w, explained) for x, w in zip(self.leaves, self.wholes, strict=True) if w.wrong]

    def _exactly(self, exact: ExactWhole, gradients: dict[Tensor, Array], explained: bool) -> list[Failure]:
        found = {x: exact.compare(x, gradients[x]) for x in self.leaves}
        self.wholes = [
            Whole(x.label, c.error, c.element, c.expected, c.found, "elements", c.excluded, c.wrong)
            for x, c in found.items()
        ]
        self.undecided += [f"{x.label}: {c.unsettled}" for x, c in found.items() if c.unsettled]
        self.slope = exact.taylor(self.rng)
        return self._failed(explained)

    def _by_differences(self, gradients: dict[Tensor, Array], explained: bool, departs: bool) -> list[Failure]:
        whole = WholeByDifferences(self.again, self.weights, self.rng)
        self.wholes = [whole.compare(x, gradients[x]) for x in self.leaves]
        self.slope = whole.taylor(gradients)
        failures = self._failed(explained)
        self.undecided += whole.undecided
        if departs and not failures:
            self.undecided.append(UNRECORDED)
        return failures

    def _wrong(self, x: Tensor, w: Whole, explained: bool) -> Failure:
        said = "; a record is wrong, see above" if explained else ""
        message = f"the gradient of the whole is not its derivative, off by {w.error:.1e}{said}"
        place = self.graph.positions[x]
        return Failure("whole", x, place, None, None, w.expected, w.found, message=message)

    # -- second order ---------------------------------------------------------------------

    def _second(self, exact: ExactWhole) -> list[Failure]:
        """Second derivatives times a random vector; what is wrong in them is named at its record."""
        try:
            found = exact.second(self.rng)
        except Exception as error:
            self.notes.append(f"second derivatives were not compared: {type(error).__name__} on the way")
            return []
        self.second = max((c.error for c in found.values()), default=0.0)
        if not any(c.wrong for c in found.values()):
            return []
        return wrong_second(self.graph, exact.recording, self.seed, self.second)


def _floats(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype of floats to weight a result with."""
    return dtype if dtype.kind == "f" else np.dtype(np.float64)


def _first(reasons: Sequence[str]) -> list[str]:
    """A few reasons, each once."""
    once = list(dict.fromkeys(reasons))
    return once if len(once) <= SAID else [*once[: SAID - 1], f"{len(once) - SAID + 1} reasons more"]


def _largest(values: Array) -> float:
    """The largest finite size."""
    return float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))


def _not_finite(gradients: dict[Tensor, Array]) -> dict[str, str]:
    """Leaves whose gradient holds an infinity or NaN."""
    odd = {x.label: g[~np.isfinite(g)] for x, g in gradients.items() if not np.isfinite(g).all()}
    return {name: str(numbers.flat[0]) for name, numbers in odd.items()}
