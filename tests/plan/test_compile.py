"""A compiled plan against the recording: other data, other lengths, other batches, changed parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_seq import Parameter, Tensor, accumulate, categorical_cross_entropy, compile, name, steps, sum, tanh
from autograd_seq.core.errors import GraphLostError, ShapeError, UsageError
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout

N_X, N_A, N_Y = 3, 5, 4
NETWORKS: dict[str, Callable[[], Any]] = {
    "rnn": lambda: RNN(N_X, N_A, seed=0),
    "gru": lambda: GRU(N_X, N_A, seed=0),
    "gru_reset_after": lambda: GRU(N_X, N_A, reset_after=True, seed=0),
    "lstm": lambda: LSTM(N_X, N_A, seed=0),
    "lstm_peephole": lambda: LSTM(N_X, N_A, peephole="full", seed=0),
    "bidirectional": lambda: Bidirectional(LSTM(N_X, N_A, seed=0), LSTM(N_X, N_A, seed=1)),
    "deep": lambda: Deep([LSTM(N_X, N_A, seed=0), LSTM(N_A, N_A, seed=1)]),
}


def problem(kind: str) -> tuple[Callable[..., Tensor], dict[str, Parameter]]:
    """A loss as a function of arrays, and the parameters by name."""
    network = NETWORKS[kind]()
    width = 2 * N_A if kind == "bidirectional" else N_A
    readout = Readout(width, N_Y, seed=2)
    rng = np.random.default_rng(3)
    parameters = [*network.parameters.values(), *readout.parameters.values()]
    for p in parameters:
        p.value = p.value + 0.2 * rng.standard_normal(p.shape)

    def loss(x: Any, y: Any) -> Tensor:
        run = readout(network.unroll(x))
        weights = np.linspace(0.5, 1.5, len(run.outputs))
        return accumulate(
            [w * categorical_cross_entropy(p, y[:, :, t]).sum() for t, (p, w) in enumerate(zip(run.outputs, weights))]
        )

    return loss, {**network.parameters, **readout.parameters}


def data(seed: int, m: int, T: int) -> tuple[np.ndarray, np.ndarray]:
    """An input sequence, and targets as columns of the unit matrix."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((N_X, m, T)), np.eye(N_Y)[:, rng.integers(N_Y, size=(m, T))]


def agrees(plan: Any, loss: Any, parameters: dict[str, Parameter], x: Any, y: Any) -> None:
    """The plan's loss and gradients are those of a new recording."""
    J, gradients = plan(x, y)
    recorded = loss(Tensor(x, "x"), Tensor(y, "y"))
    for p in parameters.values():
        p.grad = None
    recorded.backward()
    assert abs(J - recorded.item()) < 1e-12 * abs(J)
    assert set(gradients) == set(parameters)
    for key, p in parameters.items():
        assert gradients[key].shape == p.shape
        assert np.abs(gradients[key] - p.grad).max() < 1e-12 * max(1.0, np.abs(p.grad).max())


@pytest.mark.parametrize("kind", NETWORKS)
def test_gradients_are_those_of_the_recording(kind: str) -> None:
    loss, parameters = problem(kind)
    plan = compile(loss, parameters)
    for seed, (m, T) in enumerate([(2, 6), (2, 6), (3, 4), (1, 5), (2, 6)]):
        agrees(plan, loss, parameters, *data(seed, m, T))
        for p in parameters.values():  # the current values count
            p.value = 1.1 * p.value


def test_one_compilation_serves_all_shapes() -> None:
    calls = []
    W = Parameter([[0.5, -0.2], [0.1, 0.3]], "W")

    def loss(x: Any) -> Tensor:
        calls.append(x.shape)
        return sum(tanh(W @ x))

    plan = compile(loss, {"W": W})
    plan(np.ones((2, 3)))
    made = len(calls)
    assert made < 10 and max(m for _, m in calls) < 10
    program = plan.source
    for m in (3, 4, 3, 500):
        assert plan(np.ones((2, m)))[0] == pytest.approx(m * np.tanh(W.value.sum(axis=1)).sum())
    assert len(calls) == made + 2 and max(m for _, m in calls) < 10  # compared: the second call, the first other array
    assert plan.source == program


def test_results_are_not_overwritten_by_the_next_call() -> None:
    loss, parameters = problem("lstm")
    plan = compile(loss, parameters)
    _, first = plan(*data(0, 2, 6))
    kept = {key: g.copy() for key, g in first.items()}
    plan(*data(1, 2, 6))
    assert all(np.array_equal(first[key], kept[key]) for key in kept)


def test_float32_stays_float32() -> None:
    cell = RNN(N_X, N_A, seed=0, dtype="float32")
    x = np.random.default_rng(0).standard_normal((N_X, 2, 5)).astype("float32")

    def loss(x: Any) -> Tensor:
        return sum(cell.unroll(x).states["a"][-1] * np.float32(0.5))

    J, gradients = compile(loss, cell.parameters)(x)
    recorded = loss(Tensor(x))
    recorded.backward()
    for key, p in cell.parameters.items():
        assert gradients[key].dtype == np.float32
        assert np.abs(gradients[key] - p.grad).max() < 1e-5


def test_a_finished_recording() -> None:
    W, a0 = Parameter([[0.5, -0.3], [0.2, 0.4]], "W"), Tensor([[1.0, 2.0], [0.3, -1.0]], "a0")
    a = a0
    for _ in steps(5):
        a = name(tanh(W @ a), "a")
    plan = compile(sum(a * a))
    J, gradients = plan(a0=np.array([[0.1, 0.2], [0.7, 0.5]]), parameters={"W": 2 * W.value})
    w = Parameter(2 * W.value, "W")
    b: Any = Tensor([[0.1, 0.2], [0.7, 0.5]])
    for _ in range(5):
        b = tanh(w @ b)
    truth = sum(b * b)
    truth.backward()
    assert abs(J - truth.item()) < 1e-14
    assert np.abs(gradients["W"] - w.grad).max() < 1e-14
    with pytest.raises(ShapeError, match="recorded with shape"):
        plan(a0=np.ones((2, 3)))
    with pytest.raises(UsageError, match="there is no b"):
        plan(b=np.ones((2, 2)))


def test_a_decision_on_data_is_named() -> None:
    W = Parameter([[0.5]], "W")

    def loss(x: Any) -> Tensor:
        z = name(sum(W @ x), "z")
        return z if z > 0 else -z

    with pytest.raises(GraphLostError, match="decides on the value"):
        compile(loss, {"W": W})(np.ones((1, 2)))


def test_what_goes_past_the_recording_is_found() -> None:
    W, scale = Parameter([[0.5, 0.2]], "W"), [2.0]
    plan = compile(lambda x: sum(W @ x) * scale[0], {"W": W})
    plan(np.ones((2, 3)))
    scale[0] = 3.0
    for _ in range(2):
        with pytest.raises(GraphLostError, match="goes past the recording"):
            plan(np.ones((2, 3)))
    stale = compile(lambda x: sum(W @ x))
    for _ in range(3):
        stale(np.ones((2, 3)))
    W.value = 2 * W.value
    for _ in range(2):
        with pytest.raises(GraphLostError, match="parameter that was not given"):
            stale(np.ones((2, 3)))


def test_what_is_no_loss_is_refused() -> None:
    with pytest.raises(UsageError, match="compiled from a loss"):
        compile(tanh(Parameter([[1.0, 2.0]], "W")))
    with pytest.raises(UsageError, match="when it is first called"):
        _ = compile(lambda x: sum(x)).source
