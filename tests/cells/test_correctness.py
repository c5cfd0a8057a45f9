"""Loss and every gradient of every cell in every composition, against the same written by hand in plain NumPy."""

import zlib

import numpy as np
import pytest
from cells_by_hand.networks import KINDS, SHAPES, network, randomised
from cells_by_hand.passes import loss_by_hand

from autograd_seq import Tensor, binary_cross_entropy, categorical_cross_entropy
from cells import Readout, pad

N_X, N_Y = 3, 2
LENGTHS = {"equal": (5, 5, 5), "unequal": (5, 2, 4)}


def close(actual, expected, tolerance):
    scale = max(np.abs(expected).max(), 1e-3)
    assert np.abs(actual - expected).max() <= tolerance * scale


def data(rng, lengths, activation):
    """For each example x (n_x, T_x) and y (n_y, T_x)."""
    xs = [rng.standard_normal((N_X, T)).astype(np.float32).astype(np.float64) for T in lengths]
    if activation == "sigmoid":
        return xs, [(rng.random((N_Y, T)) < 0.5) * 1.0 for T in lengths]
    return xs, [np.eye(N_Y)[:, rng.integers(0, N_Y, T)] for T in lengths]


@pytest.mark.parametrize("which", LENGTHS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-10), (np.float32, 1e-4)])
def test_loss_states_and_gradients(kind, shape, which, dtype, tolerance):
    rng = np.random.default_rng(zlib.crc32(f"{kind} {shape} {which}".encode()))
    activation = ["softmax", "sigmoid"][SHAPES.index(shape) % 2]
    cell, twin = network(kind, shape, N_X, rng, dtype)
    readout = randomised(Readout(cell.n_a, N_Y, activation, dtype=dtype), rng)
    weights = {key: p.value.astype(np.float64) for key, p in readout.parameters.items()}
    xs, ys = data(rng, LENGTHS[which], activation)

    x, lengths = pad(xs, value=np.nan)  # padding that would spoil everything that it touched
    y, _ = pad(ys, value=np.nan)
    run = readout(cell.unroll(x, lengths=lengths if which == "unequal" else None))
    loss = {"softmax": categorical_cross_entropy, "sigmoid": binary_cross_entropy}[activation]
    J = run.measure(y, loss)
    J.backward()

    expected = [loss_by_hand(twin, weights, x_i, y_i, activation) for x_i, y_i in zip(xs, ys)]
    assert J.dtype == dtype
    close(J.item(), sum(e[0] for e in expected), tolerance)
    parameters = cell.parameters | readout.parameters
    assert set(parameters) == set(expected[0][1])
    for key, parameter in parameters.items():
        assert parameter.grad.dtype == dtype
        close(parameter.grad, sum(e[1][key] for e in expected), tolerance)
    for i, (*_, states) in enumerate(expected):
        for t in range(lengths[i]):
            close(run.states["a"][t].value[:, i], states[:, t], tolerance)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_of_inputs_and_of_the_first_state(kind):
    rng = np.random.default_rng(7)
    cell, twin = network(kind, "plain", N_X, rng)
    readout = randomised(Readout(4, N_Y, "softmax"), rng)
    xs, ys = data(rng, (4, 4), "softmax")
    x = Tensor(np.stack(xs, axis=1), "x", requires_grad=True)
    keys = ["a", "c"] if kind.startswith(("lstm", "peep")) else ["a"]
    state = {key: Tensor(rng.standard_normal((4, 2)), key, requires_grad=True) for key in keys}
    run = readout(cell.unroll(x, state))
    run.measure(np.stack(ys, axis=1), categorical_cross_entropy).backward()
    weights = {key: p.value for key, p in readout.parameters.items()}
    for i in range(2):
        start = {key: value.value[:, i : i + 1] for key, value in state.items()}
        _, _, dx, dstate, _ = loss_by_hand(twin, weights, xs[i], ys[i], "softmax", start)
        close(x.grad[:, i], dx, 1e-10)
        for key in keys:
            close(state[key].grad[:, i : i + 1], dstate[key], 1e-10)


@pytest.mark.parametrize("shape", SHAPES)
def test_padding_of_a_recorded_input_touches_nothing_and_gets_no_gradient(shape):
    rng = np.random.default_rng(8)
    cell, _ = network("gru-full", shape, N_X, rng)
    padded, lengths = pad([rng.standard_normal((N_X, T)) for T in (4, 2)])
    gradients = []
    for value in (0.0, 7.0, np.nan):
        padded[:, 1, 2:] = value
        x = Tensor(padded, "x", requires_grad=True)
        run = cell.unroll(x, lengths=lengths)
        (run.final["a"] * np.arange(1, 2 * cell.n_a + 1).reshape(cell.n_a, 2)).sum().backward()
        gradients.append([x.grad, *(p.grad for p in cell.parameters.values())])
    assert not gradients[0][0][:, 1, 2:].any() and gradients[0][0][:, 1, :2].all()
    for other in gradients[1:]:
        for one, same in zip(gradients[0], other, strict=True):
            np.testing.assert_array_equal(one, same)


@pytest.mark.parametrize("seed", range(40))
def test_sizes_lengths_and_networks_drawn_at_random(seed):
    rng = np.random.default_rng(seed)
    n_x, m, T = rng.integers(1, 5), rng.integers(1, 5), rng.integers(1, 7)
    lengths = rng.integers(1, T + 1, m).tolist()
    cell, twin = network(rng.choice(list(KINDS)), rng.choice(SHAPES), int(n_x), rng)
    readout = randomised(Readout(cell.n_a, 3), rng)
    weights = {key: p.value for key, p in readout.parameters.items()}
    xs = [rng.standard_normal((n_x, length)) for length in lengths]
    ys = [np.eye(3)[:, rng.integers(0, 3, length)] for length in lengths]
    (x, _), (y, _) = pad(xs, value=np.nan), pad(ys)
    run = readout(cell.unroll(x, lengths=lengths))
    J = run.measure(y, categorical_cross_entropy)
    J.backward()
    expected = [loss_by_hand(twin, weights, x_i, y_i, "softmax") for x_i, y_i in zip(xs, ys)]
    close(J.item(), sum(e[0] for e in expected), 1e-10)
    for key, parameter in (cell.parameters | readout.parameters).items():
        wanted = sum(e[1][key] for e in expected)
        if parameter.grad is None:  # a weight of a<t-1> alone, where there is but one step
            assert not wanted.any()
        else:
            close(parameter.grad, wanted, 1e-10)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_without_unequal_lengths_nothing_is_masked(kind, shape):
    cell, _ = network(kind, shape, N_X, np.random.default_rng(0))
    x = np.ones((N_X, 2, 3))
    plain = [r.operation.name for r in cell.unroll(x).graph if r.operation]
    same = [r.operation.name for r in cell.unroll(x, lengths=[3, 3]).graph if r.operation]
    other = [r.operation.name for r in cell.unroll(x, lengths=[3, 2]).graph if r.operation]
    assert plain == same and "where" not in plain and "where" in other


def test_the_mean_divides_by_the_number_of_examples():
    rng = np.random.default_rng(3)
    cell, _ = network("gru-full", "plain", N_X, rng)
    xs, ys = data(rng, (4, 2, 3), "sigmoid")
    (x, lengths), (y, _) = pad(xs), pad(ys)
    readout = Readout(4, N_Y, "sigmoid", seed=0)
    run = readout(cell.unroll(x, lengths=lengths))
    total = run.measure(y, binary_cross_entropy).item()
    assert run.measure(y, binary_cross_entropy, reduction="mean").item() == pytest.approx(total / 3, rel=1e-15)
