"""How many steps are a round, after which a function does the same again: found by trying a few lengths.

Where steps take turns, a program is for any number of rounds, and for as many steps more as there are at hand: one for
even and one for odd lengths, say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from autograd_seq.core.graph import Graph
from autograd_seq.folding.rounds import structure

FIRST = ((10, 3), (38, 12), (100, 32))
"""From which length on it is tried, and how long rounds may be: short ones first."""
LEAST = 4  # rounds of the smallest recording: with steps before and behind, there are three that repeat themselves
ALONE = 6  # the same where a round is one step
FAR = 12  # how far numbers of rounds are looked for whose lengths nothing else has


@dataclass(frozen=True)
class Rounds:
    """The rounds of a function's steps.

    Attributes
    ----------
    steps : int
        How many steps a round has.
    lengths : tuple of int
        Of each loop, how often it repeats itself in a round.
    rest : int
        How many steps there are more than rounds of them.
    """

    steps: int
    lengths: tuple[int, ...]
    rest: int = 0

    @property
    def least(self) -> int:
        """How many rounds there must be."""
        return LEAST if self.steps > 1 else ALONE

    def apart(self, others: Collection[int]) -> int:
        """The smallest number of rounds for which no length is one of others, nor one or two rounds later."""
        tried = range(self.least, self.least + FAR)
        return next((n for n in tried if not {self.length(n + more) for more in range(3)} & set(others)), self.least)

    def of(self, length: int) -> int:
        """How many rounds a length has."""
        return (length - self.rest) // self.steps

    @property
    def text(self) -> str:
        """How the number of rounds is computed from a length."""
        more = f"({{}} - {self.rest})" if self.rest else "{}"
        return more + (f" // {self.steps}" if self.steps > 1 else "")

    def length(self, rounds: int) -> int:
        """The length that so many rounds have."""
        return self.steps * rounds + self.rest


def rounds_of(recorded: Callable[[int], Graph]) -> Iterator[Rounds]:
    """The rounds that a function may have: short ones first, and those of its first steps before those of later ones.

    Parameters
    ----------
    recorded : function
        From a length to a forward pass.
    """
    given: set[Rounds] = set()
    for first, most in FIRST:
        known = lru_cache(maxsize=None)(lambda more, first=first: structure(recorded(first + more)))
        for steps in range(1, most + 1):
            if not known(0)[1]:
                break
            lengths = _more(known(0), known(steps))
            if lengths is None or not any(lengths):
                continue
            if all(_more(known(more), known(more + steps)) == lengths for more in {1, steps // 2}):
                made = Rounds(steps, tuple(lengths))
                if made not in given:
                    given.add(made)
                    yield made
                break


def _more(one: tuple[Any, Sequence[int]], other: tuple[Any, Sequence[int]]) -> list[int] | None:
    """How much oftener each loop of the second repeats itself; None if it is another program."""
    if one[0] != other[0]:
        return None
    return [its - mine for mine, its in zip(one[1], other[1], strict=True)]
