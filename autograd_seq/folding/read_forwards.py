"""Data that a loop reads from the last to the first while it counts up: turned first, and then read as the loop counts.

``x[:, :, T - 1 - t]`` beside ``y[:, :, t]`` is part t of x turned round, as ``x[:, :, ::-1][:, :, t]`` would read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from autograd_seq import operations as ops
from autograd_seq.core.graph import Graph
from autograd_seq.core.rebuilt import again
from autograd_seq.core.traits import algebra
from autograd_seq.folding.site import site
from autograd_seq.folding.steps import scopes


def read_forwards(outputs: Sequence[Any]) -> list[Any]:
    """The same outputs, where what is read against the order of the steps is turned round before.

    Parameters
    ----------
    outputs : sequence of Tensor
        Of a forward pass.

    Returns
    -------
    list of Tensor
        The outputs themselves where all is read in the order of the steps.

    Examples
    --------
    >>> from autograd_seq import Tensor
    >>> x, h = Tensor([1.0, 2.0, 3.0], "x"), 0.0
    >>> for t in range(3):
    ...     h = h * x[2 - t] + x[t]
    >>> (turned,) = read_forwards([h])
    >>> [r.settings["index"] for r in turned.graph if "index" in r.settings], turned.item() == h.item()
    ([0, 0, 1, 1, 2, 2], True)
    """
    graph = Graph(*outputs)
    places = scopes(graph)
    picks: dict[Any, list[Any]] = {}
    for r in graph:
        if algebra(r) == "part" and places[r].time is not None and places[r.inputs[0]].time is None:
            picks.setdefault((site(r), r.inputs[0]), []).append(r)
    turned: dict[Any, int] = {}
    for found in picks.values():
        for place in _counting_down(found, [places[r].time for r in found]):
            turned |= dict.fromkeys(found, place)
    if not turned:
        return list(outputs)
    new: dict[Any, Any] = {}
    whole: dict[Any, Any] = {}
    for r in graph:
        inputs = tuple([new.get(x, x) for x in r.inputs])
        if r in turned:
            new[r] = _turned(r, inputs[0], turned[r], whole)
        elif any(x in new for x in r.inputs) or (new and r.operation is not None):
            new[r] = again(r, inputs)
    return [new.get(output.record, output.record) for output in graph.outputs]


def _parts(r: Any) -> tuple[Any, ...]:
    index = r.settings["index"]
    return index if isinstance(index, tuple) else (index,)


def _counting_down(found: list[Any], times: list[Any]) -> list[int]:
    """Which part of their index is one less at each step; of several, none."""
    if len(found) < 3 or len({len(_parts(r)) for r in found}) > 1:
        return []
    down = [
        place for place, numbers in enumerate(zip(*map(_parts, found)))
        if all(type(n) is int for n in numbers)
        and all(later - earlier == t - u for (earlier, t), (later, u) in pairwise(zip(numbers, times)) if t != u)
        and len(set(numbers)) == len(set(times)) > 2
    ]  # fmt: skip
    before = [] if not down else _parts(found[0])[: down[0]]
    return down if len(down) == 1 and not any(part is Ellipsis for part in before) else []


def _turned(r: Any, x: Any, place: int, whole: dict[Any, Any]) -> Any:
    """A record of a part as one of what is turned round."""
    parts = _parts(r)
    axis = sum(part is not None for part in parts[:place])
    if (x, axis) not in whole:
        flipped = ops.flip(x, axis=axis).record
        flipped._code = flipped._origin = None
        whole[x, axis] = flipped
    n = x.shape[axis]
    number = n - 1 - parts[place] % n
    index = (*parts[:place], number, *parts[place + 1 :])
    settings = {**r.settings, "index": index if isinstance(r.settings["index"], tuple) else number}
    return again(r, (whole[x, axis],), settings=settings)
