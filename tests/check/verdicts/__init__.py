"""Whether verdicts are true: cases whose truth is known without this package, part by part.

``PARTS`` maps a part to the function that makes its cases; ``drawn`` draws a share of them, ``tallied`` asks them.
`benchmarks/verdicts.py` prints the table of all; `tests/check/test_verdicts.py` asks a tenth.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

from check.verdicts import (
    broken_rules,
    own_operations,
    random_programs,
    recorded_programs,
    right_operations,
    wrong_passes,
)
from check.verdicts.case import COUNTS, Answer, Case, Tally, asked

PARTS: dict[str, Callable[[], Iterator[Case]]] = {
    "operations": right_operations.cases,
    "rules": broken_rules.cases,
    "own": own_operations.cases,
    "recorded": recorded_programs.cases,
    "passes": wrong_passes.cases,
    "programs": random_programs.cases,
}


def drawn(part: str, share: float = 1.0, seed: int = 0) -> Iterator[Case]:
    """A share of the cases of a part; the same for the same seed, whatever else is drawn."""
    for case in PARTS[part]():
        lot = zlib.crc32(f"{seed}/{case.group}/{case.name}".encode()) / 2**32
        if lot < share:
            yield case


def tallied(cases: Iterator[Case]) -> dict[str, Tally]:
    """All cases asked, counted by group."""
    tallies: dict[str, Tally] = {}
    for case in cases:
        tallies.setdefault(case.group, Tally()).add(case)
    return tallies


__all__ = ["COUNTS", "PARTS", "Answer", "Case", "Tally", "asked", "drawn", "tallied"]
