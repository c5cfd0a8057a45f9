"""The order in which a page walks through a recording: time step by time step, forward and then back."""

from __future__ import annotations

from collections.abc import Hashable

from autograd_seq.core.graph import Graph
from autograd_seq.core.tensor import Tensor
from autograd_seq.folding.steps import scopes

ROUNDS = 64  # more than any network has layers; what is left then is walked through as recorded


def in_steps(graph: Graph) -> list[list[Tensor]]:
    """The operations of a recording, grouped by time step, every record after its inputs.

    A cell is often unrolled first and read out afterwards; here all of a step stands together as far as
    it can. Each direction of a bidirectional cell keeps its own order. Read backwards, it is an order of
    the reverse sweep: the adjoint of a record is whole when all its uses have been met.

    Examples
    --------
    >>> from autograd_seq import Parameter, name, scope
    >>> W, a, outputs = Parameter(0.5, "W"), 1.0, []
    >>> for step in (1, 2):
    ...     with scope(time=step):
    ...         a = name(a * W, "a")
    >>> with scope(time=1):
    ...     y = name(a.inputs[0] * 2, "y")
    >>> [[record.label for record in group] for group in in_steps(Graph(a, y))]
    [['a<1>', 'y<1>'], ['a<2>']]
    """
    places = scopes(graph)
    waiting: dict[Hashable, list[Tensor]] = {}
    for record in graph:
        if record.operation is not None:
            place = places[record]
            waiting.setdefault((place.direction, place.time), []).append(record)
    pending = {record for records in waiting.values() for record in records}
    groups: list[list[Tensor]] = []
    for _ in range(ROUNDS):
        if not pending:
            break
        for where, records in waiting.items():
            ready = []
            for record in records:
                if not any(x in pending for x in record.inputs):
                    ready.append(record)
                    pending.discard(record)
            if ready:
                groups.append(ready)
                waiting[where] = [record for record in records if record in pending]
    left = [record for record in graph if record in pending]
    return [*groups, left] if left else groups
