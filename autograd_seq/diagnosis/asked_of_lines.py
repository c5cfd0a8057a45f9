"""What is asked of somebody's own lines, whoever looks at them: this process, or another that a function stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Literal, Protocol

from autograd_seq.core.array import Array
from autograd_seq.diagnosis.finding import Finding
from autograd_seq.diagnosis.seen import Place, Seen
from autograd_seq.diagnosis.true_values import TrueValues

# By = and += and arrays that are shared alone, by what functions are handed, by the values of lines, or by any change.
Way = Literal["assignments", "handed", "values", "changes"]


@dataclass(frozen=True)
class Sought:
    """A mistake that is looked for.

    Attributes
    ----------
    where : tuple of str
        What it is made in, as the true pass calls it.
    explains : tuple of str
        The gradients that are wrong because of it.
    values : list of ndarray
        What is another value than in the true pass because of it.
    """

    where: tuple[str, ...]
    explains: tuple[str, ...]
    values: list[Array]


class Lines(Protocol):
    """Whoever answers these questions."""

    def mended(self, way: Way) -> tuple[list[Finding], str]:
        """What changes mend, and the first line that is wrong where they do not mend everything."""

    def located(self, sought: Sequence[Sought]) -> list[Place | None]:
        """The lines of mistakes whose values are known."""

    def seen(self, line: int, file: str) -> Seen | None:
        """What a line made, and how the values of its function are called."""


def lines_of(cases: Sequence[Any], wrong: list[str], tolerance: float, known: TrueValues) -> Lines:
    """The lines of the program that two cases are draws of, wherever it runs."""
    elsewhere = getattr(cases[0].function, "own_lines", None)
    if elsewhere is not None:
        found: Lines = elsewhere(cases, wrong, tolerance, known)
        return found
    own = import_module("autograd_seq.diagnosis.own_lines")  # who asks another process has no need of it
    here: Lines = own.OwnLines([case.anew() for case in cases], wrong, tolerance, known)
    return here


def with_lines(lines: Lines, findings: list[Finding], values: list[list[Any]]) -> list[Finding]:
    """Findings with their lines, where they have none yet and the lines can be told."""
    left = [i for i, f in enumerate(findings) if f.line is None]
    sought = [Sought(tuple(findings[i].where.split(", ")), findings[i].explains, values[i]) for i in left]
    made = list(findings)
    for i, place in zip(left, lines.located(sought) if sought else [], strict=False):
        if place is not None:
            made[i] = replace(made[i], line=place[0], source=place[1], file=place[2])
    return made
