"""What somebody's own lines tell of their mistakes: which change of one mends it, and in which one it stands.

The lines are those of this process, or of another that a function stands for, which then answers the same questions.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from autograd_seq.diagnosis.asked_of_lines import Sought, Way
from autograd_seq.diagnosis.finding import Finding
from autograd_seq.diagnosis.line_edits import said
from autograd_seq.diagnosis.located import caller_of, located
from autograd_seq.diagnosis.mend import Mend
from autograd_seq.diagnosis.seen import Place, Seen, seen
from autograd_seq.diagnosis.true_values import TrueValues


class OwnLines:
    """The lines of functions of this process.

    Parameters
    ----------
    draws : sequence
        Two draws of the inputs, as `Mend` takes them.
    wrong : list of str
        The gradients that are wrong.
    tolerance : float
        How far equal numbers may differ, relative to the largest.
    known : TrueValues
        The values of the true passes.
    seconds : float
        How long to look for changes at most.
    """

    def __init__(
        self, draws: Sequence[Any], wrong: list[str], tolerance: float, known: TrueValues, seconds: float = 30.0
    ) -> None:
        self._mend = Mend(draws, wrong, tolerance, known, seconds)

    def mended(self, way: Way) -> tuple[list[Finding], str]:
        """What changes mend, and the first line that is wrong where they do not mend everything."""
        found, line = self._mend.run(way)
        if line is None:
            return found, ""
        return found, f"{line.statement.lineno}{_of(self._mend.file_of(line.part))} ({said(line.statement)})"

    def changed(
        self, inputs: Mapping[str, Any], rows: dict[int, list[Any]], given: Sequence[float]
    ) -> contextlib.AbstractContextManager[None]:
        """Let the program do what it does with the changes that were found last, on some inputs.

        Parameters
        ----------
        inputs : mapping
            These.
        rows : dict
            The true values for them of rows that lines take theirs from.
        given : sequence of float
            As `TrueValues` has them.
        """
        return self._mend.changed(inputs, rows, given)

    def located(self, sought: Sequence[Sought]) -> list[Place | None]:
        """The lines of mistakes whose values are known."""
        return located(self._mend, sought)

    def seen(self, line: int, file: str) -> Seen | None:
        """What a line made, and how the values of its function are called."""
        parts = self._mend.parts
        there = [part for part in parts if self._mend.file_of(part) == file]
        found = seen(there, line, there[0].file) if there else None
        return None if found is None else replace(found, caller=caller_of(self._mend, line, file))


def _of(file: str) -> str:
    return f" of {file}" if file else ""
