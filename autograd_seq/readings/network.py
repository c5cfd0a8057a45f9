"""A recording as a graph of networkx: for its algorithms, and in a form that its file formats hold."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from autograd_seq.core.graph import Graph
from autograd_seq.core.scope import Scope
from autograd_seq.readings.flat_text import dumped, escaped, numbers, tree

if TYPE_CHECKING:
    import networkx


def to_networkx(graph: Graph, flat: bool = False) -> networkx.MultiDiGraph:
    r"""The same graph for networkx's algorithms and file formats.

    Parameters
    ----------
    graph : Graph
        A recording.
    flat : bool
        Whether attributes are plain texts and whole numbers, none of them None, under names that no format
        takes for its own: such a graph can be written as GraphML, GEXF, GML, JSON (node-link, Cytoscape) and
        DOT, and read back by `Graph.from_networkx`.

    Returns
    -------
    networkx.MultiDiGraph
        Nodes are positions in the list, with the attributes label, name, operation, settings, shape,
        dtype, value, time, layer, direction, part, file, line, requires_grad, output; an edge for every use,
        with the attribute ``input`` (its position among the user's inputs) as its key.

        If `flat`, nodes are labels, and the attributes are position, variable, operation, settings, sizes,
        dtype, numbers, time, layer, direction, part, file, line, requires_grad, output: what a node does not have
        is left out. Leaves with `outside` 1 are what a graph uses but does not hold. `sizes` is ``"scalar"`` or
        such as ``"5 x 1"``, `numbers` all elements in C order, `settings` JSON with single quotation marks; in
        texts, letters that a format would not keep stand as ``%5c;``.

    Raises
    ------
    UsageError
        If `flat` and an operation has a setting that is not plain data.

    Examples
    --------
    >>> import networkx
    >>> from autograd_seq import Graph, Tensor
    >>> x = Tensor([1.0, 2.0], "x")
    >>> graph = (x * x + x).graph
    >>> networkx.dag_longest_path_length(graph.to_networkx())
    2
    >>> text = "\n".join(networkx.generate_graphml(graph.to_networkx(flat=True)))
    >>> Graph.from_networkx(networkx.parse_graphml(text)).outputs[0].value
    array([2., 6.])
    """
    import networkx  # takes a while to load

    result = networkx.MultiDiGraph()
    nodes = _flat_nodes(graph) if flat else _whole_nodes(graph)
    for name, attributes in nodes.values():
        result.add_node(name, **attributes)
    for record in graph:
        for i, x in enumerate(record.inputs):
            if x in nodes:
                result.add_edge(nodes[x][0], nodes[record][0], key=i, input=i)
    return result


def _whole_nodes(graph: Graph) -> dict[Any, tuple[Any, dict[str, Any]]]:
    """The name and the attributes of each record's node."""
    places, outputs = graph.places, _outputs(graph)
    return {r: (i, _whole(r, places[r]) | {"output": outputs.get(r)}) for i, r in enumerate(graph)}


def _flat_nodes(graph: Graph) -> dict[Any, tuple[Any, dict[str, Any]]]:
    """The same for files; what lies outside and is used inside, as a backward pass uses a forward pass, is a leaf."""
    places, outputs = graph.places, _outputs(graph)
    used = dict.fromkeys(x for record in graph for x in record.inputs if x not in graph.positions)
    names = _distinct([_node(record.label) for record in (*used, *graph)])
    nodes: dict[Any, tuple[Any, dict[str, Any]]] = {}
    for name, (i, record) in zip(names, enumerate((*used, *graph), -len(used)), strict=True):
        attributes = _flat(i, record, places.get(record, record.scope), record in used)
        nodes[record] = name, attributes | ({"output": outputs[record]} if record in outputs else {})
    return nodes


def _outputs(graph: Graph) -> dict[Any, int]:
    return {record: i for i, record in enumerate(graph.outputs)}


def _whole(record: Any, place: Scope) -> dict[str, Any]:
    """What is known of a record, as Python's objects."""
    line = record.source
    return {
        "label": record.label,
        "name": record.name,
        "operation": record.operation.name if record.operation else None,
        "settings": dict(record.settings),
        "shape": record.shape,
        "dtype": str(record.dtype),
        "value": record.value,
        "time": place.time,
        "layer": place.layer,
        "direction": place.direction,
        "part": place.part,
        "file": line.file if line else None,
        "line": line.line if line else None,
        "requires_grad": record.requires_grad,
    }


def _flat(position: int, record: Any, place: Scope, outside: bool) -> dict[str, Any]:
    """The same in texts and whole numbers, without what is not there."""
    whole = _whole(record, place)
    if outside:
        whole |= {"outside": 1, "operation": None, "settings": {}}
    del whole["label"]
    flat = {"position": position, "variable": whole.pop("name"), "sizes": _sizes(whole.pop("shape"))}
    flat |= {"numbers": numbers(whole.pop("value")), "settings": dumped(tree(whole.pop("settings"))["settings"])}
    whole["requires_grad"] = int(whole["requires_grad"])
    flat |= {key: escaped(x) if isinstance(x, str) else x for key, x in whole.items()}
    flat["variable"] = None if flat["variable"] is None else escaped(flat["variable"])
    return {key: x for key, x in flat.items() if x is not None and x != "{}"}


def _sizes(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "scalar"


def _node(label: str) -> str:
    """A label as the name of a node; ``tanh%7`` is "tanh no. 7", since DOT has no names that begin with %."""
    name = escaped(label.replace("%", " no. ").strip())
    return f"_{name}" if name.startswith("%") else name


def _distinct(labels: list[str]) -> list[str]:
    """Labels by which nodes are told apart: one that several records have, with the place in the list."""
    often = Counter(labels)
    return [label if often[label] == 1 else f"{label} at {i}" for i, label in enumerate(labels)]


Graph.to_networkx = to_networkx
