"""The recording: order, places, names, lines, networkx, printing; long chains, memory, threads."""

import gc
import threading
import weakref

import networkx
import numpy as np
import pytest

import autograd_seq.numpy as teaching
from autograd_seq import (
    Graph,
    Parameter,
    Tensor,
    UsageError,
    contributions,
    differentiate,
    grad,
    name,
    no_grad,
    scope,
    sigmoid,
    steps,
    stop_gradient,
    tanh,
)  # fmt: skip
from autograd_seq.core.scope import branches
from autograd_seq.folding.steps import scopes

DEEP = 100_000


def small_network(T=3):
    rng = np.random.default_rng(0)
    Waa, Wax = Parameter(rng.normal(size=(4, 4)), "Waa"), Parameter(rng.normal(size=(4, 2)), "Wax")
    a, loss = Tensor(np.zeros((4, 3)), "a"), 0
    for t in steps(T):
        a = name(tanh(Waa @ a + Wax @ Tensor(rng.normal(size=(2, 3)), "x")), "a")
        with scope(part="loss"):
            loss = loss + (a * a).sum()
    return loss, Waa, Wax


def chain(length):
    x = Tensor(np.full((4, 1), 0.5), "x", requires_grad=True)
    y = x
    for _ in range(length // 2):
        y = np.tanh(y)
        y = y + x
    return x, y


# -- the list --------------------------------------------------------------------------------


def test_records_stand_after_their_inputs_in_the_order_of_making_and_once():
    loss, _, _ = small_network()
    graph = loss.graph
    seen = set()
    for record in graph:
        assert all(x in seen for x in record.inputs)
        seen.add(record)
    assert len(seen) == len(graph) == len({record.index for record in graph})
    assert [record.index for record in graph] == sorted(record.index for record in graph)
    assert graph[-1] is loss
    assert all(graph[graph.positions[record]] is record for record in graph)
    assert loss in graph
    assert Tensor(1.0) not in graph


def test_each_record_knows_its_line_and_the_expression_on_it():
    x = Tensor([[1.0, 2.0]], requires_grad=True)
    y = tanh(x * 3) + np.exp(x)  # two kinds of call, one line
    lines = {record.operation.name: record.source for record in y.graph if record.operation}
    assert {str(line) for line in lines.values()} == {str(lines["tanh"])}
    assert lines["tanh"].file == __file__
    assert lines["tanh"].text == "y = tanh(x * 3) + np.exp(x)  # two kinds of call, one line"
    assert lines["tanh"].expression == "tanh(x * 3)"
    assert lines["exp"].expression == "np.exp(x)"
    assert lines["multiply"].expression == "x * 3"
    assert lines["add"].expression == "tanh(x * 3) + np.exp(x)"
    assert x.source is None


def test_a_method_and_an_assignment_point_at_the_users_line():
    x = Tensor([[1.0, 2.0]], requires_grad=True)
    total = x.sum(axis=0).mean()
    a = teaching.zeros(2)
    a[0] = total
    whole = a * 2
    sources = {record.operation.name: record.source.text for record in whole.graph if record.operation}
    assert sources["sum"] == sources["divide" if "divide" in sources else "mean"] == "total = x.sum(axis=0).mean()"
    assert sources["assign"] == "whole = a * 2"  # where it was materialised


def test_scopes_nest_and_end():
    x = Parameter([1.0], "x")
    with scope(time=2, layer=1):
        with scope(direction="backward", part="forget gate"):
            y = x * 2
        z = y * 2
    w = z * 2
    assert (y.scope.time, y.scope.layer, y.scope.direction, y.scope.part) == (2, 1, "backward", "forget gate")
    assert (z.scope.time, z.scope.layer, z.scope.direction, z.scope.part) == (2, 1, None, None)
    assert w.scope.place == (None, None, None)
    assert x.scope.place == (None, None, None)
    assert y.scope.place == (1, "backward", 2)


def test_steps_forward_reversed_and_left_early():
    x = Parameter([1.0], "x")
    assert [(t, (x * 2).scope.time) for t in steps(3)] == [(0, 1), (1, 2), (2, 3)]
    assert [(t, (x * 2).scope.time) for t in steps(3, reverse=True)] == [(2, 3), (1, 2), (0, 1)]
    for _ in steps(3):
        break
    assert (x * 2).scope.time is None
    with scope(layer=2):
        for t in steps(1):
            assert (x * 2).scope.place == (2, None, 1)
        assert (x * 2).scope.place == (2, None, None)


def test_names_belong_to_records_and_stay():
    x = Tensor([1.0], "x")
    with scope(time=3):
        gate = name(x * 2, "Gamma_f")
        again = name(gate, "f")
    assert gate.label == "Gamma_f<3>"
    assert (again.label, again.inputs[0]) == ("f<3>", gate)
    assert name(gate, "Gamma_f") is gate
    assert name(x, "y").name == "y"
    assert x.name == "x"
    plain = np.ones(2)
    assert name(plain, "p") is plain
    array = teaching.zeros(2)
    array[0] = x[0]
    assert name(array, "a").name == "a"


def test_find_by_name_and_place():
    loss, Waa, _ = small_network()
    assert loss.graph.find("a", time=2).scope.time == 2
    assert loss.graph.find("Waa") is Waa.record
    with pytest.raises(UsageError, match=r"records named 'a'[\s\S]*a<1>, a<2>, a<3>"):
        loss.graph.find("a")


def test_consumers_and_leaves():
    x, c = Parameter([2.0], "x"), Tensor([3.0], "c")
    y = x * x + c
    graph = y.graph
    product = graph[graph.positions[y] - 1]
    assert graph.consumers() == {x.record: [(product, 0), (product, 1)], c: [(y, 1)], product: [(y, 0)], y: []}
    assert [leaf.name for leaf in graph.leaves] == ["x", "c"]


def test_networkx_gets_nodes_edges_and_all_attributes():
    loss, Waa, Wax = small_network()
    graph = loss.graph
    net = graph.to_networkx()
    assert isinstance(net, networkx.MultiDiGraph)
    assert networkx.is_directed_acyclic_graph(net)
    assert net.number_of_nodes() == len(graph)
    assert net.number_of_edges() == sum(len(record.inputs) for record in graph)
    for node, data in net.nodes(data=True):
        record = graph[node]
        assert data["name"] == record.name
        assert data["operation"] == (record.operation.name if record.operation else None)
        assert (data["time"], data["part"]) == (record.scope.time, record.scope.part)
        assert data["shape"] == record.shape
        np.testing.assert_array_equal(data["value"], record.value)
        ordered = sorted(net.in_edges(node, keys=True), key=lambda edge: edge[2])
        assert [graph[a] for a, _, _ in ordered] == list(record.inputs)
        if record.operation:
            assert data["file"] == __file__
            assert data["line"] == record.source.line
    end, start = graph.positions[loss], graph.positions[Waa.record]
    assert networkx.ancestors(net, end) == set(net) - {end}
    squares = [n for n in net if net.nodes[n]["operation"] == "multiply"]
    assert all(net.number_of_edges(*next(iter(net.in_edges(n)))) == 2 for n in squares)  # a * a: two edges
    assert networkx.shortest_path_length(net, start, end) == 6  # Waa @ a<3>, +, tanh, *, sum, + into the loss
    assert graph.positions[Wax.record] in net


# -- printing --------------------------------------------------------------------------------


def test_twenty_records_print_a_row_each_and_two_thousand_fold():
    loss, _, _ = small_network(T=2)
    rows = str(loss.graph).splitlines()
    assert len(rows) <= 22
    assert any("a<1>" in row and "tanh" in row for row in rows)
    assert any("test_graph.py:" in row for row in rows)
    long, _, _ = small_network(T=280)
    assert len(long.graph) > 2000
    text = str(long.graph)
    assert len(text.splitlines()) < 60
    assert "t = 2 … 280" in text
    assert len(str(differentiate(long).backward).splitlines()) < 80


def test_steps_are_recognised_where_none_are_said():
    x, y = chain(2000)
    graph = y.graph
    assert [scopes(graph)[r].time for r in graph][:5] == [None, 1, 1, 2, 2]
    assert len(str(graph).splitlines()) < 10
    assert len(str(differentiate(y.sum()).backward).splitlines()) < 12


def gate(W, a):
    z = W @ a
    return 1 / (1 + np.exp(-z))


def test_a_helper_that_every_step_calls_three_times_does_not_triple_the_steps():
    rng = np.random.default_rng(0)
    weights = [Parameter(rng.normal(size=(3, 3)), key) for key in ("Wf", "Wu", "Wo")]
    T = 5
    said, found = [], []
    for marked in (True, False):
        a, loss = Tensor(np.ones((3, 2))), 0
        for t in steps(T) if marked else range(T):
            f, u, o = (gate(W, a) for W in weights)
            a = tanh(f * a + u) * o
            if t:
                loss = loss + (a * a).sum()
        (said if marked else found).append((loss, [contributions(loss, W) for W in weights]))
    for one, other in zip(said[0][1], found[0][1]):
        assert [place[2] for place in one] == list(range(1, T + 1)) == [place[2] for place in other]
        for place in one:
            np.testing.assert_allclose(one[place], other[place], rtol=1e-12)


# -- long chains -----------------------------------------------------------------------------


@pytest.mark.parametrize("length", [DEEP // 10, pytest.param(DEEP, marks=pytest.mark.slow)])
def test_a_long_chain_of_records_prints_and_propagates_without_recursion(length):
    x, y = chain(length)
    value, slope = np.float64(0.5), np.float64(1.0)
    for _ in range(length // 2):
        value = np.tanh(value)
        slope = slope * (1 - value**2) + 1
        value = value + 0.5
    loss = y.sum()
    np.testing.assert_allclose(loss.item(), 4 * value)
    loss.backward()
    np.testing.assert_allclose(x.grad, np.full((4, 1), slope), rtol=1e-9)
    graph = loss.graph
    assert len(graph) == length + 2
    assert len(str(graph).splitlines()) < 10
    net = graph.to_networkx()
    assert networkx.dag_longest_path_length(net) == length + 1
    recording = differentiate(loss)
    np.testing.assert_allclose(recording.adjoint(x).value, x.grad)
    assert len(str(recording.backward).splitlines()) < 12
    np.testing.assert_allclose(sum(contributions(loss, x).values()), x.grad)
    kept = weakref.ref(y)
    del y, loss, graph, recording, net
    assert kept() is None


# -- memory ----------------------------------------------------------------------------------


def test_a_graph_dies_with_its_last_tensor_without_a_garbage_collection():
    gc.collect()
    gc.disable()
    try:
        loss, Waa, Wax = small_network()
        array = teaching.zeros((4, 2))
        array[:, 0] = Waa[0] * 2
        part = array[1]
        array[1] += part
        total = loss + array.sum() + part.sum()
        total.backward()
        recording = differentiate(total)
        second = grad(grad(total, Waa, create_graph=True).sum(), [Waa, Wax], create_graph=True)
        found = contributions(total, Waa)
        text, net = str(total.graph), total.graph.to_networkx()
        watched = [weakref.ref(r) for graph in (total.graph, recording.backward) for r in graph]
        watched += [weakref.ref(array), weakref.ref(second[0].record)]
        assert all(w() is not None for w in watched)
        del loss, Waa, Wax, array, part, total, recording, second, found, text, net
        assert [w() for w in watched if w() is not None] == []
        assert gc.collect() == 0 or not [o for o in gc.garbage if isinstance(o, Tensor)]
    finally:
        gc.enable()


def test_memory_grows_linearly_with_the_number_of_operations():
    import tracemalloc

    used = []
    for length in (5_000, 10_000, 20_000):
        gc.collect()
        tracemalloc.start()
        _, y = chain(length)
        y.sum().backward()
        used.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        del y
    assert used[2] < 2.3 * used[1] < 2.3 * 2.3 * used[0]


# -- threads ---------------------------------------------------------------------------------


def test_several_threads_record_and_propagate_at_once():
    shared = Parameter(np.linspace(-1, 1, 16).reshape(4, 4), "W")
    failures, barrier = [], threading.Barrier(4)

    def expected(k):
        a, da = [np.full((4, 1), k / 10)], np.ones((4, 1))
        for _ in range(40):
            a.append(np.tanh(shared.value @ a[-1]))
        total = np.zeros((4, 4))
        for t in range(40, 0, -1):
            dz = da * (1 - a[t] ** 2)
            total, da = total + dz @ a[t - 1].T, shared.value.T @ dz
        return total

    def work(k):
        try:
            reference = expected(k)
            barrier.wait()
            for _ in range(15):
                with scope(layer=k):
                    a = Tensor(np.full((4, 1), k / 10), "a")
                    for t in steps(40):
                        a = name(tanh(shared @ a), "a")
                        assert (a.scope.layer, a.scope.time) == (k, t + 1)
                with no_grad():
                    assert not (shared * 2).requires_grad
                found = grad(a.sum(), shared)
                np.testing.assert_allclose(found, reference, rtol=1e-9)
                graph = Graph(a)
                assert {r.scope.layer for r in graph if r.operation} == {k}
                np.testing.assert_allclose(sum(contributions(a.sum(), shared).values()), reference, rtol=1e-9)
                np.testing.assert_allclose(differentiate(a.sum()).adjoint(shared).value, reference, rtol=1e-9)
        except BaseException as error:  # to be seen in the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


# -- what is not recorded, and what is noted ----------------------------------------------------


def test_no_grad_and_stop_gradient_cut():
    w = Parameter([2.0, 3.0], "w")
    with no_grad():
        fixed = w * w
    assert fixed.operation is None
    cut = stop_gradient(w * w)
    loss = (w * fixed + w * cut).sum()
    loss.backward()
    np.testing.assert_array_equal(w.grad, 2 * w.value**2)
    assert len(fixed.graph) == 1
    assert cut in loss.graph


def test_decisions_on_data_are_noted():
    noted = []
    token = branches.set(noted)
    try:
        x = Tensor([0.5, -1.0], "x", requires_grad=True)
        y = x * 2 if x[0] > 0 else x
        while y.sum() < 0 and y[0] != 1:
            y = y + 1
        teaching.random.choice(2, p=[0.5, 0.5])
        teaching.random.choice(2, p=sigmoid(x) / sigmoid(x).sum())
        y[np.argmax(y)]
    finally:
        branches.reset(token)
    kinds = [record.operation.name for record in noted if record.operation]
    assert kinds == ["greater", "less", "not_equal", "divide", "argmax"]
    assert "x" in [record.name for record in noted[0].graph]
    assert bool(x[0] > 0) is True
    assert len(noted) == 5


def test_formatting():
    x = Tensor([[1.5]], "x", requires_grad=True)
    assert f"{x.sum():.2f} {x:.1e}" == "1.50 1.5e+00"
    assert repr(x) == "Tensor([[1.5]], name='x', requires_grad=True)"
    assert repr(Parameter([1.0], "w")) == "Parameter([1.], name='w')"
    assert len(repr(Tensor(np.ones((100, 100))))) < 300


def test_lines_are_told_apart_by_file_where_two_files_are_alike(tmp_path):
    lines = []
    for file in ("one.py", "other.py"):
        path = tmp_path / file
        path.write_text("def double(x):\n    return x * 2\n")
        found = {}
        exec(compile(path.read_text(), str(path), "exec"), found)
        lines.append(found["double"](Parameter([1.0], "W")).source)
    assert [(line.file, line.line) for line in lines] == [(str(tmp_path / f), 2) for f in ("one.py", "other.py")]
