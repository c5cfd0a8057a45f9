"""Comparison: what a rule gives for one input beside what it should give, element by element."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CERTAIN = 1e-30  # agreement to more digits than these is not worth counting


@dataclass(frozen=True, slots=True)
class Comparison:
    """A rule's answer beside the derivative.

    Attributes
    ----------
    error : float
        The largest difference: of what agrees relative to the terms that were added up, of what does
        not relative to the wrong element.
    element : tuple of int
        The input element where it is.
    expected, found : float
        The derivative, and what the rule gives.
    excluded : int
        Elements left out because they lead over a kink or to the edge of a domain.
    how : str
        ``"digits"`` in high precision; by differences in floats ``"Jacobian"`` or ``"directions"``.
    wrong : bool
        Whether they differ by more than rounding explains.
    message : str
        What is wrong, where it is not the derivative at these numbers.
    unsettled : str
        Why the numbers cannot tell; empty where they do.
    """

    error: float
    element: tuple[int, ...]
    expected: float
    found: float
    excluded: int
    how: str
    wrong: bool = False
    message: str = ""
    unsettled: str = ""

    @property
    def ok(self) -> bool:
        """Whether they do not differ."""
        return not self.wrong

    @property
    def digits(self) -> float:
        """How many digits agree."""
        return float(-np.log10(max(self.error, CERTAIN))) if self.error == self.error else 0.0
