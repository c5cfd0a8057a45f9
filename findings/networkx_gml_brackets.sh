#!/usr/bin/env bash
# networkx 3.6.1: through GML, the text "[]" comes back as a list and "()" as a tuple; "[1, 2]" and "( )" stay texts.
#
# Guess: read_gml(write_gml(G)) gives a string attribute back as the same string.
# Seen (networkx 3.6.1): the two texts that an empty list or tuple is printed as are read as an empty list and tuple, without a
#   word; longer ones are not. GraphML and node-link JSON keep all four. A column of shapes, indices or settings written as text
#   is of two types afterwards, and the next write_gml or write_graphml of it may fail.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet networkx==3.6.1
"$work/venv/bin/python" - <<'PY'
import networkx as nx

texts = ["[]", "()", "[1, 2]", "( )"]
graph = nx.Graph()
for i, text in enumerate(texts):
    graph.add_node(i, shape=text)
back = nx.parse_gml("\n".join(nx.generate_gml(graph)), label="id")
found = [back.nodes[i]["shape"] for i in range(4)]
print("GML:    ", found)
assert found == [[], (), "[1, 2]", "( )"]
xml = nx.parse_graphml("\n".join(nx.generate_graphml(graph)))
print("GraphML:", [xml.nodes[str(i)]["shape"] for i in range(4)])
assert [xml.nodes[str(i)]["shape"] for i in range(4)] == texts
print("as described")
PY
