"""At which step somebody reads or writes what belongs to step t: the list that all edits of steps are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """A wrong step.

    Attributes
    ----------
    name : str
        What the step is.
    whose : str
        Said of what is read.
    when : str
        Said of what is read or written by an index.
    of : callable
        From a step, counted from 1, and the number of steps to the wrong one, which may lie outside.
    """

    name: str
    whose: str
    when: str
    of: Callable[[int, int], int]

    def index(self, k: int, n: int) -> int:
        """The wrong one of n entries, counted from 0 and going round."""
        return (self.of(k + 1, n) - 1) % n


STEPS = (
    Step("before", "of the time step before", "one time step too early", lambda t, n: t - 1),
    Step("after", "of the time step after", "one time step too late", lambda t, n: t + 1),
    Step("reversed", "in the opposite order of time", "in the opposite order of time", lambda t, n: n + 1 - t),
    Step("first", "of the first time step in every one", "at the first time step in every one", lambda t, n: 1),
    Step("last", "of the last time step in every one", "at the last time step in every one", lambda t, n: n),
)
