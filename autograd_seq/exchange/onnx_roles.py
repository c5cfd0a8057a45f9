"""Names for what an exporter only counted, by what it does: the state a that weights meet, the memory c that is carried
on beside it, a gate Γ that multiplies, by what it multiplies.
"""  # fmt: skip

from __future__ import annotations

from typing import Any

from autograd_seq.core.graph import Graph
from autograd_seq.core.traits import algebra
from autograd_seq.exchange.known_cells import is_candidate, is_gate
from autograd_seq.folding.alike import alike

JOINS = "joined", "stacked", "transpose", "name"


def name_by_roles(graph: Graph) -> None:
    """Give names to records of a loop that have none.

    Parameters
    ----------
    graph : Graph
        A recording with steps that nobody else has seen yet.
    """
    found = alike(graph)
    uses = graph.consumers()
    names: dict[Any, str] = {}
    for record in graph:
        role, time = found.roles.get(record), record.scope.time
        if role is None or time is None or record.operation is None or record._name is not None or role in names:
            continue
        later = [user for user, _ in uses[record] if user.scope.time not in (None, time)]
        called = _state(later, uses) if later else _gate(record, uses)
        if called is not None:
            names[role] = _free(called, set(names.values()) | {r._name for r in graph if r._name is not None})
    for record in graph:
        called = names.get(found.roles.get(record))
        if called is not None and record.operation is not None and record._name is None:
            record._name = called


def _state(later: list[Any], uses: Any) -> str:
    """Whether a weight meets it in the next step."""
    seen, stack = set(later), list(later)
    while stack:
        user = stack.pop()
        if algebra(user) == "matrix product":
            return "a"
        if algebra(user) in JOINS or user.operation.rearranges:
            stack += [u for u, _ in uses[user] if u not in seen and not seen.add(u)]  # type: ignore[func-returns-value]
    return "c"


def _gate(record: Any, uses: Any) -> str | None:
    """What a sigmoid multiplies: what was there before, what is new, or anything else."""
    if not is_gate(record):
        return None
    beside = [
        next((x for x in user.inputs if x is not record), record)
        for user, _ in uses[record] if algebra(user) == "product"
    ]  # fmt: skip
    if any(x.scope.time not in (None, record.scope.time) for x in beside):
        return "Gamma_f"
    if any(is_candidate(x) for x in beside):
        return "Gamma_u"
    return "Gamma" if beside else None


def _free(called: str, taken: set[str]) -> str:
    """The name, or with a number where another has it."""
    number = 2
    found = called
    while found in taken:
        found, number = f"{called}_{number}", number + 1
    return found
