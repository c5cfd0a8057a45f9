"""The steps of a loop, in parts at which the same values are computed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cmp_to_key
from itertools import pairwise
from typing import Any, NamedTuple

from autograd_seq.plan.value import Value


def _later(a: int, b: int) -> int:
    return int(a > b) - int(a < b)


class Segment(NamedTuple):
    """Some steps of a loop, at which the same values are computed."""

    start: int
    stop: int
    backward: bool

    @property
    def text(self) -> str:
        """What a program runs over, in its order."""
        if self.backward and self.stop != self.start + 1:
            return f"range({self.stop - 1}, {self.start - 1}, -1)"
        return f"range({self.start}, {self.stop})"


def segments(values: Iterable[Value], backward: bool) -> list[Segment]:
    """The parts of a loop in their order: they end where a value begins or ends.

    Examples
    --------
    >>> long, short = (Value("sum", (), float, range(1, n)) for n in (9, 4))
    >>> [(part.start, part.stop) for part in segments([long, short], True)]
    [(4, 9), (1, 4)]
    """
    return parts([value.times for value in values if value.times is not None], backward)


def parts(stretches: Sequence[Any], backward: bool) -> list[Segment]:
    """The parts of a loop whose values have some steps each."""
    ends = {times[0] for times in stretches} | {times[-1] + 1 for times in stretches}
    ordered = sorted(ends, key=cmp_to_key(_later))
    made = [
        Segment(start, stop, backward)
        for start, stop in pairwise(ordered) if any(start in times for times in stretches)
    ]  # fmt: skip
    return made[::-1] if backward else made
