"""A recording goes through every file format of networkx and comes back as it was."""

import io
import json

import networkx
import numpy as np
import pytest

import autograd_seq.numpy as teaching
from autograd_seq import (
    Graph,
    Parameter,
    Tensor,
    UsageError,
    ValueRangeError,
    differentiate,
    name,
    operation,
    scope,
    softmax,
    steps,
)
from cells import GRU, LSTM, Bidirectional


def through_graphml(net, folder):
    return networkx.parse_graphml("\n".join(networkx.generate_graphml(net)))


def through_gexf(net, folder):
    file = io.BytesIO()
    networkx.write_gexf(net, file)
    file.seek(0)
    return networkx.read_gexf(file)


def through_gml(net, folder):
    networkx.write_gml(net, folder / "net.gml")
    return networkx.read_gml(folder / "net.gml")


def through_node_link(net, folder):
    return networkx.node_link_graph(json.loads(json.dumps(networkx.node_link_data(net))))


def through_cytoscape(net, folder):
    return networkx.cytoscape_graph(json.loads(json.dumps(networkx.cytoscape_data(net))))


def through_dot(net, folder):
    pytest.importorskip("pygraphviz")
    networkx.nx_agraph.write_dot(net, folder / "net.dot")
    return networkx.nx_agraph.read_dot(folder / "net.dot")


def not_through_a_file(net, folder):
    return net


WAYS = [
    not_through_a_file, through_graphml, through_gexf, through_gml, through_node_link, through_cytoscape, through_dot,
]  # fmt: skip


def unrolled(cell):
    x = np.random.default_rng(0).normal(size=(2, 2, 3))
    return (cell.unroll(x).states["a"][-1] ** 2).sum()


def names_that_formats_take_for_something_else():
    rng = np.random.default_rng(1)
    total = Tensor(0.0)
    hard = [
        "Gamma_f", "", "[]", "()", "1e5", "-3", "nan", " a ", '"', "'", "\\", "a\\nb", "a\nb", "<b>J</b>", "&amp;",
        "遗忘门", "%41;", "%;", "a\x00b", "\x1b[0m", "node", "edge", "graph", "True", "label",
        "a\ttab", "\ud83d", "\ufffe", "#", "}", ";",
    ]  # fmt: skip
    for key in hard:
        double = Parameter(rng.normal(), key) * 2.0
        total = total + (name(double, key) if key else double)
    return total


def arrays_that_are_written():
    W = Parameter(np.arange(12.0).reshape(3, 4) / 7, "W")
    kept = teaching.zeros((4, 3))
    kept[1:, 0] = W[:, 2]
    kept[[0, 2], [1, 2]] = W[0, ::3]
    kept[..., -1] += W[np.array([True, False, True]), 1].sum()
    return (kept**2).sum(axis=0)[None, :, None]


def numbers_of_all_kinds():
    low = Parameter(np.array([0.1, -2.5], dtype=np.float16), "low")
    single = Parameter(np.array([1e-30, 3.3], dtype=np.float32), "single")
    long = Parameter(np.array([1, 3], dtype=np.longdouble) / 3, "long")
    whole = Tensor(np.array([[1, 2]], dtype=np.int64), "whole")
    masked = teaching.where(np.array([True, False]), np.array([-np.inf, np.nan]), 1e-300)
    return (low + single) * whole + long.astype(np.float64) * 1e-300 + masked


RECORDINGS = {
    "LSTM": lambda: unrolled(LSTM(n_x=2, n_a=3, seed=0)),
    "bidirectional GRU": lambda: unrolled(Bidirectional(GRU(n_x=2, n_a=3, seed=0), GRU(n_x=2, n_a=3, seed=1))),
    "names": names_that_formats_take_for_something_else,
    "written arrays": arrays_that_are_written,
    "numbers": numbers_of_all_kinds,
    "one leaf": lambda: Tensor(3.0),
    "a loss": lambda: -(np.eye(3)[[2, 0, 1]] * np.log(softmax(Parameter(np.eye(3), "z")))).sum(),
}


def assert_same(back, graph):
    assert len(back) == len(graph)
    assert [back.positions[y] for y in back.outputs] == [graph.positions[y] for y in graph.outputs]
    for one, other in zip(back, graph):
        assert one.operation is other.operation
        assert [back.positions.get(x) for x in one.inputs] == [graph.positions.get(x) for x in other.inputs]
        for x, was in zip(one.inputs, other.inputs):
            np.testing.assert_array_equal(x.value, was.value)
        assert (one.name, one.requires_grad, one.dtype, one.shape) == (
            other.name, other.requires_grad, other.dtype, other.shape,
        )  # fmt: skip
        place = graph.places[other]
        assert one.operation is None or one.scope == place
        np.testing.assert_array_equal(one.value, other.value)
        np.testing.assert_equal(one.settings, other.settings)
        told = [(line.file, line.line) if line else None for line in (one.source, other.source)]
        assert told[0] == told[1]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("key", RECORDINGS)
def test_a_recording_comes_back_with_everything(key, way, tmp_path):
    graph = RECORDINGS[key]().graph
    assert_same(Graph.from_networkx(way(graph.to_networkx(flat=True), tmp_path)), graph)


@pytest.mark.parametrize("key", RECORDINGS)
def test_it_also_comes_back_from_the_graph_for_algorithms(key):
    graph = RECORDINGS[key]().graph
    assert_same(Graph.from_networkx(graph.to_networkx()), graph)


@pytest.mark.parametrize("way", WAYS)
def test_a_backward_pass_and_several_outputs_come_back(way, tmp_path):
    loss = unrolled(LSTM(n_x=2, n_a=2, seed=1))
    backward = differentiate(loss).backward
    assert_same(Graph.from_networkx(way(backward.to_networkx(flat=True), tmp_path)), backward)


def test_what_comes_back_has_the_same_gradients(tmp_path):
    loss = unrolled(LSTM(n_x=2, n_a=3, seed=0))
    back = Graph.from_networkx(through_gml(loss.graph.to_networkx(flat=True), tmp_path))
    one, other = differentiate(loss), differentiate(back.outputs[0])
    wanted = {leaf.name: one.adjoint(leaf).value for leaf in loss.graph.leaves if leaf.requires_grad}
    found = {leaf.name: other.adjoint(leaf).value for leaf in back.leaves if leaf.requires_grad}
    assert wanted.keys() == found.keys() and len(wanted) == 8
    for key, value in wanted.items():
        np.testing.assert_array_equal(found[key], value)


@pytest.mark.parametrize("key", RECORDINGS)
def test_flat_attributes_are_texts_and_whole_numbers_of_one_kind_each(key):
    net = RECORDINGS[key]().graph.to_networkx(flat=True)
    kinds = {}
    for _, data in net.nodes(data=True):
        for attribute, value in data.items():
            assert type(value) in (str, int)
            assert kinds.setdefault(attribute, type(value)) is type(value)
    assert not {"label", "name", "value", "shape", "id", "key", "source", "target"} & kinds.keys()


def test_nodes_are_called_by_their_labels():
    a = Parameter([0.5], "W")
    for _ in steps(2):
        a = name(a * 2.0, "a")
    with scope(part="end"):
        net = (a + Tensor([1.0], "c") + Tensor([2.0], "c")).graph.to_networkx(flat=True)
    assert {"W", "a<1>", "a<2>"} <= set(net)
    assert sum(node.startswith("c at ") for node in net) == 2


# -- bad input ------------------------------------------------------------------------------------------------


def product():
    return (Parameter([1.0, 2.0], "x") * Tensor([3.0, 4.0], "y")).graph.to_networkx(flat=True)


def test_numbers_that_do_not_follow_are_told():
    net = product()
    net.nodes[list(net)[-1]]["numbers"] = "[3.0, 9.0]"
    with pytest.raises(ValueRangeError, match="do not follow from its inputs by multiply"):
        Graph.from_networkx(net)


@pytest.mark.parametrize(
    ("attribute", "content"),
    [
        ("numbers", "[1.0"), ("numbers", "1.0"), ("numbers", "[1.0]"), ("numbers", "['a', 'b']"), ("sizes", "2 x"),
        ("sizes", "-1"), ("dtype", "object"), ("dtype", "nothing"), ("settings", "{'axis': {'word': 1}}"),
        ("settings", "[" * 5000), ("settings", "[]"), ("position", "first"), ("requires_grad", "yes"),
        ("settings", "{'array': 3}"), ("settings", "{'a': {'array': ['object', [1], [0]]}}"), ("time", "soon"),
    ],
)  # fmt: skip
def test_damaged_attributes_end_in_a_message(attribute, content):
    for place in (0, -1):
        net = product()
        net.nodes[list(net)[place]][attribute] = content
        with pytest.raises((ValueRangeError, UsageError)):
            Graph.from_networkx(net)


def test_other_graphs_are_refused():
    with pytest.raises(UsageError, match="directed graph that to_networkx gives"):
        Graph.from_networkx(networkx.path_graph(3))
    with pytest.raises(UsageError, match="directed graph that to_networkx gives"):
        Graph.from_networkx(networkx.cycle_graph(3, create_using=networkx.DiGraph))
    with pytest.raises(ValueRangeError, match="not written as to_networkx writes it: without 'name'"):
        Graph.from_networkx(networkx.DiGraph([(0, 1)]))
    net = product()
    net.nodes[list(net)[-1]]["operation"] = "os.system"
    with pytest.raises(UsageError, match="no operation is called 'os.system' here"):
        Graph.from_networkx(net)
    net = product()
    for _, _, data in net.edges(data=True):
        data["input"] = 0
    with pytest.raises(UsageError, match="are inputs"):
        Graph.from_networkx(net)


def test_a_setting_that_is_no_plain_data_is_refused():
    @operation(vjp=[lambda g, y, x, *, how: g])
    def through(x, /, *, how):
        return how(x)

    made = through(Parameter([1.0], "x"), how=np.array).graph
    with pytest.raises(UsageError, match="cannot be written to a file"):
        made.to_networkx(flat=True)
