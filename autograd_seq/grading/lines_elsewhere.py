"""A submission's own lines, asked from outside: what changes of them mend a mistake, and in which one it stands.

The search runs where the lines are, in the cage. What it answers is text to print and numbers of lines; that a change
makes gradients right is seen here, on numbers whose true gradients the cage was not told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_seq.diagnosis.asked_of_lines import Sought, Way
from autograd_seq.diagnosis.finding import Finding, Strayed, difference
from autograd_seq.diagnosis.seen import Place, Seen, from_data
from autograd_seq.diagnosis.true_values import TrueValues
from autograd_seq.grading.own_process import OwnProcess
from autograd_seq.grading.packing import pack
from autograd_seq.grading.plain_text import plain
from autograd_seq.grading.values_lent import ValuesLent

SECONDS = 8.0  # for the search in one function
MOST = 4  # causes


class LinesElsewhere:
    """The lines of functions in a process.

    Parameters
    ----------
    process : OwnProcess
        Where they are.
    names : dict
        ``function``, and for a pair ``forward`` and its ``groups``.
    cases : sequence
        Two draws; of the second the cage is told the inputs only.
    wrong : list of str
        The gradients that are wrong.
    tolerance : float
        How far equal numbers may differ, relative to the largest.
    known : TrueValues, optional
        The true values; those of the first draw if not given.
    """

    def __init__(
        self,
        process: OwnProcess,
        names: dict[str, Any],
        cases: Sequence[Any],
        wrong: list[str],
        tolerance: float,
        known: TrueValues | None = None,
    ) -> None:
        known = known or TrueValues.of(cases[0].truth)
        self._lent = ValuesLent(known, cases[1].truth)
        self._process, self._wrong, self._tolerance = process, wrong, tolerance
        self._second = cases[1].anew()
        first = cases[0].anew()
        self._facts: dict[str, Any] = {
            **names, "wrong": wrong, "tolerance": tolerance, "seconds": SECONDS,
            "known": known.to_data(),
            "numbers": dict(first.numbers), "true": dict(first.true), "found": dict(first.found),
        }  # fmt: skip

    def mended(self, way: Way) -> tuple[list[Finding], str]:
        """What changes mend, and the first line that is wrong where they do not mend everything."""
        if not self._process.lines_are_read:
            return [], ""
        answer = self._ask({"mended": way})
        told = answer.get("findings")
        found = [_finding(data, self._wrong) for data in told[:MOST]] if isinstance(told, list) else []
        line = answer.get("line")
        return self._confirmed(found), plain(str(line), 1) if line else ""

    def located(self, sought: Sequence[Sought]) -> list[Place | None]:
        """The lines of mistakes whose values are known."""
        if not self._process.lines_are_read:
            return [None] * len(sought)
        data = [{"where": list(s.where), "explains": list(s.explains), "values": s.values} for s in sought]
        places = self._ask({"sought": data}).get("places")
        return [_place(p) for p in places] if isinstance(places, list) and len(places) == len(sought) else []

    def seen(self, line: int, file: str) -> Seen | None:
        """What a line made, and how the values of its function are called, as the cage tells it."""
        if not self._process.lines_are_read:
            return None
        return from_data(self._ask({"seen": [line, file]}).get("seen"))

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        tree, arrays = pack({**question, **self._facts})
        self._facts = {}  # they are told once
        answer = self._process.ask("lines", tree, arrays)["value"]
        return answer if isinstance(answer, dict) else {}

    def _confirmed(self, found: list[Finding]) -> list[Finding]:
        """Those that make right what they say they explain, on the second draw too."""
        found = self._lent.kept(found)
        if not found:
            return []
        rows, given = self._lent.rows(found), self._lent.given
        self._ask({"changed": True, "inputs": dict(self._second.inputs), "rows": rows, "given": given})
        try:
            now = self._second.again()
        except Exception:  # whatever their program raises with it
            return []
        finally:
            self._ask({"changed": False})
        true = self._second.true
        right = [f for f in found if f.explains and all(self._right(now.get(k), true[k]) for k in f.explains)]
        return right if rows.keys() == self._lent.rows(right).keys() else []  # nothing is lent in vain

    def _right(self, now: Any, true: Any) -> bool:
        return now is not None and difference(now, true) < self._tolerance


def _finding(data: Any, wrong: Sequence[str]) -> Finding:
    """A finding as it was told, fit to print."""
    told = data if isinstance(data, dict) else {}
    category, where, words, correct = (plain(str(told.get(k)), 1) for k in ("category", "where", "words", "correct"))
    explains = told.get("explains")
    keys = tuple(k for k in wrong if isinstance(explains, (list, tuple)) and k in explains)
    line = told.get("line")
    number = line if isinstance(line, int) else None
    file, strayed = plain(str(told.get("file") or ""), 1), _strayed(told.get("strayed"))
    return Finding(category[:40], where, words, correct, keys, number, file=file, strayed=strayed)


def _strayed(data: Any) -> Strayed | None:
    """A wrong value as it was told."""
    told = data if isinstance(data, dict) else {}
    row, place, value = told.get("row"), told.get("place"), told.get("value")
    fits = isinstance(row, int) and isinstance(place, int) and row >= 0 and place >= 0
    if not fits or not isinstance(value, np.ndarray) or value.dtype.kind != "f":
        return None
    return Strayed(row, place, value, told.get("lent") is not False)  # type: ignore[arg-type]


def _place(data: Any) -> Place | None:
    if isinstance(data, (list, tuple)) and len(data) == 3 and isinstance(data[0], int):
        return data[0], plain(str(data[1]), 1), plain(str(data[2]), 1)
    return None
