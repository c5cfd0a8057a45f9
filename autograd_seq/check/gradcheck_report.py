"""GradcheckReport: what was compared, what is wrong, and where the numbers cannot tell."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from autograd_seq.check.failure import Failure
from autograd_seq.translation.reader import translated

SHOWN = 5  # failures that are printed in full


@dataclass(frozen=True)
class Whole:
    """The gradient of the whole function by one leaf, beside its true derivative.

    Attributes
    ----------
    name : str
        What the leaf is called.
    error : float
        The largest difference, relative to the largest derivative and the terms that were added up.
    element : tuple of int, or None
        Where it is; None for a random direction.
    expected, found : float
        The derivative, and what the sweep gives.
    how : str
        ``"elements"``: each by itself, in high precision or by differences; ``"directions"``: random ones.
    excluded : int
        Elements that lead over a kink, or to the edge of a domain, left out.
    wrong : bool
        Whether they differ by more than rounding explains.
    """

    name: str
    error: float
    element: tuple[int, ...] | None
    expected: float
    found: float
    how: str
    excluded: int = 0
    wrong: bool = False


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
        Elements of records that lead over a kink which is met exactly, or to the edge of a domain, left out.
    notes : tuple of str
        What limits the answer.
    left_out : dict of str
        Inputs that were not differentiated, by name, each with the reason.
    undecided : list of str
        Where the numbers cannot tell, each with the reason.
    not_finite : dict of str
        Leaves whose gradient is not finite, by name, each with the first such number.
    dtype : str
        The coarsest dtype of floats that the function computes in: rounding was judged by it.
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
    undecided: list[str] = field(default_factory=list)
    not_finite: dict[str, str] = field(default_factory=dict)
    dtype: str = "float64"

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong or undecided, and every gradient is finite."""
        return not (self.failures or self.undecided or self.not_finite)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        lines = [f"gradcheck {self._verdict()} (checked, {self.dtype})", *self._figures()]
        lines += [f"  left out {name}: {reason}" for name, reason in self.left_out.items()]
        lines += [f"  not finite: the gradient of {name} holds {number}" for name, number in self.not_finite.items()]
        lines += [f"undecided: {reason}" for reason in self.undecided]
        lines += [f"note: {n}" for n in self.notes]
        for failure in self.failures[:SHOWN]:
            lines += ["", str(failure)]
        if len(self.failures) > SHOWN:
            lines.append(f"… and {len(self.failures) - SHOWN} failures more")
        return translated("\n".join(lines))

    __repr__ = __str__

    def _verdict(self) -> str:
        if self.failures:
            return f"FAILED, {len(self.failures)} wrong"
        if self.undecided:
            return "UNDECIDED"
        return "FAILED: a gradient is not finite" if self.not_finite else "passed"

    def _figures(self) -> list[str]:
        worst = max((w.error for w in self.wholes), default=0.0)
        lines = [
            f"  records  {self.records} rule uses at their recorded inputs agree to {self.digits:.0f} digits"
            if not self.failures
            else f"  records  {self.records} rule uses compared at their recorded inputs",
            f"  whole    {len(self.wholes)} leaves, largest relative error {worst:.1e}",
            f"  Taylor   remainder of order {self.slope:.2f} (2: right, 1: wrong)"
            if np.isfinite(self.slope)
            else "  Taylor   no remainder: the function is linear"
            if np.isinf(self.slope)
            else "  Taylor   not measured",
        ]
        if self.second_order is not None:
            lines.append(f"  second   order: relative error {self.second_order:.1e}")
        if self.excluded:
            lines.append(f"  excluded {self.excluded} elements at a kink or at the edge of a domain")
        return lines
