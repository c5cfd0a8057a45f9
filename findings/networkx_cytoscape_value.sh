#!/usr/bin/env bash
# networkx 3.6.1: node-link and Cytoscape JSON lose or overwrite attributes with everyday names, each other ones, without a word.
#
# Guess: cytoscape_graph(cytoscape_data(G)) and node_link_graph(node_link_data(G)) give the attributes back.
# Seen (networkx 3.6.1): through Cytoscape JSON a node's `value` 0.5 becomes the node's own identifier, and nodes that had no
#   `name` and no `value` have both afterwards; an edge's `source` 9 becomes its first node. Through node-link JSON a node's `id`
#   and an edge's `source` and `target` are gone. No error, no warning; GraphML keeps all of them.
# A computation graph's natural attributes are just these: value, name, source.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet networkx==3.6.1
"$work/venv/bin/python" -W error::UserWarning - <<'PY'
import networkx as nx

graph = nx.DiGraph()
graph.add_node("a<1>", value=0.5, id=7)
graph.add_node("J")
graph.add_edge("a<1>", "J", source=9, weight=1.5)

through = {
    "Cytoscape": nx.cytoscape_graph(nx.cytoscape_data(graph)),
    "node-link": nx.node_link_graph(nx.node_link_data(graph)),
    "GraphML": nx.parse_graphml("\n".join(nx.generate_graphml(graph))),
}
for name, back in through.items():
    print(f"{name:10}", dict(back.nodes(data=True)), list(back.edges(data=True)))
cytoscape, link, xml = through.values()
assert cytoscape.nodes["a<1>"]["value"] == "a<1>" and set(cytoscape.nodes["J"]) == {"id", "name", "value"}
assert cytoscape.edges["a<1>", "J"]["source"] == "a<1>"
assert "id" not in link.nodes["a<1>"] and "source" not in link.edges["a<1>", "J"]
assert xml.nodes["a<1>"] == {"value": 0.5, "id": 7} and xml.edges["a<1>", "J"]["source"] == 9
print("as described")
PY
