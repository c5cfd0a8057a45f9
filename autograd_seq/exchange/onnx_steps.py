"""The time steps of a recording that no program marked: found by what is used again and again.

An export often holds a loop unrolled, its nodes counted and nothing said of steps. What stays is that each turn uses
the same weights. So a weight that is used T times is used once in each step; what a step makes is of that step; and
what only one step uses, such as a part cut out of the input, belongs to it too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from autograd_seq.core.graph import Graph
from autograd_seq.core.record import Record
from autograd_seq.exchange.affine import made_of_weights

FEWEST = 2  # uses of a weight that make a loop


def mark_steps(graph: Graph, weights: Iterable[Record]) -> int:
    """Mark each record with its step: as the steps that are marked already tell, or else as uses of weights do.

    Parameters
    ----------
    graph : Graph
        A recording that nobody else has seen yet.
    weights : iterable of Record
        The leaves that are learned.

    Returns
    -------
    int
        The number of steps T; 0 if there are none.
    """
    found = _Found(graph, set(weights))
    if not found.length:
        return 0
    for record, time in found.times.items():
        if record.scope.time is None:
            record.scope = replace(record.scope, time=time)
    return found.length


class _Found:
    """The steps of one recording.

    Attributes
    ----------
    length : int
        How many there are.
    times : dict of Record to int
        The step of each record that belongs to one.
    """

    def __init__(self, graph: Graph, weights: set[Record]) -> None:
        self.graph, self.consumers = graph, graph.consumers()
        self.shape_of = made_of_weights(graph, weights)
        self.uses = self._uses()
        self.before = _Ancestors(graph)
        self.loops = [run for run in self.uses.values() if len(run) >= FEWEST and self.before(run[-1], run[0])]
        self.times: dict[Record, int] = {}
        marked = {r: r.scope.time for r in graph if r.operation is not None and r.scope.time is not None}
        self.length = max(marked.values()) if marked else self._count()
        self.counted_down: set[Record] = set()  # what belongs to a recurrence from the last step to the first
        if self.length:
            anchors = marked or self._anchors()
            self._forwards(anchors | self._parts_of_inputs(anchors))
            self._backwards(set(anchors))

    def _uses(self) -> dict[Hashable, list[Record]]:
        """Where data meet each weight, or what is made of weights alone; in order."""
        uses: dict[Hashable, list[Record]] = {}
        for record in self.graph:
            if record not in self.shape_of:
                for key in dict.fromkeys(self.shape_of[x] for x in record.inputs if x in self.shape_of):
                    uses.setdefault(key, []).append(record)
        return uses

    def _count(self) -> int:
        """The number of steps: that of most uses of weights, since the first step may lack the state's."""
        if not self.loops:
            return 0
        least = min(len(run) for run in self.loops)
        counts = Counter(len(run) for run in self.uses.values() if least <= len(run) <= least + 1)
        return max(counts, key=lambda n: (counts[n], n))

    def _anchors(self) -> dict[Record, int]:
        """The records whose step is known: the k-th use of a weight that every step uses equally often."""
        T = self.length
        chains = [_by_step(run, T) for run in self.loops if len(run) % T == 0 or len(run) == T - 1]
        runs = [run for run in self.uses.values() if len(run) % T == 0]
        within = [next((c for c in chains if self._feeds(run, c)), None) for run in runs]
        counted_down = [chain for run, chain in zip(runs, within) if chain is not None and self._counts_down(run)]
        found: dict[Record, int] = {}
        for run, chain in zip(runs, within):
            chain = chain or next((c for c in chains if self._reads(run, c)), None)
            back = any(chain is other for other in counted_down)
            for k, record in enumerate(run):
                step = 1 + k * T // len(run)
                found[record] = T + 1 - step if back else step
                if back:
                    self.counted_down.add(record)
        return found

    def _feeds(self, run: Sequence[Record], chain: _Chain) -> bool:
        """Whether the uses of a weight are parts of a recurrence: each leads to its next step, none to its last."""
        mine = _by_step(run, self.length)
        return all(
            self.before(chain[k + 1], mine[k]) and (k not in chain or not self.before(chain[k], mine[k + 1]))
            for k in mine
            if k + 1 in chain and k + 1 in mine
        )

    def _reads(self, run: Sequence[Record], chain: _Chain) -> bool:
        """Whether the uses of a weight read what a recurrence has made: each that of its own step and no later one."""
        mine = _by_step(run, self.length)
        return all(
            self.before(mine[k], chain[k]) and (k + 1 not in chain or not self.before(mine[k], chain[k + 1]))
            for k in mine
            if k in chain
        )

    def _counts_down(self, run: Sequence[Record]) -> bool:
        """Whether the parts of the input that a weight meets are counted down."""
        places = [place for record in run if (place := _place(record, self.shape_of)) is not None]
        return len(places) == len(run) > 1 and all(a > b for a, b in pairwise(places))

    def _parts_of_inputs(self, anchors: Mapping[Record, int]) -> dict[Record, int]:
        """What is made of no step, and whose uses lead to one step's weights alone, such as a part of the input."""
        reached: dict[Record, set[int]] = {}
        for record in reversed(self.graph.records):
            users = [user for user, _ in self.consumers[record]]
            reached[record] = set().union(*({anchors[u]} if u in anchors else reached[u] for u in users))
        late: set[Record] = set()
        found: dict[Record, int] = {}
        for record in self.graph:
            if record in anchors or any(x in late for x in record.inputs):
                late.add(record)
            elif len(reached[record]) == 1 and record.operation is not None and record not in self.shape_of:
                (found[record],) = reached[record]
        return found

    def _forwards(self, anchors: Mapping[Record, int]) -> None:
        """What is made of a step's results belongs to it, unless it takes up several steps at once."""
        several: set[Record] = set()
        for record in self.graph:
            if record in anchors:
                self.times[record] = anchors[record]
                continue
            made = [x for x in record.inputs if x in self.times]
            times = {self.times[x] for x in made}
            if any(x in several for x in record.inputs) or len(times) > 2 or (times and max(times) - min(times) > 1):
                several.add(record)
            elif times:
                back = all(x in self.counted_down for x in made)
                self.times[record] = min(times) if back else max(times)  # the later one, as it is computed
                if back:
                    self.counted_down.add(record)

    def _backwards(self, anchors: set[Record]) -> None:
        """What one step alone uses belongs to it, if it is nothing that the step before has left."""
        for record in reversed(list(self.graph)):
            if record in anchors or record in self.shape_of:
                continue
            users = {self.times.get(user) for user, _ in self.consumers[record]}
            if len(users) == 1 and None not in users:
                (step,) = users
                assert step is not None
                if record.operation is None:
                    continue
                if record not in self.times or any(x in self.shape_of for x in record.inputs) or _only_scales(record):
                    self.times[record] = step  # also a weight's use that the first step lacks, and 0.9 c<t-1>


_Chain = dict[int, Record]  # a use of a weight in each step of a recurrence; the first step may lack it


def _by_step(run: Sequence[Record], length: int) -> _Chain:
    """The first use in each step."""
    if len(run) == length - 1:
        return dict(enumerate(run, start=2))
    return {k + 1: run[k * len(run) // length] for k in range(length)}


class _Ancestors:
    """Which records were made of which, as sets of bits."""

    def __init__(self, graph: Graph) -> None:
        self.position = graph.positions
        self.made_of: dict[Record, int] = {}
        for record in graph:
            bits = 1 << self.position[record]
            for x in record.inputs:
                bits |= self.made_of[x]
            self.made_of[record] = bits

    def __call__(self, later: Record, earlier: Record) -> bool:
        return bool(self.made_of[later] >> self.position[earlier] & 1)


def _only_scales(record: Record) -> bool:
    """Whether a record is made of one other and a number."""
    return len(record.inputs) == 2 and sum(x.operation is None and not x.requires_grad for x in record.inputs) == 1


def _place(record: Record, of_weights: Mapping[Record, Any]) -> int | None:
    """The number of the part of an input that a record is made of, where it is made of one part."""
    found: set[int] = set()
    seen, stack = {record}, [record]
    while stack:
        for x in stack.pop().inputs:
            if x in seen or x in of_weights:
                continue
            seen.add(x)
            numbers = _numbers(x.settings.get("index"))
            if numbers and all(y.operation is None for y in x.inputs):
                found |= numbers
            elif len(seen) < 20:
                stack.append(x)
    return min(found) if len(found) == 1 else None


def _numbers(index: Any) -> set[int]:
    """The whole numbers of an index such as [:, 3], or the beginnings of its slices of length 1."""
    parts = index if isinstance(index, tuple) else (index,)
    slices = [part for part in parts if isinstance(part, slice) and part.start is not None]
    return {part for part in parts if type(part) is int} | {
        part.start for part in slices if part.stop == part.start + 1
    }
