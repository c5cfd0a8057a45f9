"""Recurrent loops with other numbers of turns than most, such as a decoder's of a longer sentence than the encoder's.

Runs are lists of what one place in the program made, one after another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from autograd_seq.core.tensor import Tensor

Run = list[Tensor]


def apart(runs: Sequence[Run], steps: int) -> list[list[Run]]:
    """The runs that are counted together: first those of loops of so many steps, then of each loop of another number.

    Parameters
    ----------
    runs : sequence of list of Tensor
        Each by its place in the program.
    steps : int
        How many turns most loops have.
    """
    main: list[Run] = []
    others: list[list[Run]] = []
    for together in _overlapping(runs):
        of_most = any(len(run) % steps == 0 or len(run) == steps - 1 for run in together)
        (main.extend if of_most or not _recurs(together) else others.append)(together)
    place = {id(run): i for i, run in enumerate(runs)}
    return [sorted(group, key=lambda run: place[id(run)]) for group in (main, *others)]


def _overlapping(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs that were recorded at the same time stand together."""
    found: list[list[Run]] = []
    end = -1
    for run in sorted(runs, key=lambda run: run[0].index):
        if run[0].index > end:
            found.append([])
        found[-1].append(run)
        end = max(end, run[-1].index)
    return found


def _recurs(runs: Sequence[Run]) -> bool:
    """Whether each turn of a loop uses what the turn before made."""
    often = Counter(map(len, runs)).most_common(1)[0][0]
    return any(
        len(run) == often and all(depends(later, earlier) for earlier, later in pairwise(run)) for run in runs
    )


def depends(later: Tensor, earlier: Tensor) -> bool:
    """Whether a record was made of an earlier one."""
    seen, stack = {later}, [later]
    while stack:
        for x in stack.pop().inputs:
            if x is earlier:
                return True
            if x.index > earlier.index and x not in seen:
                seen.add(x)
                stack.append(x)
    return False


def same_loop(run: Run, candidates: Sequence[Run]) -> Run:
    """Of runs with a record for each turn of a loop, the one beside which another was made; the first of several."""
    if len(candidates) == 1:
        return candidates[0]
    return max(candidates, key=lambda known: sum(known[0].index <= r.index <= known[-1].index for r in run))
