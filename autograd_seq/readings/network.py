"""A recording as a graph of networkx, for its algorithms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd_seq.core.graph import Graph

if TYPE_CHECKING:
    import networkx


def to_networkx(graph: Graph) -> networkx.MultiDiGraph:
    """The same graph for networkx's algorithms.

    Returns
    -------
    networkx.MultiDiGraph
        Nodes are positions in the list, with the attributes label, name, operation, settings, shape,
        dtype, value, time, layer, direction, part, file, line, requires_grad; an edge for every use,
        with the attribute ``input`` (its position among the user's inputs) as its key.

    Examples
    --------
    >>> import networkx
    >>> from autograd_seq import Tensor
    >>> x = Tensor([1.0, 2.0])
    >>> networkx.dag_longest_path_length((x * x + x).graph.to_networkx())
    2
    """
    import networkx  # takes a while to load

    result = networkx.MultiDiGraph()
    places = graph.places
    for i, record in enumerate(graph.records):
        place, line = places[record], record.source
        result.add_node(
            i,
            label=record.label,
            name=record.name,
            operation=record.operation.name if record.operation else None,
            settings=dict(record.settings),
            shape=record.shape,
            dtype=str(record.dtype),
            value=record.value,
            time=place.time,
            layer=place.layer,
            direction=place.direction,
            part=place.part,
            file=line.file if line else None,
            line=line.line if line else None,
            requires_grad=record.requires_grad,
        )
        for position, x in enumerate(record.inputs):
            if x in graph.positions:
                result.add_edge(graph.positions[x], i, key=position, input=position)
    return result


Graph.to_networkx = to_networkx
