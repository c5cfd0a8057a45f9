"""What can be drawn: a tensor, a graph, a run, a cell, known by what they can do."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_seq import Graph, Recording, Tensor
from autograd_seq.core.errors import UsageError
from autograd_seq.core.source_line import here
from autograd_seq.readings.textbook import recognised

STEPS, EXAMPLES = 3, 1  # of a cell that is drawn before it has seen data


def graph_of(thing: Any) -> Graph:
    """The recording behind anything that can be drawn.

    Raises
    ------
    UsageError
        If there is none.
    """
    if isinstance(thing, Graph):
        return thing
    if isinstance(thing, Tensor):
        return Graph(thing.record)
    if isinstance(graph := getattr(thing, "graph", None), Graph):
        return graph
    if isinstance(forward := getattr(thing, "forward", None), Graph):
        return forward
    if callable(unroll := getattr(thing, "unroll", None)) and isinstance(n_x := getattr(thing, "n_x", None), int):
        x = np.random.default_rng(0).standard_normal((n_x, EXAMPLES, STEPS))
        return graph_of(unroll(x))
    raise UsageError(
        f"a picture is drawn of a tensor, a graph, a run or a cell, but this is {type(thing).__name__}: "
        f"pass the loss, or what cell.unroll(x) returned{here()}"
    )


def textbook(graph: Graph) -> Graph:
    """The recording with each function that the program spells out, such as 1 / (1 + exp(−z)), as the function it is.

    It is the same graph where there is none.
    """
    outputs = recognised(graph.outputs, pairs=False)
    return graph if all(a is b for a, b in zip(outputs, graph.outputs, strict=True)) else Graph(*outputs)


def recorded(thing: Any) -> Recording | None:
    """The backward pass that comes with a thing to draw, if one does."""
    return thing if isinstance(thing, Recording) else None
