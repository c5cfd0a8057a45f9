"""Which way recognised loops go: one that reads its data from the last to the first runs from step T down to 1.

A loop's turns are counted as they come. Where a loop takes x[:, :, T - 1 - t], or t comes from ``reversed(range(T))``,
its turn t is about step T + 1 - t; so it is where another loop takes what it made in the opposite order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from autograd_seq.core.graph import Graph
from autograd_seq.core.tensor import Tensor
from autograd_seq.core.traits import algebra
from autograd_seq.folding.provenance import RULES, Origin, of_index
from autograd_seq.folding.site import site

UP, DOWN = 1, -1
Uses = dict[tuple[int, int], set[tuple[int, int]]]  # of two loops: at which turn one made what the other used at which


def turn_round(graph: Graph, times: dict[Tensor, int], steps: int) -> None:
    """Count the turns of loops that run from the last step to the first from the last."""
    loops = _loops(graph, times)
    ways = _ways(_links(loops, times, steps), _told(times, loops))
    for record in times:
        if ways.get(loops[record]) == DOWN:
            times[record] = steps + 1 - times[record]


def _loops(graph: Graph, times: Mapping[Tensor, int]) -> dict[Tensor, int]:
    """In which loop each record was made: a loop's turns come one after another, and a step back begins another.

    What depends on nothing else that is made beside it, as each direction of two, is a loop of its own.
    """
    found, loop, before = {}, 0, 0
    for record in graph:
        time = times.get(record)
        if time is None:
            continue
        loop, before = loop + (time < before), time
        found[record] = loop
    return _independent(found)


def _independent(loops: Mapping[Tensor, int]) -> dict[Tensor, int]:
    """The same, with the parts of each loop that do not use each other's results told apart."""
    beside: dict[tuple[int, Any], int] = {}
    stands_for = {record.index: record.index for record in loops}

    def one_of(index: int) -> int:
        """The record that stands for all that belong together with one."""
        while stands_for[index] != index:
            stands_for[index] = index = stands_for[stands_for[index]]
        return index

    for record, loop in loops.items():
        used = [x.index for x in record.inputs if loops.get(x) == loop]
        for other in [*used, beside.setdefault((loop, site(record)), record.index)]:
            stands_for[one_of(other)] = one_of(record.index)
    numbers: dict[int, int] = {}
    for record in loops:
        numbers.setdefault(one_of(record.index), len(numbers))
    return {record: numbers[one_of(record.index)] for record in loops}


def _links(loops: Mapping[Tensor, int], times: Mapping[Tensor, int], steps: int) -> dict[tuple[int, int], int]:
    """Of two loops, the second of which uses what the first made, whether it does so in the same order."""
    uses: Uses = {}
    for record, time in times.items():
        for x in record.inputs:
            if x in times and loops[x] != loops[record]:
                uses.setdefault((loops[x], loops[record]), set()).add((times[x], time))
    found = {}
    for pair, turns in sorted(uses.items()):
        if len({time for _, time in turns}) < 2:
            continue  # a loop that begins with what another ended with
        if all(made == steps + 1 - used for made, used in turns):
            found[pair] = DOWN
        elif len({used - made for made, used in turns}) == 1:
            found[pair] = UP
    return found


def _ways(links: Mapping[tuple[int, int], int], told: Mapping[int, int]) -> dict[int, int]:
    """Which way each loop goes: as its indices tell; else, as it is linked to others; of two, the later one goes up."""
    ways: dict[int, int] = {}
    beside: dict[int, list[tuple[int, int]]] = {}
    for (first, second), way in links.items():
        beside.setdefault(first, []).append((second, way))
        beside.setdefault(second, []).append((first, way))

    def spread(known: Iterable[int]) -> None:
        waiting = list(known)
        while waiting:
            loop = waiting.pop()
            for other, way in beside.get(loop, []):
                if other not in ways:
                    ways[other] = ways[loop] * way
                    waiting.append(other)

    ways |= told
    spread(told)
    for (made, used), way in links.items():
        if way == DOWN and made not in ways:
            ways[used] = UP
            spread([used])
    return ways


def _told(times: Mapping[Tensor, int], loops: Mapping[Tensor, int]) -> dict[int, int]:
    """Which way loops go through what is given, where all their indices that change with the step say the same."""
    picks: dict[tuple[Any, ...], list[tuple[int, Tensor]]] = {}
    for record, time in times.items():
        if algebra(record) == "part" and record.inputs[0] not in times:
            picks.setdefault((loops[record], site(record), record.inputs[0]), []).append((time, record))
    said: dict[int, set[int]] = {}
    for (loop, *_), picked in picks.items():
        said.setdefault(loop, set()).update(_ways_of(picked))
    return {loop: ways.pop() for loop, ways in said.items() if len(ways) == 1}


def _ways_of(picked: list[tuple[int, Tensor]]) -> set[int]:
    """Which ways the indices go with which one place in the program picks from one array."""
    turns, records = zip(*picked)
    indices = [_parts(record) for record in records]
    if len(turns) < 2 or len({len(index) for index in indices}) > 1:
        return set()
    origins: Any = of_index(records[0])
    origins = origins if len(origins) == len(indices[0]) else (None,) * len(indices[0])
    parts = zip(zip(*indices), origins)
    found = {_way(turns, numbers) for numbers, origin in parts if _counts(origin, numbers, records[0])}
    return {way for way in found if way is not None}


def _parts(record: Tensor) -> list[int | None]:
    """The number that each part of an index begins at; None of one that has none."""
    index = record.settings["index"]
    parts = index if isinstance(index, tuple) else (index,)
    starts = (part.start if isinstance(part, slice) else part for part in parts)
    return [start if type(start) is int else None for start in starts]


def _way(turns: tuple[int, ...], numbers: tuple[int | None, ...]) -> int | None:
    """Which way numbers go with the turns: one more at each, or one less."""
    found = set()
    for (t, number), (later, following) in pairwise(zip(turns, numbers, strict=True)):
        if number is None or following is None or later == t:
            return None
        found.add((following - number) / (later - t))
    return int(found.pop()) if found in ({UP}, {DOWN}) else None


def _counts(origin: Origin | None, numbers: tuple[int | None, ...], record: Tensor) -> bool:
    """Whether numbers count, as far as the program's text tells; what is given may do so if it goes through all."""
    told = origin is not None and (origin.kind in RULES or any(end.kind in RULES for end in origin.ends[:1]))
    return told or len(numbers) in record.inputs[0].shape
