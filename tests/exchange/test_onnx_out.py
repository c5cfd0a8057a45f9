"""Recordings as ONNX files: the same values and gradients, read back and in onnxruntime, for any steps and examples."""

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="writing ONNX files needs the package onnx")
from autograd_seq import Graph, Parameter, Tensor, categorical_cross_entropy, grad, name, steps  # noqa: E402
from autograd_seq.core.errors import FileError, UsageError  # noqa: E402
from autograd_seq.exchange import read_onnx, write_onnx  # noqa: E402
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout  # noqa: E402


def networks(dtype=np.float64):
    own = {"dtype": dtype}
    return {
        "rnn": (RNN(3, 5, seed=0, **own), 5),
        "relu": (RNN(3, 5, activation="relu", seed=0, **own), 5),
        "gru": (GRU(3, 5, seed=0, **own), 5),
        "gru without relevance": (GRU(3, 5, full=False, seed=0, **own), 5),
        "gru, reset after": (GRU(3, 5, reset_after=True, seed=0, **own), 5),
        "lstm": (LSTM(3, 5, seed=0, **own), 5),
        "peepholes": (LSTM(3, 5, peephole="diagonal", seed=0, **own), 5),
        "full peepholes": (LSTM(3, 5, peephole="full", seed=0, **own), 5),
        "both directions": (Bidirectional(LSTM(3, 5, seed=0, **own), GRU(3, 4, seed=1, **own)), 9),
        "deep": (Deep([GRU(3, 5, seed=0, **own), LSTM(5, 4, seed=1, **own)]), 4),
        "deep, both directions": (
            Deep([Bidirectional(RNN(3, 4, seed=0, **own), RNN(3, 4, seed=1, **own)), LSTM(8, 4, seed=2, **own)]), 4
        ),
    }  # fmt: skip


def inputs_of(T, m, dtype, seed=1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, m, T)).astype(dtype)
    y = np.eye(2, dtype=dtype)[rng.integers(0, 2, (T, m))].transpose(2, 1, 0)
    return x, y


def loss_of(network, x, y):
    cell, readout = network
    run = readout(cell.unroll(x))
    return run.measure([y[:, :, t] for t in range(y.shape[2])], categorical_cross_entropy)


def made(key, dtype=np.float64):
    cell, n = networks(dtype)[key]
    return cell, Readout(n, 2, seed=3, dtype=dtype)


def given_to(path, x, y):
    """All inputs of a file: x, y, and zeros for the states."""
    wanted = read_shapes(path)
    return {key: {"x": x, "y": y}.get(key, np.zeros((size, x.shape[1]), x.dtype)) for key, size in wanted.items()}


def read_shapes(path):
    model = onnx.load(path)
    sizes = {"a0": 5, "c0": 5, "a0_forward": 5, "c0_forward": 5, "c0_backward": 4, "a0_backward": 4, "c0_layer1": 5}
    sizes |= {"a0_layer1": 4, "a0_layer2": 4, "c0_layer2": 4, "a0_layer1_forward": 4, "a0_layer1_backward": 4}
    sizes |= {"a0_forward_layer1": 4, "a0_backward_layer1": 4}
    return {value.name: sizes.get(value.name, 0) for value in model.graph.input}


@pytest.mark.parametrize("key", networks())
def test_loss_and_gradients_for_any_steps_and_examples(key, tmp_path):
    network = made(key)
    path = write_onnx(loss_of(network, *inputs_of(4, 2, float)), tmp_path / "one.onnx", gradients=True)
    for T, m in ((4, 2), (7, 3), (3, 1), (12, 2)):
        x, y = inputs_of(T, m, float, seed=T)
        loss = loss_of(network, x, y)
        loss.backward()
        found = read_onnx(path, given_to(path, x, y)).outputs
        np.testing.assert_allclose(found["J"].value, loss.value, rtol=1e-10)
        left = {key: value.value for key, value in found.items() if key != "J"}
        for leaf in loss.graph.leaves:
            if leaf.requires_grad:
                called = [key for key in left if key.split("_")[0] == f"d{leaf._name}"]
                called = [key for key in called if left[key].shape == leaf.shape]
                same = [key for key in called if np.allclose(left[key], leaf.grad, 1e-9, 1e-12)]
                assert same, (leaf, called)
                del left[same[0]]
        assert not left


@pytest.mark.peers
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("key", ["lstm", "gru", "both directions", "deep", "peepholes"])
def test_onnxruntime_computes_the_same(key, dtype, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    network = made(key, dtype)
    path = write_onnx(loss_of(network, *inputs_of(4, 2, dtype)), tmp_path / "one.onnx", gradients=True)
    session = onnxruntime.InferenceSession(path)
    precision = 1e-10 if dtype == np.float64 else 2e-5
    for T, m in ((4, 2), (9, 3)):
        x, y = inputs_of(T, m, dtype, seed=T)
        given = given_to(path, x, y)
        wanted = read_onnx(path, given).outputs
        found = dict(zip(wanted, session.run(list(wanted), given), strict=True))
        loss = loss_of(network, x, y)
        np.testing.assert_allclose(found["J"], loss.value, rtol=precision)
        for name_of, value in wanted.items():
            np.testing.assert_allclose(found[name_of], value.value, rtol=precision, atol=precision, err_msg=name_of)


def test_a_program_of_ones_own(tmp_path):
    """No cell, rows in place of columns, time in front, a readout at the end."""
    rng = np.random.default_rng(0)
    W, U = Parameter(rng.normal(size=(4, 4)) / 2, "W"), Parameter(rng.normal(size=(3, 4)) / 2, "U")

    def loss_of_rows(x, h):
        h = Tensor(h, "h")
        for t in steps(len(x)):
            speed = 1 / (1 + np.exp(-(h @ W)))
            h = name(np.where(h > 0, speed * np.tanh(x[t] @ U), 0.5 * h) + 0.1 * h, "h")
        return name((h * h).mean(), "J")

    def data(T, m):
        return rng.normal(size=(T, m, 3)), rng.normal(size=(m, 4))

    x, h = data(5, 2)
    path = write_onnx(loss_of_rows(Tensor(x, "x"), h), tmp_path / "own.onnx", gradients=True)
    for T, m in ((5, 2), (8, 2)):
        x, h = data(T, m)
        loss = loss_of_rows(Tensor(x, "x"), h)
        loss.backward()
        names = [value.name for value in onnx.load(path).graph.input]
        found = read_onnx(path, dict(zip(sorted(names), [h, x]))).outputs
        np.testing.assert_allclose(found["J"].value, loss.value, rtol=1e-10)
        np.testing.assert_allclose(found["dW"].value, W.grad, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found["dU"].value, U.grad, rtol=1e-9, atol=1e-12)


KINDS = {
    "rnn": ["RNN"], "relu": ["RNN"], "gru": ["GRU"], "gru without relevance": [], "gru, reset after": ["GRU"],
    "lstm": ["LSTM"], "peepholes": [], "full peepholes": [], "both directions": ["GRU", "LSTM"],
    "deep": ["GRU", "LSTM"],
    "deep, both directions": ["LSTM", "RNN", "RNN"],
}  # fmt: skip


@pytest.mark.parametrize("key", networks())
def test_what_an_operator_computes_is_one_node(key, tmp_path):
    network = made(key)
    path = write_onnx(loss_of(network, *inputs_of(4, 2, float)), tmp_path / "one.onnx")
    kinds = [node.op_type for node in onnx.load(path).graph.node]
    assert sorted(kind for kind in kinds if kind in ("RNN", "GRU", "LSTM")) == KINDS[key]
    x, y = inputs_of(7, 3, float, seed=5)
    found = read_onnx(path, given_to(path, x, y)).outputs["J"]
    np.testing.assert_allclose(found.value, loss_of(network, x, y).value, rtol=1e-10)


def test_an_lstm_whose_output_gate_sees_the_new_memory_is_one_node_with_peepholes(tmp_path):
    network = LSTM(3, 5, peephole="diagonal", output_sees="current", seed=0), Readout(5, 2, seed=3)
    path = write_onnx(loss_of(network, *inputs_of(4, 2, float)), tmp_path / "one.onnx")
    (node,) = [node for node in onnx.load(path).graph.node if node.op_type == "LSTM"]
    assert len(node.input) == 8
    x, y = inputs_of(6, 3, float, seed=5)
    found = read_onnx(path, given_to(path, x, y)).outputs["J"]
    np.testing.assert_allclose(found.value, loss_of(network, x, y).value, rtol=1e-10)


HERE = Path(__file__).parent / "exports"
EXPORTS = ["lstm_dynamo", "gru_script", "minimal_script", "peephole_dynamo", "both_script", "lstm_jax",
           "fresh_dynamo", "fresh_script", "unbiased_dynamo", "unbiased_script", "two_dynamo"]  # fmt: skip


@pytest.mark.parametrize("name", EXPORTS)
def test_an_unrolled_export_goes_back_as_nodes_for_any_number_of_steps(name, tmp_path):
    kept = np.load(HERE / f"{name}.npz")
    given = {"in_0" if name.endswith("jax") else "x": kept["in_x"]} | ({"h": kept["in_h"]} if "in_h" in kept else {})
    run = read_onnx(HERE / f"{name}.onnx", given, dtype=float)
    (y,) = run.outputs.values()
    path = write_onnx(y, tmp_path / "one.onnx", inputs=["h"])
    graph = onnx.load(path).graph
    kinds = [node.op_type for node in graph.node]
    assert {"LSTM", "GRU", "RNN"} & set(kinds) and len(kinds) < 60
    states = {value.name: np.zeros((4, 2)) for value in graph.input if value.name not in given}
    once = states | {key: value.astype(float) for key, value in given.items()}
    (found,) = read_onnx(path, once).outputs.values()
    np.testing.assert_allclose(found.value, y.value, rtol=1e-6, atol=1e-7)
    # The same steps twice over: what was computed forwards is what it was, and as much again.
    longer = {key: np.concatenate([once[key]] * 2) for key in ("x", "in_0") if key in once}
    (twice,) = read_onnx(path, once | longer).outputs.values()
    if y.ndim == 3:
        assert len(twice.value) == 8
    if y.ndim == 3 and name != "both_script":
        np.testing.assert_allclose(twice.value[:4], y.value, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["leaky_script", "leaky_dynamo"])
def test_a_first_step_that_is_not_like_the_others_stands_before_the_loop(name, tmp_path):
    run = read_onnx(HERE / f"{name}.onnx")
    path = write_onnx(run.outputs["y"], tmp_path / "one.onnx")
    kept = np.load(HERE / f"{name}.npz")
    p = {key.removeprefix("grad_"): run.parameters[key.removeprefix("grad_")].value for key in kept if "grad" in key}
    for x in (kept["in_x"], np.concatenate([kept["in_x"], kept["in_x"] + 1])):
        given = {key: np.zeros((2, 4), np.float32) for key in read_shapes(path) if key != "x"}
        (found,) = read_onnx(path, {"x": x, **given}).outputs.values()
        h, slow, wanted = np.zeros((2, 4)), np.zeros((2, 4)), []
        for now in x:
            both = np.concatenate([h, now], axis=1)
            slow = 0.9 * slow + 0.1 * np.tanh(both @ p["inside.weight"].T + p["inside.bias"])
            h = np.maximum(slow * np.exp(-((both @ p["speed.weight"].T + p["speed.bias"]) ** 2)), 0)
            wanted.append(h)
        np.testing.assert_allclose(found.value, np.stack(wanted), rtol=1e-4, atol=1e-6)


def test_a_loop_is_one_scan_whatever_its_length(tmp_path):
    kinds = []
    for T in (3, 40):
        path = write_onnx(loss_of(made("lstm"), *inputs_of(T, 2, float)), tmp_path / f"{T}.onnx")
        kinds.append([node.op_type for node in onnx.load(path).graph.node])
    assert kinds[0] == kinds[1] and kinds[0].count("Scan") == kinds[0].count("LSTM") == 1


def test_states_without_a_loss(tmp_path):
    run = GRU(3, 4, seed=0).unroll(inputs_of(4, 2, float)[0])
    path = write_onnx(run.states["c"][-1], tmp_path / "one.onnx", inputs=["c0"])
    (found,) = read_onnx(path, {"x": inputs_of(4, 2, float)[0], "c0": np.zeros((4, 2))}).outputs.values()
    np.testing.assert_allclose(found.value, np.stack([c.value for c in run.states["c"]], axis=-1))


def loss_with_lengths(network, T, lengths, dtype=np.float64):
    cell, readout = network
    x, y = inputs_of(T, len(lengths), dtype, seed=T)
    run = readout(cell.unroll(x, lengths=lengths))
    return x, y, run.measure([y[:, :, t] for t in range(T)], categorical_cross_entropy)


LENGTHS = {4: [4, 2], 7: [3, 7, 1], 5: [5, 5], 3: [1]}


def given_with_lengths(path, x, y, lengths):
    given = given_to(path, x, y)
    assert "sequence_lens" in given
    return given | {"sequence_lens": np.array(lengths, np.int32)}


def gradients_in(found, loss):
    """For each leaf, the gradient of that name and shape which is nearest to its own."""
    loss.backward()
    for leaf in (leaf for leaf in loss.graph.leaves if leaf.requires_grad):
        called = [key for key in found if key.split("_")[0] == f"d{leaf._name}" and found[key].shape == leaf.shape]
        yield leaf, min((found[key] for key in called), key=lambda g: np.abs(g - leaf.grad).max())


@pytest.mark.parametrize("key", networks())
@pytest.mark.parametrize("gradients", [False, True])
def test_sequences_of_different_lengths(key, gradients, tmp_path):
    network = made(key)
    loss = loss_with_lengths(network, 4, [4, 2])[2]
    path = write_onnx(loss, tmp_path / "one.onnx", gradients=gradients)
    kinds = [node.op_type for node in onnx.load(path).graph.node]
    assert sorted(kind for kind in kinds if kind in ("RNN", "GRU", "LSTM")) == ([] if gradients else KINDS[key])
    for T, lengths in LENGTHS.items():
        x, y, loss = loss_with_lengths(network, T, lengths)
        outputs = read_onnx(path, given_with_lengths(path, x, y, lengths)).outputs
        found = {key: value.value for key, value in outputs.items()}
        np.testing.assert_allclose(found["J"], loss.value, rtol=1e-10)
        for leaf, gradient in gradients_in(found, loss) if gradients else ():
            np.testing.assert_allclose(gradient, leaf.grad, rtol=1e-9, atol=1e-12, err_msg=leaf._name)


@pytest.mark.peers
@pytest.mark.parametrize("key", networks())
@pytest.mark.parametrize("gradients", [False, True])
def test_onnxruntime_takes_lengths(key, gradients, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    network = made(key, np.float32)
    loss = loss_with_lengths(network, 4, [4, 2], np.float32)[2]
    session = onnxruntime.InferenceSession(write_onnx(loss, path := tmp_path / "one.onnx", gradients=gradients))
    names = [output.name for output in session.get_outputs()]
    for T, lengths in LENGTHS.items():
        x, y, loss = loss_with_lengths(network, T, lengths, np.float32)
        found = dict(zip(names, session.run(None, given_with_lengths(path, x, y, lengths)), strict=True))
        np.testing.assert_allclose(found["J"], loss.value, rtol=1e-6)
        for leaf, gradient in gradients_in(found, loss) if gradients else ():
            np.testing.assert_allclose(gradient, leaf.grad, rtol=1e-4, atol=2e-6, err_msg=leaf._name)


def test_states_of_sequences_of_different_lengths(tmp_path):
    x = inputs_of(5, 3, float)[0]
    run = LSTM(3, 5, seed=0).unroll(x, lengths=[5, 2, 3])
    path = write_onnx(run.states["a"][-1], tmp_path / "one.onnx")
    begin = {key: np.zeros((5, 3)) for key in read_shapes(path) if key in ("a0", "c0")}
    lengths = {"sequence_lens": np.array([5, 2, 3], np.int32)}
    (found,) = read_onnx(path, {"x": x, **begin, **lengths}).outputs.values()
    value = found.value[..., -1] if found.ndim == 3 else found.value
    np.testing.assert_allclose(value, run.states["a"][-1].value, rtol=1e-12)


def own_steps(T, twice):
    """A program of one's own, some of whose steps do something else."""
    rng = np.random.default_rng(0)
    W, x, h = Parameter(rng.normal(size=(3, 3)), "W"), Tensor(rng.normal(size=(3, 2, T)), "x"), Tensor(np.ones((3, 2)))
    for t in steps(T):
        h = name(np.tanh(W @ h + x[:, :, t]) * (2 if t in twice else 1), "h")
    return (h * h).sum()


def test_what_cannot_be_written_is_named(tmp_path):
    with pytest.raises(UsageError, match="the steps are not all alike, as h depends on a condition: t <= T - 1"):
        write_onnx(own_steps(5, [4]), tmp_path / "one.onnx")
    assert not (tmp_path / "one.onnx").exists()


@pytest.mark.parametrize("twice", [[1], [0, 2, 4]])
def test_a_program_for_one_number_of_steps_says_so(twice, tmp_path):
    graph = onnx.load(write_onnx(own_steps(5, twice), tmp_path / "one.onnx")).graph
    (x,) = [value for value in graph.input if value.name == "x"]
    (steps_of_x,) = [d.dim_value for d in x.type.tensor_type.shape.dim][2:]
    # Any number of steps may be given where the factor of each of them is given too.
    assert steps_of_x == 5 or len(twice) == 1 or "number" in [value.name for value in graph.input]


def test_one_step_is_no_loop(tmp_path):
    path = write_onnx(own_steps(1, []), tmp_path / "one.onnx")
    (x,) = [value for value in onnx.load(path).graph.input if value.name == "x"]
    assert [d.dim_value for d in x.type.tensor_type.shape.dim] == [0, 0, 1]


def test_gradients_need_a_scalar(tmp_path):
    run = GRU(3, 4, seed=0).unroll(inputs_of(4, 2, float)[0])
    with pytest.raises(UsageError, match="gradients are those of a scalar"):
        write_onnx(run.states["c"][-1], tmp_path / "one.onnx", gradients=True)


def test_no_folder(tmp_path):
    run = GRU(3, 4, seed=0).unroll(inputs_of(4, 2, float)[0])
    with pytest.raises(FileError):
        write_onnx(run.states["c"][-1], tmp_path / "nowhere" / "one.onnx")


def of_time(path):
    """The sizes that a file takes, by input."""
    return {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in onnx.load(path).graph.input}


@pytest.mark.parametrize("key", networks())
@pytest.mark.parametrize("gradients", [False, True])
def test_two_steps_do_not_show_the_next_and_are_written_as_two(key, gradients, tmp_path):
    network = made(key)
    path = write_onnx(loss_of(network, *inputs_of(2, 2, float)), tmp_path / "two.onnx", gradients=gradients)
    assert of_time(path)["x"] == [0, 0, 2] and of_time(path)["y"] == [0, 0, 2]
    x, y = inputs_of(2, 3, float, seed=5)
    loss = loss_of(network, x, y)
    outputs = read_onnx(path, given_to(path, x, y)).outputs
    found = {name: value.value for name, value in outputs.items()}
    np.testing.assert_allclose(found["J"], loss.value, rtol=1e-10)
    for leaf, gradient in gradients_in(found, loss) if gradients else ():
        np.testing.assert_allclose(gradient, leaf.grad, rtol=1e-9, atol=1e-12, err_msg=leaf._name)


def test_two_steps_of_a_program_of_ones_own(tmp_path):
    rng = np.random.default_rng(2)
    W, U = Parameter(rng.normal(size=(3, 3)), "W"), Parameter(rng.normal(size=(3, 3)), "U")

    def loss_of_two(data):
        h, total = Tensor(np.ones((3, 2)) / 2, "h"), 0.0
        for t in steps(2):
            x = Tensor(data[:, :, t], "x")
            h = name(np.where(h > 0.3, np.tanh(W @ h + U @ x), 0.5 * h), "h")
            total = total + (h * h).sum()
        return name(total, "J")

    path = write_onnx(loss_of_two(rng.normal(size=(3, 2, 2))), tmp_path / "two.onnx", gradients=True)
    x = rng.normal(size=(3, 2, 2))
    loss = loss_of_two(x)
    given = {"x": x, "h0": np.ones((3, 2)) / 2}
    found = {name: value.value for name, value in read_onnx(path, given).outputs.items()}
    np.testing.assert_allclose(found["J"], loss.value, rtol=1e-12)
    for leaf, gradient in gradients_in(found, loss):
        np.testing.assert_allclose(gradient, leaf.grad, rtol=1e-10)


@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize("key", networks())
def test_two_steps_with_lengths(key, gradients, tmp_path):
    network = made(key)
    path = write_onnx(loss_with_lengths(network, 2, [2, 1])[2], tmp_path / "two.onnx", gradients=gradients)
    x, y, loss = loss_with_lengths(network, 2, [1, 2, 1])
    outputs = read_onnx(path, given_with_lengths(path, x, y, [1, 2, 1])).outputs
    found = {name: value.value for name, value in outputs.items()}
    np.testing.assert_allclose(found["J"], loss.value, rtol=1e-10)
    for leaf, gradient in gradients_in(found, loss) if gradients else ():
        np.testing.assert_allclose(gradient, leaf.grad, rtol=1e-9, atol=1e-12, err_msg=leaf._name)


@pytest.mark.parametrize("key", ["gru", "lstm", "deep"])
def test_the_states_of_two_steps(key, tmp_path):
    x = inputs_of(2, 2, float)[0]
    run = networks()[key][0].unroll(x)
    for states in (run.states["a"][-1:], run.states["a"]):
        path = write_onnx(Graph(*states), tmp_path / "two.onnx")
        found = read_onnx(path, given_to(path, x, x)).outputs
        every = np.stack([a.value for a in run.states["a"]], axis=-1)
        for value in found.values():
            np.testing.assert_allclose(value.value, every if value.ndim == 3 else states[-1].value, rtol=1e-12)


@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize("T", [3, 5])
def test_what_stands_apart_between_the_first_step_and_the_last_is_for_this_number_of_steps(T, gradients, tmp_path):
    """Terms that are added one by one do not say what is added at another number of steps."""
    run = LSTM(3, 5, seed=0).unroll(inputs_of(T, 2, float)[0])
    loss = sum((a * a).sum() for a in run.states["a"])
    path = write_onnx(loss, tmp_path / "one.onnx", gradients=gradients)
    assert of_time(path)["x"] == [0, 0, T]
    (found, *_) = read_onnx(path, given_to(path, *inputs_of(T, 3, float))).outputs.values()
    run = LSTM(3, 5, seed=0).unroll(inputs_of(T, 3, float)[0])
    np.testing.assert_allclose(found.value, sum((a.value**2).sum() for a in run.states["a"]), rtol=1e-12)


def test_nothing_is_added_to_a_loss(tmp_path):
    """The memory after the last step, which nothing reads, is in the file's backward pass, not in its loss."""
    run = LSTM(3, 5, seed=0).unroll(inputs_of(4, 2, float)[0], lengths=[4, 2])
    path = write_onnx((run.final["a"] ** 2).sum(), tmp_path / "one.onnx", gradients=True)
    nodes = onnx.load(path).graph.node
    numbers = {node.output[0]: onnx.numpy_helper.to_array(node.attribute[0].t) for node in nodes
               if node.op_type == "Constant"}  # fmt: skip
    assert not [node for node in nodes if node.op_type == "Mul" and not numbers.get(node.input[0], np.ones(1)).any()]
    given = given_to(path, *inputs_of(6, 2, float)) | {"sequence_lens": np.array([3, 6], np.int32)}
    loss = (LSTM(3, 5, seed=0).unroll(given["x"], lengths=[3, 6]).final["a"] ** 2).sum()
    (found, *_) = read_onnx(path, given).outputs.values()
    np.testing.assert_allclose(found.value, loss.value, rtol=1e-12)


@pytest.mark.parametrize(("cell", "begins"), [(RNN, "a0"), (GRU, "c0"), (LSTM, "a0")])
def test_zeros_that_nobody_gave_are_no_input(cell, begins, tmp_path):
    cell = cell(3, 5, seed=0)
    x, y = np.random.default_rng(0).standard_normal((3, 2, 4)), [np.eye(2)] * 4
    run = Readout(5, 2, seed=1)(cell.unroll(x))
    loss = run.measure(y, categorical_cross_entropy)
    path = write_onnx(loss, tmp_path / "cell.onnx", gradients=True)
    assert [i.name for i in onnx.load(path).graph.input] == ["x", "y"]
    assert float(read_onnx(path, inputs={"x": x, "y": np.stack(y, 2)}).outputs["J"].value) == loss.item()
    asked = write_onnx(loss, tmp_path / "asked.onnx", inputs=[begins])
    assert begins in [i.name for i in onnx.load(asked).graph.input]
    state = cell.initial_state(2) | dict.fromkeys(cell.states, np.ones((5, 2)))
    given = Readout(5, 2, seed=1)(cell.unroll(x, state)).measure(y, categorical_cross_entropy)
    path = write_onnx(given, tmp_path / "given.onnx", gradients=True)
    assert begins in [i.name for i in onnx.load(path).graph.input]


def time_last(x, a, W):
    for t in steps(4):
        a = name(np.tanh(W @ a + x[:, :, t]), "a")
    return name((a * a).sum(), "J")


def time_first(x, a, W):
    for t in steps(4):
        a = name(np.tanh(W @ a + x[t]), "a")
    return name((a * a).sum(), "J")


def time_between(x, a, W):
    for t in steps(4):
        a = name(np.tanh(W @ a + x[:, t]), "a")
    return name((a * a).sum() + (x * x).sum(), "J")


def taken_twice(x, a, W):
    for t in steps(4):
        a = name(np.tanh(W @ a + x[:, :, t] * np.tanh(x[:, :, t])), "a")
    return name((a * a).sum(), "J")


def with_the_next(x, a, W):
    for t in steps(4):
        a = name(np.tanh(W @ a + x[:, :, t] * x[:, :, t + 1]), "a")
    return name((a * a).sum(), "J")


THROUGH_DATA = {
    time_last: (3, 2, 4), time_first: (4, 3, 2), time_between: (3, 4, 2), taken_twice: (3, 2, 7),
    with_the_next: (3, 2, 5),
}  # fmt: skip


@pytest.mark.parametrize("program", THROUGH_DATA, ids=lambda f: f.__name__)
def test_data_by_which_a_gradient_is_asked_are_an_input_with_a_gradient(program, tmp_path):
    shape = THROUGH_DATA[program]
    rng = np.random.default_rng(0)
    W = Parameter(rng.normal(size=(3, 3)) / 2, "W")

    def recorded(seed):
        values = np.random.default_rng(seed)
        x = Tensor(values.normal(size=shape), "x", requires_grad=True)
        a0 = Tensor(values.normal(size=(3, 2)), "a0")
        return program(x, a0, W), x, a0

    path = write_onnx(recorded(0)[0], tmp_path / "data.onnx", gradients=True)
    graph = onnx.load(path).graph
    assert {v.name for v in graph.initializer} & {"x", "W"} == {"W"}
    assert "x" in {v.name for v in graph.input}
    loss, x, a0 = recorded(1)
    found = read_onnx(path, {"x": x.value, "a0": a0.value}).outputs
    for key, slope in zip(("W", "x"), grad(loss, [W, x]), strict=True):
        np.testing.assert_allclose(found[f"d{key}"].value, slope, rtol=1e-10, atol=1e-13, err_msg=key)


def test_gradients_that_are_put_together_without_a_loop_are_refused_in_words(tmp_path):
    x, W = Tensor(np.ones((3, 2, 4)), "x", requires_grad=True), Parameter(np.eye(3) / 2, "W")
    a = Tensor(np.ones((3, 2)), "a0")
    for t in steps(4):
        a = name(np.tanh(W @ a + x[:, :, 3 - t]), "a")
    loss = (a * a).sum()
    with pytest.raises(UsageError, match="put together without a loop that goes from step to step"):
        write_onnx(loss, tmp_path / "backwards.onnx", gradients=True)


@pytest.mark.parametrize("lowest", [-2.0, -np.inf])
def test_sums_over_paths_have_their_gradients_where_no_path_has_come(lowest, tmp_path):
    rng = np.random.default_rng(0)
    W, b = Parameter(rng.normal(size=(3, 1)), "W"), Parameter(rng.normal(size=(3, 1)), "b")
    scores = rng.normal(size=(3, 2, 4))
    scores[0, :, :2] = scores[1, 0, 0] = lowest

    def recorded(scores):
        a = Tensor(np.array([[lowest, 0.3], [lowest, lowest], [0.1, lowest]]), "a0")
        x = Tensor(scores, "x")
        for t in steps(4):
            a = name(np.logaddexp(a + W, x[:, :, t]) + b, "a")
        return name(np.sum(np.exp(a)), "J")

    J = recorded(scores)
    assert np.isfinite(grad(J, W)).all()
    a0 = next(leaf for leaf in Graph(J).leaves if leaf.name == "a0")
    with np.errstate(over="ignore"):  # of exp in a sigmoid that is 0
        path = write_onnx(J, tmp_path / "paths.onnx", gradients=True)
        found = read_onnx(path, {"x": scores, "a0": a0.value}).outputs
    for key, slope in zip("Wb", grad(J, [W, b]), strict=True):
        np.testing.assert_allclose(found[f"d{key}"].value, slope, rtol=1e-10)
    np.testing.assert_allclose(found["J"].value, J.value, rtol=1e-10)
