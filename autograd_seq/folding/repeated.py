"""What a recording repeats: the shortest sequence of operations of which each of its loops consists.

Where steps are of several kinds in turn, as with ``W if t % 2 else V``, that is a *round* of several steps; where a
loop goes two steps at once, a round is one of its turns.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.graph import Graph
from autograd_seq.core.traits import algebra
from autograd_seq.folding.site import site

LEAST = 3  # times that something must be there to be called repeated
LONGEST = 12  # repetitions of operations in a round, if what each of them uses tells apart repetitions of them


@dataclass(frozen=True)
class Run:
    """A sequence of operations that is recorded again and again.

    Attributes
    ----------
    start : int
        Which of the operations it begins with.
    length : int
        Of how many it consists.
    count : int
        How often it is there.
    """

    start: int
    length: int
    count: int

    @property
    def stop(self) -> int:
        """The first operation behind it."""
        return self.start + self.length * self.count


def runs(graph: Graph) -> tuple[list[Any], list[Run]]:
    """The operations of a forward pass, and what of them is repeated, in order.

    Examples
    --------
    >>> from autograd_seq import Parameter
    >>> W, V, h = Parameter([[0.5]], "W"), Parameter([[2.0]], "V"), 1.0
    >>> for t in range(7):
    ...     h = h * (W if t % 2 else V)
    >>> runs(h.graph)[1]
    [Run(start=0, length=2, count=3)]
    """
    made = [r for r in graph if r.operation is not None]
    numbers: dict[Hashable, int] = {}
    word = np.array([numbers.setdefault(kind(r), len(numbers)) for r in made], dtype=np.int64)
    apart = _distances(made)
    found = [_as_used(start, length, stop, apart) for start, length, stop in _repeated(word, 0, len(word))]
    return made, [_from_the_top(run, stop, made) for run, stop in found if run is not None]


def kind(r: Any) -> Hashable:
    """What operations have in common that do the same: their place in the program, parameters, what is broadcast.

    And which parts of an index count from the last: ``x[t - 1]`` reads the last at t = 0.
    """
    used = tuple([(i, id(x._gradient)) for i, x in enumerate(r.inputs) if x.operation is None and x.requires_grad])
    index = r.settings["index"] if algebra(r) == "part" else ()
    parts = index if isinstance(index, tuple) else (index,)
    from_the_last = tuple([type(part) is int and part < 0 for part in parts])
    return site(r), r.scope.layer, r.scope.direction, used, tuple([n == 1 for n in r.shape]), from_the_last


def _repeated(word: Array, start: int, stop: int) -> list[tuple[int, int, int]]:
    """Where it begins, how long it is, and where it ends, of all that is repeated between two places."""
    best = 0, 0, 0
    for length in range(1, (stop - start) // LEAST + 1):
        same = word[start : stop - length] == word[start + length : stop]
        ends = np.flatnonzero(~np.concatenate(([False], same, [False])))
        widths = np.diff(ends) - 1
        at = int(widths.argmax())
        covered = int(widths[at]) + length
        if covered >= LEAST * length and covered > best[0]:
            best = covered, start + int(ends[at]), length
    covered, first, length = best
    if not covered:
        return []
    last = first + covered
    return [*_repeated(word, start, first), (first, length, last), *_repeated(word, last, stop)]


def _distances(made: Sequence[Any]) -> list[tuple[int | None, ...]]:
    """How far back each operation's inputs were made; None of what is given."""
    places = {r: i for i, r in enumerate(made)}
    return [tuple([i - places[x] if x in places else None for x in r.inputs]) for i, r in enumerate(made)]


def _as_used(start: int, length: int, stop: int, apart: Sequence[Any]) -> tuple[Run | None, int]:
    """What is repeated where what is used repeats itself, too: a step may take what only every other one makes."""
    for times in range(1, LONGEST + 1):
        several = times * length
        if stop - start < LEAST * several:
            break
        alike = all(
            _same_inside(apart[i], apart[i + several], i - start) for i in range(start, stop - several)
        )
        if alike:
            return Run(start, several, (stop - start) // several), stop
    return None, stop


def _same_inside(mine: Sequence[int | None], its: Sequence[int | None], inside: int) -> bool:
    """Whether two operations use what was made as far back, where that lies in what is repeated."""
    if len(mine) != len(its):
        return False
    return all(a == b for a, b in zip(mine, its) if a is not None and b is not None and a <= inside)


def _from_the_top(run: Run, stop: int, made: Sequence[Any]) -> Run:
    """The same from the first whole turn of a loop on: where the program goes back to what stands further up."""
    for start in range(run.start, run.start + run.length):
        here = made[start]
        before = next((r for r in reversed(made[:start]) if r._code is here._code), None)
        if before is None or (here._offset is not None and here._offset <= before._offset):
            if (stop - start) // run.length >= LEAST:
                return Run(start, run.length, (stop - start) // run.length)
            break
    return run
