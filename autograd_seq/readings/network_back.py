"""A graph of networkx as a recording again, whether it comes from `to_networkx` at once or out of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_seq.core.array import Array
from autograd_seq.core.errors import UsageError, ValueRangeError
from autograd_seq.core.graph import Graph
from autograd_seq.core.operation import DECLARED, Operation
from autograd_seq.core.scope import Marked, Scope
from autograd_seq.core.source_line import code_at, here
from autograd_seq.core.tensor import Tensor
from autograd_seq.readings.flat_text import array_of, from_tree, loaded, unescaped

if TYPE_CHECKING:
    import networkx

_WHOLE = ("position", "time", "layer", "line", "requires_grad", "output", "outside")


def from_networkx(net: networkx.MultiDiGraph) -> Graph:
    """A recording made from the graph that `Graph.to_networkx` gives, also after a way through a file.

    Operations are applied anew to the numbers of the leaves, by their declarations here; nothing of the graph is
    executed. Numbers that stand beside a result are compared with what comes out.

    Parameters
    ----------
    net : networkx.MultiDiGraph
        From ``to_networkx()``, or from ``to_networkx(flat=True)`` and through GraphML, GEXF, GML, JSON or DOT.

    Returns
    -------
    Graph
        With the same operations, settings, names, places in network and program, values and outputs. Lines of a
        program that is not at hand have no text.

    Raises
    ------
    UsageError
        If it is no such graph, or has an operation that is not declared here: import the file that declares it.
    ValueRangeError
        If what a node says of itself cannot be read, or its numbers do not follow from its inputs.

    Examples
    --------
    >>> from autograd_seq import Graph, Tensor
    >>> graph = Graph.from_networkx((Tensor([1.0, 2.0], "x") * 3).graph.to_networkx(flat=True))
    >>> [(record.name, record.operation and record.operation.name) for record in graph][-1]
    (None, 'multiply')
    """
    import networkx  # takes a while to load

    if not isinstance(net, networkx.DiGraph) or not net or not networkx.is_directed_acyclic_graph(net):
        raise UsageError(f"from_networkx takes the directed graph that to_networkx gives, without cycles{here()}")
    made: dict[Any, Tensor] = {}
    told: dict[Any, Mapping[str, Any]] = {node: _said(node, data) for node, data in net.nodes(data=True)}
    for node in networkx.lexicographical_topological_sort(net, key=lambda node: told[node]["position"]):
        made[node] = _made(node, told[node], _inputs(net, node, made))
    inside = [made[node] for node in net if not told[node]["outside"]]
    return Graph(*(made[node] for node in _outputs(net, told)), within=inside)


def _outputs(net: Any, told: Mapping[Any, Mapping[str, Any]]) -> list[Any]:
    """The nodes that it was looked back from; those that nothing uses, where none is marked."""
    marked = [node for node in net if told[node]["output"] is not None]
    return sorted(marked, key=lambda node: told[node]["output"]) or [node for node in net if not net.out_degree(node)]


def _inputs(net: Any, node: Any, made: Mapping[Any, Tensor]) -> list[Tensor]:
    """What a node was made from, in order."""
    try:
        found = {int(data["input"]): made[source] for source, _, data in net.in_edges(node, data=True)}
    except (KeyError, ValueError, TypeError) as error:
        raise UsageError(f"each edge into {node!r} needs its attribute input, a whole number{here()}") from error
    if sorted(found) != [*range(net.in_degree(node))]:
        raise UsageError(f"the edges into {node!r} are inputs {sorted(found)}, not 0, 1, … one each{here()}")
    return [found[i] for i in range(len(found))]


# -- one node -------------------------------------------------------------------------------------------------


def _said(node: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """What a node says of itself, as Python's objects, from either form."""
    try:
        found = _from_flat(data) if "sizes" in data else _from_whole(node, data)
        if not isinstance(found["position"], int):
            raise ValueError(f"position {found['position']!r:.40}")
        return found
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        reason = f"without {error}" if isinstance(error, KeyError) else str(error)
        raise ValueRangeError(f"node {node!r} is not written as to_networkx writes it: {reason}{here()}") from error


def _from_whole(node: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    asked = ("name", "operation", "settings", "value", "time", "layer", "direction", "part", "file", "line")
    return {key: data[key] for key in asked} | {
        "position": node,
        "requires_grad": data["requires_grad"],
        "output": data.get("output"),
        "outside": None,
    }


def _from_flat(data: Mapping[str, Any]) -> dict[str, Any]:
    sizes = unescaped(str(data["sizes"]))
    shape = () if sizes == "scalar" else tuple(map(int, sizes.split(" x ")))
    if min(shape, default=0) < 0:
        raise ValueError(f"sizes {sizes}")
    said: dict[str, Any] = {key: _text(data, key) for key in ("operation", "direction", "part", "file")}
    said |= {key: int(data[key]) if key in data else None for key in _WHOLE}
    said["name"] = _text(data, "variable")
    said["settings"] = {key: from_tree(x) for key, x in loaded(data.get("settings", "{}")).items()}
    said["value"] = array_of(data["numbers"], shape, data["dtype"])
    return said


def _text(data: Mapping[str, Any], key: str) -> str | None:
    return unescaped(str(data[key])) if key in data else None


def _made(node: Any, said: Mapping[str, Any], inputs: list[Tensor]) -> Tensor:
    """The record of a node."""
    place = Scope(*(said[key] for key in ("time", "layer", "direction", "part")))
    with Marked(place):
        result = _leaf(node, said) if said["operation"] is None else _result(node, said, inputs)
    result._name = said["name"]
    result._code, result._offset, result._origin = code_at(said["file"], said["line"]), 0, None
    return result


def _leaf(node: Any, said: Mapping[str, Any]) -> Tensor:
    if said["settings"]:
        raise ValueRangeError(f"node {node!r} has settings, but no operation{here()}")
    return Tensor(said["value"], said["name"], bool(said["requires_grad"]))


def _result(node: Any, said: Mapping[str, Any], inputs: list[Tensor]) -> Tensor:
    operation = _declared(said["operation"])
    value = _computed(node, operation, inputs, said)
    result: Tensor = operation.record(value, tuple(inputs), said["settings"], bool(said["requires_grad"]))
    return result


def _declared(name: str) -> Operation:
    found = {operation.name: operation for operation in DECLARED}
    often = Counter(operation.name for operation in DECLARED)[name]
    if often != 1:
        how_many = "more than one operation" if often else "no operation"
        raise UsageError(f"{how_many} is called {name!r} here; import the file that declares it, and no other{here()}")
    return found[name]


def _computed(node: Any, operation: Operation, inputs: list[Tensor], said: Mapping[str, Any]) -> Array:
    """The value of an operation, which is also what the graph says it is."""
    compute: Callable[..., Any] = operation.value
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(compute(*(x._value for x in inputs), **said["settings"]))
    except (ValueError, TypeError, IndexError) as error:
        raise ValueRangeError(f"node {node!r}: {operation.name} cannot be computed: {error}{here()}") from error
    beside, rounding = said["value"], _rounding(value)
    if value.shape != beside.shape or not np.allclose(value, beside, rounding, rounding, equal_nan=True):
        raise ValueRangeError(f"the numbers of node {node!r} do not follow from its inputs by {operation.name}{here()}")
    return value


def _rounding(value: Array) -> float:
    """By how much two machines may differ in a result: half its digits."""
    return float(np.finfo(value.dtype).eps) ** 0.5 if value.dtype.kind == "f" else 0.0


Graph.from_networkx = staticmethod(from_networkx)
