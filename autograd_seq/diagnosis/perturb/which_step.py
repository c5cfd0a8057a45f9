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
        What the step is; `kinds` says what that makes of what is read or written there.
    of : callable
        From a step, counted from 1, and the number of steps to the wrong one, which may lie outside.
    """

    name: str
    of: Callable[[int, int], int]

    def index(self, k: int, n: int) -> int:
        """The wrong one of n entries, counted from 0 and going round."""
        return (self.of(k + 1, n) - 1) % n


STEPS = (
    Step("before", lambda t, n: t - 1),
    Step("after", lambda t, n: t + 1),
    Step("reversed", lambda t, n: n + 1 - t),
    Step("first", lambda t, n: 1),
    Step("last", lambda t, n: n),
)
