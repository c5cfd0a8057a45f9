"""Models as people have them: single steps, layers without biases, tables and linear layers, files of weights."""

import numpy as np
import pytest
from exchange.runners import peer

from autograd_seq import Parameter, Tensor
from autograd_seq.core.errors import DtypeError, UsageError, ValueRangeError
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout
from cells.exchange import gradients_as, load, save

pytestmark = pytest.mark.peers


@pytest.fixture
def torch():
    found = peer("torch")
    found.manual_seed(0)
    return found


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", ["RNNCell", "LSTMCell", "GRUCell"])
def test_single_steps_of_torch(torch, kind, bias):
    module = getattr(torch.nn, kind)(3, 4, bias=bias, dtype=torch.float64)
    cell = load(module)
    x, h, c = (torch.randn(2, n, dtype=torch.float64) for n in (3, 4, 4))
    theirs = module(x, (h, c) if kind == "LSTMCell" else h)
    first = theirs[0] if kind == "LSTMCell" else theirs
    (first**2).sum().backward()
    state = {"a": h.numpy().T, "c": c.numpy().T} if kind == "LSTMCell" else {"a": h.numpy().T}
    after = cell.unroll([x.numpy().T], state).final
    (after["a"] ** 2).sum().backward()
    np.testing.assert_allclose(after["a"].value, first.detach().numpy().T, rtol=1e-13)
    gradients = gradients_as(cell, "torch", kind)
    for name, parameter in module.named_parameters():
        np.testing.assert_allclose(gradients[name], parameter.grad.numpy(), rtol=1e-11, atol=1e-14)
    other = getattr(torch.nn, kind)(3, 4, dtype=torch.float64)
    other.load_state_dict({name: torch.tensor(array) for name, array in save(cell, "torch", kind).items()})
    again = other(x, (h, c) if kind == "LSTMCell" else h)
    again = again[0] if kind == "LSTMCell" else again
    np.testing.assert_allclose(again.detach().numpy(), first.detach().numpy(), rtol=1e-13)


class Reader:
    """A table, two layers in both directions and a linear layer on top, as a module of PyTorch."""

    def __new__(cls, torch):
        class Model(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.embed = torch.nn.Embedding(7, 3)
                self.rnn = torch.nn.LSTM(3, 4, num_layers=2, bidirectional=True, bias=False, dropout=0.5)
                self.fc = torch.nn.Linear(8, 5)

            def forward(self, tokens):
                return self.fc(self.rnn(self.embed(tokens))[0])

        return Model().double().eval()


@pytest.mark.parametrize("source", ["module", "state_dict", "safetensors"])
def test_a_model_of_torch(torch, tmp_path, source):
    model = Reader(torch)
    things = {"module": lambda: model, "state_dict": model.state_dict, "safetensors": lambda: written(model, tmp_path)}
    parts = load(things[source]())
    assert set(parts) == {"embed", "rnn", "fc"}
    table, rnn, fc = parts["embed"], parts["rnn"], parts["fc"]
    assert isinstance(table, Parameter) and isinstance(rnn, Deep) and isinstance(fc, Readout)
    tokens = np.array([[0, 1], [2, 2], [6, 1]])  # (T, m)
    adjoint = np.random.default_rng(0).standard_normal((3, 2, 5))
    theirs = model(torch.tensor(tokens))
    theirs.backward(torch.tensor(adjoint))
    run = fc(rnn.unroll([table[at].T for at in tokens]))
    sum((y * g.T).sum() for y, g in zip(run.outputs, adjoint)).backward()
    for t, y in enumerate(run.outputs):
        np.testing.assert_allclose(y.value, theirs[t].detach().numpy().T, rtol=1e-12)
    gradients = gradients_as({"embed": table, "rnn": rnn, "fc": fc}, "torch")
    for name, parameter in model.named_parameters():
        np.testing.assert_allclose(gradients[name], parameter.grad.numpy(), rtol=1e-9, atol=1e-13, err_msg=name)


def written(model, folder):
    pytest.importorskip("safetensors").__version__
    from safetensors.torch import save_file

    save_file(model.state_dict(), folder / "model.safetensors")
    return folder / "model.safetensors"


def test_what_safetensors_reads_of_bfloat16(torch, tmp_path):
    module = torch.nn.GRU(3, 4).to(torch.bfloat16)
    for cell in (load(written(module, tmp_path)), load(module), load(module.state_dict())):
        state = save(cell, "torch")
        assert cell.dtype == np.float32
        np.testing.assert_array_equal(state["weight_ih_l0"], module.weight_ih_l0.detach().float().numpy())


def test_a_model_whose_layers_are_not_all_known_is_refused_and_its_layers_are_not(torch):
    model = torch.nn.ModuleDict({"rnn": torch.nn.LSTM(3, 4), "norm": torch.nn.LayerNorm(4)})
    with pytest.raises(ValueRangeError, match=r"norm.weight \(of LayerNorm\), norm.bias \(of LayerNorm\)"):
        load(model)
    assert repr(load(model["rnn"])) == "LSTM(n_x=3, n_a=4)"
    with pytest.raises(DtypeError, match="complex"):
        load({"weight": torch.ones(2, 2, dtype=torch.complex64)})


def test_a_class_of_ones_own_is_known_by_what_it_was_made_from(torch):
    class Mine(torch.nn.RNN):
        pass

    assert load(Mine(3, 4, nonlinearity="relu")).activation is RNN(3, 4, "relu").activation
    assert repr(load(torch.nn.Sequential(Mine(3, 4)))) == "RNN(n_x=3, n_a=4)"


def test_layers_of_keras_with_dense_and_embedding():
    peer("torch")
    keras = peer("keras")
    model = keras.Sequential([
        keras.Input((4,), dtype="int32"), keras.layers.Embedding(7, 3, name="words"),
        keras.layers.Bidirectional(keras.layers.GRU(4, reset_after=False, use_bias=False), name="both"),
        keras.layers.Dropout(0.5), keras.layers.Dense(2, activation="sigmoid", name="answer"),
    ])  # fmt: skip
    parts = load(model)
    assert list(parts) == ["words", "both", "answer"]
    assert isinstance(parts["both"], Bidirectional) and not parts["both"].forward.reset_after
    tokens = np.array([[0, 1, 6, 2], [3, 3, 1, 0]])
    run = parts["both"].unroll([parts["words"][tokens[:, t]].T for t in range(4)])
    expected = model.predict(tokens, verbose=0)
    np.testing.assert_allclose(parts["answer"].last(run).outputs[0].value.T, expected, rtol=1e-5)
    with pytest.raises(ValueRangeError, match="merge_mode='sum', which has no equal"):
        layer = keras.layers.Bidirectional(keras.layers.LSTM(4), merge_mode="sum")
        layer.build((2, 4, 3))
        load(layer)
    with pytest.raises(ValueRangeError, match="go_backwards=True"):
        layer = keras.layers.LSTM(4, go_backwards=True)
        layer.build((2, 4, 3))
        load(layer)


def test_a_module_of_linen_is_asked_for_its_variables():
    peer("jax")
    peer("flax")
    from flax import linen

    with pytest.raises(UsageError, match=r"holds no weights: give load\(\) the variables"):
        load(linen.LSTMCell(4))


def test_equinox_and_nnx_models():
    jax = peer("jax")
    eqx = peer("equinox")
    peer("flax")
    from flax import nnx

    class Model(eqx.Module):
        cell: eqx.nn.GRUCell
        head: eqx.nn.Linear
        words: eqx.nn.Embedding

        def __init__(self, key):
            self.cell = eqx.nn.GRUCell(3, 4, use_bias=False, key=key)
            self.head, self.words = eqx.nn.Linear(4, 2, key=key), eqx.nn.Embedding(7, 3, key=key)

    parts = load(Model(jax.random.PRNGKey(0)))
    assert isinstance(parts["cell"], GRU) and isinstance(parts["head"], Readout)
    assert parts["words"].shape == (7, 3) and isinstance(parts["words"], Tensor)

    class Other(nnx.Module):
        def __init__(self, rngs):
            self.rnn = nnx.RNN(nnx.OptimizedLSTMCell(3, 4, rngs=rngs))
            self.head = nnx.Linear(4, 2, rngs=rngs)
            self.drop = nnx.Dropout(0.5, rngs=rngs)

    parts = load(Other(nnx.Rngs(0)))
    assert isinstance(parts["rnn"], LSTM) and isinstance(parts["head"], Readout) and len(parts) == 2
    with pytest.raises(ValueRangeError, match="activation_fn='relu', which has no equal"):
        load(nnx.GRUCell(3, 4, activation_fn=jax.nn.relu, rngs=nnx.Rngs(0)))
