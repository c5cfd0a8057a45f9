"""The loops of somebody's function, as its instructions have them: where each begins, and at which turn it is."""

from __future__ import annotations

import dis
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType


@dataclass(frozen=True)
class CodeLoop:
    """A loop.

    Attributes
    ----------
    first, last : int
        Its instructions.
    over : bool
        Whether it goes over something: its first instruction is passed after each turn, that of ``while`` before.
    """

    first: int
    last: int
    over: bool

    def turn(self, passed: Mapping[int, int]) -> int:
        """Which turn it is, from how often each instruction that a line begins with was passed.

        The turns of a loop that is within another one are counted through.
        """
        return passed[self.first] + self.over


@lru_cache(256)
def loops(code: CodeType) -> tuple[CodeLoop, ...]:
    """The loops of a function, outer ones first."""
    instructions = list(dis.get_instructions(code))
    goes_over = {i.offset for i in instructions if i.opname == "FOR_ITER"}
    last: dict[int, int] = {}
    for i in instructions:
        if "JUMP" in i.opname and isinstance(i.argval, int) and i.argval < i.offset:
            last[i.argval] = max(i.offset, last.get(i.argval, 0))
    found = [CodeLoop(first, end, first in goes_over) for first, end in last.items()]
    return tuple(sorted(found, key=lambda loop: (loop.first, -loop.last)))


@lru_cache(4096)
def loops_around(code: CodeType, instruction: int) -> tuple[CodeLoop, ...]:
    """The loops that an instruction stands in, outer ones first."""
    return tuple(loop for loop in loops(code) if loop.first <= instruction <= loop.last)
