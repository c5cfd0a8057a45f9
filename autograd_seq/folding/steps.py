"""Time steps that no code said: repeated source lines are a loop's body, and each of its turns is a step."""

from __future__ import annotations

import dis
from bisect import bisect
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from operator import attrgetter
from types import CodeType
from typing import Any
from weakref import WeakKeyDictionary

from autograd_seq.core.graph import Graph
from autograd_seq.core.scope import Scope
from autograd_seq.core.tensor import Tensor

Uses = Mapping[Tensor, list[tuple[Tensor, int]]]  # who uses each record, and as which input

_CACHE = dis.opmap.get("CACHE")  # since Python 3.11, what follows an instruction that can be made faster

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
            places |= {record: replace(record.scope, time=time) for record, time in _recognised(graph).items()}
        _known[graph] = places
    return _known[graph]


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


def site(record: Tensor) -> tuple[Any, ...]:
    """The place in the program that made a record; one place may hold several operations."""
    code = record._code
    return code, code and _instruction(code, record._offset), record.operation


@lru_cache(maxsize=4096)
def _instruction(code: CodeType, offset: int) -> int:
    """Where the instruction at an offset begins: after some turns of a loop, Python tells where its cache ends."""
    while offset and code.co_code[offset] == _CACHE:
        offset -= 2
    return offset


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
    lengths = Counter(map(len, repeated))
    steps = max(lengths, key=lambda n: (lengths[n] + sum(c for m, c in lengths.items() if m % n == 0), n))
    starts = [record.index for record in next(run for run in repeated if len(run) == steps)]
    times = {
        record: 1 + (k * steps // len(run) if len(run) % steps == 0 else bisect(starts[1:], record.index))
        for run in repeated
        for k, record in enumerate(run)
    }
    _move_to_their_users(graph, times, {r for run in repeated if len(run) % steps for r in run})
    return times


def _move_to_their_users(graph: Graph, times: dict[Tensor, int], irregular: set[Tensor]) -> None:
    """What a step makes before its first regular record, such as its stacked input, belongs to that step."""
    uses = graph.consumers()
    for record in sorted(irregular, key=attrgetter("index"), reverse=True):
        users = [user for user, _ in uses[record]]
        if users and all(times.get(u) == times[record] + 1 and u not in irregular for u in users):
            times[record] += 1
            irregular.discard(record)
