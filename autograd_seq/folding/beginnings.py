"""To which step belongs what is recorded at fewer steps than the rest, where something else stands at the first."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from autograd_seq.core.graph import Graph
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.literal import is_plain
from autograd_seq.folding.site import site

Run = list[Tensor]


def move_to_their_users(graph: Graph, times: dict[Tensor, int], irregular: Sequence[Run]) -> None:
    """What a step makes before its first regular record, such as its stacked input, belongs to that step."""
    uses = graph.consumers()
    left = {record for run in irregular for record in run}
    for record in sorted(left, key=attrgetter("index"), reverse=True):
        users = [user for user, _ in uses[record]]
        if users and all(times.get(u) == times[record] + 1 and u not in left for u in users):
            times[record] += 1
            left.discard(record)


def move_before_their_users(graph: Graph, times: dict[Tensor, int], runs: Sequence[Run]) -> None:
    """What is told to the next step, as y<t-1> is, belongs to the step before; something plain stands before the first.

    Runs have one record fewer than there are steps.
    """
    uses = graph.consumers()
    first = {(site(record), i) for record, time in times.items() if time == 1 for i, x in enumerate(record.inputs)
             if is_plain(x)} if runs else set()  # fmt: skip
    for run in runs:
        if any(x in times for record in run for x in record.inputs):
            continue
        users = [{times.get(user) for user, _ in uses[record]} for record in run]
        slots = {(site(user), i) for record in run for user, i in uses[record]}
        if users == [{time} for time in range(2, len(run) + 2)] and slots <= first:
            times |= {record: time for time, record in enumerate(run, start=1)}
