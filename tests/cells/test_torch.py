"""The documented mapping to PyTorch's weights and back; values and gradients where PyTorch is installed."""

import numpy as np
import pytest
from cells_by_hand.networks import randomised

from autograd_seq import Tensor
from autograd_seq.core.errors import ShapeError, UsageError, ValueRangeError
from cells import GRU, LSTM, RNN, Bidirectional, Deep, from_torch_state, to_torch_state

KINDS = {
    "RNN": (RNN, {}),
    "relu": (RNN, {"activation": "relu"}),
    "LSTM": (LSTM, {}),
    "GRU": (GRU, {"reset_after": True}),
}


def build(kind, layers, both, rng):
    make, options = KINDS[kind]

    def one(n_x):
        return Bidirectional(make(n_x, 4, **options), make(n_x, 4, **options)) if both else make(n_x, 4, **options)

    cells = [one(3 if n == 0 else (8 if both else 4)) for n in range(layers)]
    return randomised(Deep(cells) if layers > 1 else cells[0], rng)


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_there_and_back(kind, layers, both):
    cell = build(kind, layers, both, np.random.default_rng(2))
    twin = from_torch_state(to_torch_state(cell), activation=KINDS[kind][1].get("activation", "tanh"))
    assert list(twin.parameters) == list(cell.parameters)
    for key, p in cell.parameters.items():
        np.testing.assert_array_equal(p.value, twin.parameters[key].value)
    x = np.random.default_rng(3).standard_normal((3, 2, 5))
    np.testing.assert_array_equal(cell.unroll(x).final["a"].value, twin.unroll(x).final["a"].value)


@pytest.mark.peers
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("origin", ["ours", "torch's"])
def test_values_and_gradients_as_in_torch(kind, layers, both, origin):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    rng = np.random.default_rng(4)
    options = {"nonlinearity": "relu"} if kind == "relu" else {}
    make = getattr(torch.nn, kind if kind != "relu" else "RNN")
    module = make(3, 4, num_layers=layers, bidirectional=both, dtype=torch.float64, **options)
    if origin == "ours":
        cell = build(kind, layers, both, rng)
        module.load_state_dict({key: torch.tensor(value) for key, value in to_torch_state(cell).items()})
    else:
        state = {key: value.detach().numpy() for key, value in module.state_dict().items()}
        cell = from_torch_state(state, activation="relu" if kind == "relu" else "tanh")

    x = rng.standard_normal((3, 2, 5))
    adjoint = rng.standard_normal((5, cell.n_a, 2))
    theirs = torch.tensor(np.moveaxis(x, (2, 1, 0), (0, 1, 2)).copy(), requires_grad=True)  # (T, m, n_x)
    output, _ = module(theirs)
    output.backward(torch.tensor(np.swapaxes(adjoint, 1, 2).copy()))

    ours = Tensor(x, "x", requires_grad=True)
    run = cell.unroll(ours)
    total = sum((a * g).sum() for a, g in zip(run.states["a"], adjoint))
    total.backward()
    for t, a in enumerate(run.states["a"]):
        np.testing.assert_allclose(a.value, output[t].detach().numpy().T, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(ours.grad, np.moveaxis(theirs.grad.numpy(), (0, 1, 2), (2, 1, 0)), rtol=1e-9, atol=1e-13)

    # The mapping is linear (a change of sign, an order of rows), so gradients go through it as weights do;
    # where two of PyTorch's biases are one of ours, each of them has the whole gradient.
    gradients = {key: p.grad for key, p in cell.parameters.items()}
    for key, p in cell.parameters.items():
        p.value = gradients[key]
    mapped = to_torch_state(cell)
    for key, parameter in module.named_parameters():
        if key.startswith("bias_hh") and kind != "GRU":
            mapped[key] = mapped[key.replace("hh", "ih")]
        elif key.startswith("bias_hh"):
            mapped[key] = np.concatenate([mapped[key.replace("hh", "ih")][:8], mapped[key][8:]])
        np.testing.assert_allclose(mapped[key], parameter.grad.numpy(), rtol=1e-9, atol=1e-12)


def test_what_torch_does_not_have_is_refused():
    for cell in (GRU(3, 4), GRU(3, 4, full=False), LSTM(3, 4, peephole="full")):
        with pytest.raises(UsageError, match="PyTorch has no cell"):
            to_torch_state(cell)
    state = to_torch_state(LSTM(3, 4))
    with pytest.raises(ValueRangeError, match="not understood: proj"):
        from_torch_state(state | {"proj": np.ones(3)})
    with pytest.raises(ValueRangeError, match="nothing was given"):
        from_torch_state({})
    with pytest.raises(ShapeError, match=r"weight_hh_l0 has shape \(15, 4\)"):
        from_torch_state(state | {"weight_hh_l0": np.ones((15, 4))})
