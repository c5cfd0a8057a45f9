"""From a recording to a drawing with every place fixed: `lay_out`."""

from __future__ import annotations

from autograd_seq import Graph
from autograd_seq.core.errors import ValueRangeError
from autograd_seq.core.source_line import here
from viz.boxes import fold
from viz.builder import Builder, Options
from viz.modules import Modules
from viz.scene import Layout
from viz.symbolic import OneStep, Rolled
from viz.unrolled import Unrolled

VIEWS: dict[str, type[Builder]] = {
    "unrolled": Unrolled,
    "rolled": Rolled,
    "cell": OneStep,
    "modules": Modules,
    "operations": Unrolled,
}
NOTHING_ELSE = Options()


def lay_out(graph: Graph, view: str = "unrolled", options: Options = NOTHING_ELSE) -> Layout:
    """Fix the place of everything in a drawing of a graph.

    Parameters
    ----------
    graph : Graph
        Any recording.
    view : str
        ``unrolled``, ``rolled``, ``cell``, ``modules`` or ``operations``.
    options : Options
        What else is shown.

    Returns
    -------
    Layout
        Nodes with ids, places, sizes and the records they stand for; edges with their curves; columns.

    Raises
    ------
    ValueRangeError
        For a view that there is not.

    Examples
    --------
    >>> from autograd_seq import Parameter, name, steps, tanh
    >>> W, a = Parameter([[0.5]], "W"), 1.0
    >>> for t in steps(3):
    ...     a = name(tanh(W * a), "a")
    >>> layout = lay_out(a.graph)
    >>> [(node.label, node.column) for node in layout.nodes]
    [('a<1>', 0), ('a<2>', 1), ('a<3>', 2)]
    """
    if view not in VIEWS:
        raise ValueRangeError(
            f"there is no view {view!r}; the views are {', '.join(VIEWS)}, backward and overlay{here()}"
        )
    return VIEWS[view](fold(graph, whole=view == "operations"), options).build()


__all__ = ["NOTHING_ELSE", "VIEWS", "Options", "lay_out"]
