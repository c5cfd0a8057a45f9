"""Data of one step that two steps use: a target that the next step is told, as x<t> and again as x<t-1>.

Of which step such an array is, its siblings tell: the place in the program that uses most of them counts them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping

from autograd_seq.folding.steps import site
from autograd_seq.folding.unit import Node, sort_of

Slots = dict[Hashable, dict[Node, int]]  # by place in the program: what is used there, and at which step


def steps_of_shared(nodes: Iterable[Node], guess: Mapping[Node, int]) -> dict[Node, int]:
    """The steps of data that several steps use, and of their siblings.

    Parameters
    ----------
    nodes : iterable of Node
        In order.
    guess : mapping of Node to int
        The steps that are known besides those of the nodes.
    """
    slots, steps = _uses(nodes, guess)
    found: dict[Node, int] = {}
    for sort in {sort_of(leaf) for leaf, at in steps.items() if len(at) > 1}:
        own = [{x: t for x, t in used.items() if sort_of(x) == sort} for used in slots.values()]
        found |= _counted([used for used in own if len(used) > 1], {leaf for leaf, at in steps.items() if len(at) > 1})
    return found


def _uses(nodes: Iterable[Node], guess: Mapping[Node, int]) -> tuple[Slots, dict[Node, set[int]]]:
    """Where in the forward pass plain data are used; a place that uses one of them at several steps tells nothing."""
    slots: Slots = {}
    steps: dict[Node, set[int]] = {}
    often: set[Hashable] = set()
    for user in nodes:
        time = user.time if user.time is not None else guess.get(user)
        if user.owner is not None or time is None:
            continue
        for i, x in enumerate(user.inputs):
            if _is_data(x):
                slot = (site(user.record), user.lane, i)
                if slots.setdefault(slot, {}).setdefault(x, time) != time:
                    often.add(slot)
                steps.setdefault(x, set()).add(time)
    return {slot: used for slot, used in slots.items() if slot not in often}, steps


def _is_data(x: Node) -> bool:
    return x.leaf and x.time is None and not x.literal and not x.record.requires_grad


def _counted(places: list[dict[Node, int]], shared: set[Node]) -> dict[Node, int]:
    """The step of each array by the place that uses most of them, the first to use what is shared.

    Of what is not used there, by how much later it is used elsewhere.
    """
    places = [used for used in places if len(set(used.values())) == len(used)]
    if not places:
        return {}
    first = max(places, key=lambda used: (len(used), -sum(time for x, time in used.items() if x in shared)))
    found = dict(first)
    for used in places:
        lags = {time - first[x] for x, time in used.items() if x in first}
        if len(lags) == 1:
            (lag,) = lags
            found |= {x: time - lag for x, time in used.items() if x not in found}
    return found if len(set(found.values())) == len(found) else {}
