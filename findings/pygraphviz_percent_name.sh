#!/usr/bin/env bash
# pygraphviz 2.0.x (Graphviz's cgraph): a node whose name begins with % is made, and then has no name at all.
#
# Guess: AGraph().add_node("%1") makes a node called %1, or refuses the name with a message.
# Seen (pygraphviz 2.0.4): add_node raises TypeError from inside ("decoding to str: need a bytes-like object, NoneType
#   found"), yet the graph has one node more afterwards; add_node("a%1") is as any other. Through networkx, to_agraph of a graph
#   with such a node ends the same way. cgraph keeps names that begin with % for anonymous objects, and says so nowhere here.
# LLVM and most tables of intermediate values call their unnamed results %1, %2 …
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet pygraphviz==2.0.4 networkx==3.6.1
"$work/venv/bin/python" - <<'PY'
import networkx as nx
import pygraphviz

graph = pygraphviz.AGraph()
graph.add_node("a%1")
assert graph.nodes() == ["a%1"]
try:
    graph.add_node("%1")
except TypeError as error:
    print("add_node:", error, "| nodes now:", graph.number_of_nodes())
    assert "NoneType" in str(error)
else:
    raise SystemExit("a name that begins with % is kept now")
assert graph.number_of_nodes() == 2

net = nx.DiGraph([("%1", "%2")])
try:
    nx.nx_agraph.to_agraph(net)
except TypeError as error:
    print("to_agraph:", error)
else:
    raise SystemExit("networkx keeps such names now")
print("as described")
PY
