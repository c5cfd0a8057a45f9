"""Time steps that no code said: repeated source lines are a loop's body, and each of its turns is a step."""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary

from autograd_seq.core.graph import Graph
from autograd_seq.core.scope import Scope
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.beginnings import move_before_their_users, move_to_their_users
from autograd_seq.folding.loops_apart import apart, depends, same_loop
from autograd_seq.folding.site import site as site
from autograd_seq.folding.which_way import turn_round

Uses = Mapping[Tensor, list[tuple[Tensor, int]]]  # who uses each record, and as which input

FEWER = 3  # turns that a loop over neighbours lacks

_known: WeakKeyDictionary[Graph, dict[Tensor, Scope]] = WeakKeyDictionary()


def scopes(graph: Graph) -> dict[Tensor, Scope]:
    """The place of each record: what the code said; where it said no time at all, the steps recognised in it.

    Parameters
    ----------
    graph : Graph
        Any recording, forward or backward.

    Returns
    -------
    dict
        From every record to its place. What belongs to no step, such as a parameter, has time None.

    Examples
    --------
    >>> from autograd_seq import Parameter
    >>> W, a = Parameter([[0.5]], "W"), 1.0
    >>> for _ in range(3):
    ...     a = a * W
    >>> [scope.time for scope in scopes(a.graph).values()], [scope.time for scope in a.graph.scopes.values()]
    ([None, None, 1, 2, 3], [None, None, None, None, None])
    """
    if graph not in _known:
        places = graph.scopes
        if all(place.time is None for place in places.values()):
            places |= {record: _at_step(record.scope, time) for record, time in _recognised(graph).items()}
        _known[graph] = places
    return _known[graph]


@lru_cache(maxsize=65536)
def _at_step(scope: Scope, time: int) -> Scope:
    return replace(scope, time=time)


Graph.recognised = scopes


def without_step(leaf: Tensor, uses: Uses, places: Mapping[Tensor, Scope]) -> list[Tensor]:
    """A shared record and what is made of it outside of any step: a use of those is a use of it, at the user's step."""
    found = [leaf]
    known = {leaf}
    for node in found:
        for user, _ in uses[node]:
            if places[user].time is None and user not in known:
                known.add(user)
                found.append(user)
    return found


def _recognised(graph: Graph) -> dict[Tensor, int]:
    """The step of everything that a repeated place in the program made.

    Most places have one result a step, which gives the number of steps. A helper that is called three
    times a step has three; whatever does not divide belongs to the step that had begun when it was made.
    """
    runs: dict[tuple[Any, ...], list[Tensor]] = {}
    for record in graph:
        if record.operation is not None and record._code is not None:
            runs.setdefault(site(record), []).append(record)
    repeated = [run for run in runs.values() if len(run) > 1]
    if not repeated:
        return {}
    groups = apart(repeated, _number_of_steps(repeated))
    return {record: time for group in groups if group for record, time in _counted(graph, group).items()}


def _number_of_steps(repeated: list[list[Tensor]]) -> int:
    """The number of results that most places have."""
    lengths = Counter(map(len, repeated))
    steps = max(lengths, key=lambda n: (lengths[n] + sum(c for m, c in lengths.items() if m % n == 0), n))
    return steps + _lacks_one(repeated, steps)


def _counted(graph: Graph, repeated: list[list[Tensor]]) -> dict[Tensor, int]:
    """The step of everything that places of loops with one number of steps made."""
    steps = _number_of_steps(repeated)
    regular = [run for run in repeated if len(run) == steps]
    longer = [run for run in repeated if len(run) % steps == 0 and len(run) > steps]
    passes = {(run[0]._code, len(run)) for run in longer if _is_one_pass_after_another(run, steps)}
    times: dict[Tensor, int] = {}
    for run in repeated:
        if _beside_loops(run, regular, steps):
            times |= {record: turn for turn, record in enumerate(run, start=1)}
            continue
        if len(run) % steps:
            begins = same_loop(run, regular)
            starts = [record.index for record in begins]
            times |= {record: _turn(record, begins[0], starts) for record in run}
            continue
        one_by_one = (run[0]._code, len(run)) in passes
        times |= {record: 1 + (k % steps if one_by_one else k * steps // len(run)) for k, record in enumerate(run)}
    irregular = [run for run in repeated if len(run) % steps]
    move_to_their_users(graph, times, irregular)
    move_before_their_users(graph, times, [run for run in irregular if len(run) == steps - 1])
    turn_round(graph, times, steps)
    return times


def _beside_loops(run: list[Tensor], regular: list[list[Tensor]], steps: int) -> bool:
    """Whether a loop before or after those of all steps has a few turns less, as one over neighbours has."""
    if not 1 < len(run) < steps <= len(run) + FEWER:
        return False
    return all(whole[-1].index < run[0].index or run[-1].index < whole[0].index for whole in regular)


def _lacks_one(repeated: list[list[Tensor]], steps: int) -> bool:
    """Whether there is a step more, at which little is recorded, as the first where the state is a plain array.

    Then something else of the same function was made once at each of the steps and once more.
    """
    runs = {run[0]._code: run for run in repeated if len(run) == steps}
    for longer in repeated:
        run = runs.get(longer[0]._code)
        if run is not None and len(longer) == steps + 1:
            starts = [record.index for record in longer]
            if len({bisect(starts, record.index) for record in run}) == steps:
                return True
    return False


def _turn(record: Tensor, begin: Tensor, starts: list[int]) -> int:
    """The turn of a loop in which something was made: what stands further up in its body is made earlier in a turn."""
    further_up = record._code is begin._code and record._offset < begin._offset
    return max(1, min(bisect(starts, record.index) + further_up, len(starts)))


def _is_one_pass_after_another(run: list[Tensor], steps: int) -> bool:
    """Whether a loop was gone through several times, as by a function that is called for both directions.

    Then each record depends on the one before it in its pass, and the first of a pass not on the last of the pass
    before; where a step calls a helper several times, every step depends on the step before.
    """
    return all(
        depends(later, earlier) is bool(k % steps)
        for k, (earlier, later) in enumerate(pairwise(run), start=1)
    )
