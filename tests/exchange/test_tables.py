"""The tables of all libraries against their formulas in NumPy; no library is needed."""

import subprocess
import sys

import numpy as np
import pytest
from exchange.formulas import FORMULAS, M, N, T, bare, drawn, loaded, sequence, written

from autograd_seq.core.errors import UsageError
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout
from cells.exchange import gradients_as, load, save
from cells.exchange.libraries import LIBRARIES


def over_time(step, arrays, x):
    """The outputs (n_a, m, T) and the last c of a library's step."""
    h = c = np.zeros((M, N))
    outputs = []
    for t in range(T):
        h, c = step(arrays, x[:, :, t].T, h, c)
        outputs.append(h.T)
    return np.stack(outputs, axis=2), c.T


@pytest.mark.parametrize("name", FORMULAS)
def test_values_and_gradients_are_those_of_the_formula(name):
    step, library, shapes = FORMULAS[name]
    arrays, x = drawn(shapes), sequence()
    cell = loaded(name, arrays, library)
    run = cell.unroll(x)
    expected, c = over_time(step, arrays, x)
    np.testing.assert_allclose(np.stack([a.value for a in run.states["a"]], axis=2), expected, rtol=1e-12, atol=1e-14)
    if "lstm" in name:
        np.testing.assert_allclose(run.final["c"].value, c, rtol=1e-12, atol=1e-14)

    adjoint = np.random.default_rng(2).standard_normal(expected.shape)
    sum((a * adjoint[:, :, t]).sum() for t, a in enumerate(run.states["a"])).backward()
    gradients = cell_gradients(name, cell, library)
    assert set(gradients) == set(arrays)
    for key, array in arrays.items():
        direction = np.random.default_rng(3).standard_normal(array.shape)
        ends = [(over_time(step, arrays | {key: array + s * 1e-6 * direction}, x)[0] * adjoint).sum() for s in (1, -1)]
        assert (gradients[key] * direction).sum() == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6, abs=1e-8), key


def cell_gradients(name, cell, library):
    """Gradients by the names that the arrays came with, which are a single cell's."""
    return bare(gradients_as(cell, library, written(name)))


@pytest.mark.parametrize("name", FORMULAS)
def test_values_of_what_was_saved_are_those_of_the_cell(name):
    step, library, shapes = FORMULAS[name]
    cell = loaded(name, drawn(shapes), library)
    arrays = bare(save(cell, library, written(name)))
    expected, _ = over_time(step, arrays, sequence())
    states = cell.unroll(sequence()).states["a"]
    np.testing.assert_allclose(np.stack([a.value for a in states], axis=2), expected, rtol=1e-12, atol=1e-14)
    assert {key: array.shape for key, array in arrays.items()} == shapes


@pytest.mark.parametrize("name", FORMULAS)
def test_arrays_come_back(name):
    """Arrays as they were where a library keeps one bias, and the sum of biases where it keeps two."""
    _, library, shapes = FORMULAS[name]
    arrays = drawn(shapes)
    saved = bare(save(loaded(name, arrays, library), library, written(name)))
    two = {"torch rnn", "torch lstm", "torch gru", "keras gru", "haiku rnn"}
    for key, array in arrays.items():
        if not (name in two and (key.startswith("bias") or key.endswith("/b"))):
            np.testing.assert_allclose(saved[key], array, rtol=0, atol=1e-15, err_msg=key)
    if name in two:
        there, back = (sum_of_biases(name, some) for some in (arrays, saved))
        np.testing.assert_allclose(back, there, rtol=0, atol=1e-15)


def sum_of_biases(name, arrays):
    """What the formula depends on: the sum of both, but that of the candidate of a GRU by itself."""
    if name == "keras gru":
        first, second = arrays["bias"]
    else:
        first, second = (a for key, a in arrays.items() if key.startswith("bias") or key.endswith("/b"))
    if "gru" in name:
        return np.concatenate([(first + second)[: 2 * N], first[2 * N :], second[2 * N :]])
    return first + second


def test_layers_directions_and_prefixes():
    def both(n_x, seed):
        return Bidirectional(LSTM(n_x, 2, seed=seed), LSTM(n_x, 2, seed=seed + 1))

    model = {"encoder.rnn": Deep([both(3, 0), both(4, 2)]), "fc": Readout(4, 5, "identity", seed=4)}
    state = save(model, "torch")
    assert list(state)[:6] == [
        "encoder.rnn.weight_ih_l0", "encoder.rnn.weight_hh_l0", "encoder.rnn.bias_ih_l0", "encoder.rnn.bias_hh_l0",
        "encoder.rnn.weight_ih_l0_reverse", "encoder.rnn.weight_hh_l0_reverse",
    ]  # fmt: skip
    back = load(state)
    assert list(back) == ["encoder.rnn", "fc"]
    assert repr(back["encoder.rnn"]) == repr(model["encoder.rnn"])
    for key, p in model["encoder.rnn"].parameters.items():
        np.testing.assert_array_equal(back["encoder.rnn"].parameters[key].value, p.value)
    np.testing.assert_array_equal(back["fc"].parameters["Wya"].value, model["fc"].parameters["Wya"].value)
    assert back["fc"].activation is model["fc"].activation


@pytest.mark.parametrize("library", ["keras", "flax.linen", "flax.nnx", "equinox", "haiku"])
def test_layers_and_directions_of_every_library(library):
    layers = [LSTM(3, 4, seed=0), LSTM(4, 4, seed=1)]
    back = load(save(Deep(layers), library), library)
    assert isinstance(back, dict) and len(back) == 2
    for layer, again in zip(layers, back.values()):
        for key, p in layer.parameters.items():
            np.testing.assert_allclose(again.parameters[key].value, p.value, rtol=0, atol=1e-15)
    if library != "haiku":  # which has no bidirectional module to name anything after
        twin = load(save(Bidirectional(LSTM(3, 4, seed=0), LSTM(3, 4, seed=1)), library), library)
        assert repr(twin) == "Bidirectional(LSTM(n_x=3, n_a=4), LSTM(n_x=3, n_a=4))"


def test_without_biases_they_are_zero():
    for cell, library, bias in ((LSTM(3, 4, seed=0), "torch", "bias"), (GRU(3, 4, seed=0), "keras", "bias"),
                                (LSTM(3, 4, seed=0), "flax.linen", "bias")):  # fmt: skip
        state = {key: a for key, a in save(cell, library).items() if bias not in key}
        told = {"reset_after": False} if library == "keras" else {}
        back = load(state, **told)
        assert type(back) is type(cell)
        for key, p in back.parameters.items():
            np.testing.assert_array_equal(p.value, 0 if key[0] == "b" else cell.parameters[key].value)


def test_a_bare_cell_a_linear_layer_and_a_table():
    state = {"cell.weight_ih": np.ones((16, 3)), "cell.weight_hh": np.ones((16, 4)), "emb.weight": np.eye(5, 3),
             "head.weight": np.ones((2, 4)), "head.bias": np.arange(2.0)}  # fmt: skip
    found = load(state)
    assert list(found) == ["cell", "emb", "head"]
    assert isinstance(found["cell"], LSTM) and isinstance(found["head"], Readout)
    np.testing.assert_array_equal(found["emb"].value, np.eye(5, 3))
    np.testing.assert_array_equal(found["head"].parameters["by"].value, [[0.0], [1.0]])
    assert list(save(found, "torch")) == [
        "cell.weight_ih_l0", "cell.weight_hh_l0", "cell.bias_ih_l0", "cell.bias_hh_l0", "emb.weight", "head.weight",
        "head.bias",
    ]  # fmt: skip


def test_a_single_step_of_torch_has_names_without_a_layer():
    assert list(save(GRU(3, 4, reset_after=True), "torch", "GRUCell")) == [
        "weight_ih", "weight_hh", "bias_ih", "bias_hh"]  # fmt: skip
    with pytest.raises(UsageError, match="no cell like this GRU as 'LSTMCell'"):
        save(GRU(3, 4, reset_after=True), "torch", "LSTMCell")


def test_a_name_tells_the_class_where_arrays_do_not():
    arrays = {"encoder/linear": {"w": np.ones((7, 16)), "b": np.zeros(16)}}
    assert isinstance(load(arrays, "haiku"), Readout)
    assert isinstance(load(arrays, "haiku", kinds={"encoder": "LSTM"}), LSTM)


def test_dtypes_are_kept():
    for dtype in (np.float32, np.float64):
        cell = RNN(3, 4, seed=0, dtype=dtype)
        assert {a.dtype for a in save(cell, "keras").values()} == {np.dtype(dtype)}
        assert load(save(cell, "keras")).dtype == dtype


def test_no_library_is_loaded_for_it():
    code = (
        "import sys, cells.exchange as e; from cells import LSTM; e.load(e.save(LSTM(2, 3), 'torch'));"
        "print(sorted({'torch', 'keras', 'jax', 'flax', 'equinox', 'haiku', 'h5py', 'safetensors'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_each_table_names_each_array_once():
    for library in LIBRARIES.values():
        for convention in library.conventions:
            names = [held.name for held in convention.held]
            assert len(set(names)) == len(names)
            blocks = [(part, gate) for held in convention.held for part in held.parts for gate in held.gates]
            assert len(set(blocks)) == len(blocks)


def test_a_projection_of_torch():
    shapes = dict(weight_ih=(4 * N, 3), weight_hh=(4 * N, 2), bias_ih=(4 * N,), bias_hh=(4 * N,), weight_hr=(2, N))
    arrays = drawn(shapes)
    x, h, c = sequence(), np.zeros((M, 2)), np.zeros((M, N))
    for t in range(T):
        z = x[:, :, t].T @ arrays["weight_ih"].T + h @ arrays["weight_hh"].T + arrays["bias_ih"] + arrays["bias_hh"]
        i, f, g, o = np.split(z, 4, axis=1)
        c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        h = np.tanh(c) / (1 + np.exp(-o)) @ arrays["weight_hr"].T
    cell = load({f"{key}_l0": array for key, array in arrays.items()})
    final = cell.unroll(x).final
    np.testing.assert_allclose(final["a"].value, h.T, rtol=1e-12)
    np.testing.assert_allclose(final["c"].value, c.T, rtol=1e-12)
    assert bare(save(cell, "torch")).keys() == arrays.keys()
    np.testing.assert_array_equal(bare(save(cell, "torch"))["weight_hr"], arrays["weight_hr"])


def test_cells_side_by_side_keep_names_of_their_own():
    """Keras' RNN([LSTMCell, GRUCell]): both end in what says nothing elsewhere."""
    prefix = "rnn/stacked_rnn_cells/"
    arrays = {f"{prefix}lstm_cell/{key}": a for key, a in save(LSTM(3, 4, seed=0), "keras").items()}
    arrays |= {f"{prefix}gru_cell/{key}": a for key, a in save(GRU(4, 2, reset_after=True, seed=1), "keras").items()}
    found = load(arrays)
    assert list(found) == ["lstm_cell", "gru_cell"]
    assert isinstance(found["lstm_cell"], LSTM) and isinstance(found["gru_cell"], GRU)
    assert load({key: a for key, a in arrays.items() if "lstm" in key}).n_a == 4


@pytest.mark.parametrize("name", FORMULAS)
def test_arrays_for_other_libraries_lie_row_by_row(name):
    """A file of safetensors holds the memory behind an array, whatever its strides."""
    _, library, shapes = FORMULAS[name]
    cell = loaded(name, drawn(shapes), library)
    cell.unroll(sequence()).final["a"].sum().backward()
    for found in (save(cell, library, written(name)), gradients_as({"cell": cell}, library)):
        assert all(array.flags.c_contiguous for array in found.values())
