"""Inside the cage: a submission's own lines, looked at and changed as `lines_elsewhere` asks."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from autograd_seq.diagnosis.anew import OfCourse, OfPair
from autograd_seq.diagnosis.asked_of_lines import Sought
from autograd_seq.diagnosis.calling import chance_kept
from autograd_seq.diagnosis.grouped import taking_parts
from autograd_seq.diagnosis.own_lines import OwnLines
from autograd_seq.diagnosis.pair import Pair
from autograd_seq.diagnosis.seen import to_data
from autograd_seq.diagnosis.seldom_collected import collected_seldom
from autograd_seq.diagnosis.true_values import TrueValues


class CagedLines:
    """The lines of one function.

    Parameters
    ----------
    names : mapping
        What the submission defines.
    facts : mapping
        What was told of its first draw.
    """

    @chance_kept()
    def __init__(self, names: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        function, told = names[facts["function"]], (facts["numbers"], facts["true"], facts["found"])
        draw: Any = None
        if facts.get("forward"):
            draw = OfPair(Pair(taking_parts(names[facts["forward"]], facts["groups"]), function), *told)
        else:
            draw = OfCourse(function, *told)
        known = TrueValues.from_data(facts["known"])
        self._lines = OwnLines([draw], list(facts["wrong"]), facts["tolerance"], known, facts["seconds"])
        self._put = contextlib.ExitStack()

    @chance_kept()
    @collected_seldom()
    def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """What is asked: what mends, where something stands, or to let the changes that were found be made."""
        if "mended" in question:
            found, line = self._lines.mended(question["mended"])
            return {"findings": [asdict(f) for f in found], "line": line}
        if "sought" in question:
            sought = [Sought(tuple(s["where"]), tuple(s["explains"]), s["values"]) for s in question["sought"]]
            return {"places": self._lines.located(sought)}
        if "seen" in question:
            return {"seen": to_data(self._lines.seen(*question["seen"]))}
        self._put.close()
        if question["changed"]:
            rows = {int(row): list(values) for row, values in question["rows"].items()}
            self._put.enter_context(self._lines.changed(question["inputs"], rows, question["given"]))
        return {}
