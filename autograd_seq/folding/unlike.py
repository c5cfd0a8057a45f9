"""Why steps are not all alike: what only some of them do, and what stands in for another thing at some."""

from __future__ import annotations

from typing import Any

from autograd_seq.core.graph import Graph
from autograd_seq.folding.site import site
from autograd_seq.folding.steps import scopes


def unlike(graph: Graph) -> str | None:
    """What is not the same at all steps of a forward pass, in words; None if nothing was found.

    Examples
    --------
    >>> from autograd_seq import Parameter
    >>> W, V, h = Parameter([[0.5]], "W"), Parameter([[2.0]], "V"), 1.0
    >>> for t in range(6):
    ...     h = h * (W if t % 2 else V)
    >>> unlike(h.graph).split(" at ")[0]
    'V is used'
    """
    places = scopes(graph)
    runs: dict[Any, dict[int, Any]] = {}
    for r in graph:
        if r.operation is not None and r._code is not None and (time := places[r].time) is not None:
            runs.setdefault(site(r), {}).setdefault(time, r)
    last = max((time for run in runs.values() for time in run), default=0)
    for run in runs.values():
        for i in range(len(next(iter(run.values())).inputs)):
            used: dict[Any, list[int]] = {}
            for time, r in run.items():
                x = r.inputs[i] if i < len(r.inputs) else None
                if x is not None and x.name and places[x].time is None:
                    used.setdefault(x, []).append(time)
            taking_turns = [(x, times) for x, times in used.items() if len(used) > 1 and _has_gaps(times)]
            if taking_turns:
                x, times = taking_turns[0]
                other = next(y for y in used if y is not x)
                line = next(iter(run.values())).source
                return (
                    f"{x.name} is used at steps {_listed(times)}, {other.name} at others ({line}): a program for any "
                    "number of steps does the same at each, or in turn. Choose with numbers, k * a + (1 - k) * b, "
                    "where k is an array of zeros and ones that the function is given"
                )
    for run in runs.values():
        if _has_gaps(sorted(run)) and len(run) < last:
            line = next(iter(run.values())).source
            text = line.text if line is not None else ""
            return (
                f"{line} ({text}) is reached at steps {_listed(sorted(run))} only: a program for any number of steps "
                "does the same at each, or in turn. Choose with numbers, k * a + (1 - k) * b, where k is an array of "
                "zeros and ones that the function is given"
            )
    return None


def _has_gaps(times: list[int]) -> bool:
    """Whether there are steps between that are missing."""
    return len(times) > 1 and times[-1] - times[0] + 1 > len(times)


def _listed(times: list[int]) -> str:
    """The first few steps."""
    return ", ".join(map(str, times[:3])) + (" …" if len(times) > 3 else "")
