"""Results of many steps that are joined, as stacked and then reshaped: so that each step's part is counted by the step.

``concatenate([h1, h2, h3])`` has the rows of step t at 2 m … 3 m, if h has m of them; ``stack`` has them at t.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd_seq import operations as ops
from autograd_seq.core.graph import Graph
from autograd_seq.core.rebuilt import again
from autograd_seq.core.scope import Marked
from autograd_seq.core.traits import algebra
from autograd_seq.folding.site import site
from autograd_seq.folding.steps import scopes

MANY = 3  # arrays of one place in the program, that are those of steps


def stacked(outputs: Sequence[Any]) -> list[Any]:
    """The same outputs, where what is joined of many steps is stacked and reshaped; themselves, if there is none.

    Examples
    --------
    >>> from autograd_seq import Parameter, concatenate
    >>> from autograd_seq.core.graph import Graph
    >>> W = Parameter([[0.5, 2.0]], "W")
    >>> (joined,) = stacked([concatenate([W * t for t in range(4)], axis=1)])
    >>> joined.shape, [r.operation.name for r in Graph(joined) if r.operation][-2:]
    ((1, 8), ['stack', 'reshape'])
    """
    graph = Graph(*outputs)
    found = [r for r in graph if _joins_alike(r)]
    places = scopes(graph) if found else {}
    found = [r for r in found if places[r].time is None and len({places[x].time for x in r.inputs}) == len(r.inputs)]
    if not found:
        return list(outputs)
    joins = set(found)
    new: dict[Any, Any] = {}
    for r in graph:
        inputs = tuple([new.get(x, x) for x in r.inputs])
        if r in joins:
            new[r] = _apart(r, inputs)
        elif any(x in new for x in r.inputs):
            new[r] = again(r, inputs)
    return [new.get(output.record, output.record) for output in graph.outputs]


def _joins_alike(r: Any) -> bool:
    """Whether a record joins arrays of one shape that one place in the program made."""
    if r.operation is None or algebra(r) != "joined" or len(r.inputs) < MANY:
        return False
    first = r.inputs[0]
    return all(
        x.operation is not None and x.shape == first.shape and x.dtype == first.dtype and site(x) == site(first)
        for x in r.inputs
    )


def _apart(r: Any, inputs: tuple[Any, ...]) -> Any:
    with Marked(r.scope):
        made = ops.reshape(ops.stack(inputs, axis=r.settings["axis"] % r.ndim), r.shape).record
    made._name = r._name
    return made
