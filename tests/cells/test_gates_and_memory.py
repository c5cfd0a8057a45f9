"""Hard-sigmoid gates, and a memory of another length than the state: values by NumPy, gradients proven."""

import numpy as np
import pytest
from cells_by_hand.networks import randomised

from autograd_seq import prove
from autograd_seq.core.errors import ShapeError, ValueRangeError
from cells import GRU, LSTM, Bidirectional, Deep, Readout

X = np.random.default_rng(0).standard_normal((3, 2, 4)) * 2


def hard(z):
    return np.minimum(np.maximum(z / 6 + 0.5, 0), 1)


def stepped(p, x, n_a, n_c, gate, project):
    a, c = np.zeros((n_a, x.shape[1])), np.zeros((n_c, x.shape[1]))
    for t in range(x.shape[2]):
        f, u, z, o = (p[f"W{g}"] @ np.vstack([a, x[:, :, t]]) + p[f"b{g}"] for g in "fuco")
        c = gate(f) * c + gate(u) * np.tanh(z)
        a = project(gate(o) * np.tanh(c))
    return a, c


def values(cell):
    return {key: p.value for key, p in cell.parameters.items()}


def test_hard_gates_of_an_lstm():
    cell = randomised(LSTM(3, 4, gates="hard_sigmoid"), np.random.default_rng(1))
    a, c = stepped(values(cell), X, 4, 4, hard, lambda a: a)
    final = cell.unroll(X).final
    np.testing.assert_allclose(final["a"].value, a, rtol=1e-13)
    np.testing.assert_allclose(final["c"].value, c, rtol=1e-13)


def test_a_memory_of_another_length():
    cell = randomised(LSTM(3, 2, memory=5), np.random.default_rng(2))
    a, c = stepped(values(cell), X, 2, 5, lambda z: 1 / (1 + np.exp(-z)), lambda a: cell.parameters["Wp"].value @ a)
    final = cell.unroll(X).final
    np.testing.assert_allclose(final["a"].value, a, rtol=1e-13)
    np.testing.assert_allclose(final["c"].value, c, rtol=1e-13)
    assert [cell.initial_state(2)[key].shape for key in "ac"] == [(2, 2), (5, 2)]
    with pytest.raises(ShapeError, match=r"state c has shape \(2, 2\), but LSTM needs \(memory, m\) = \(5, 2\)"):
        cell.unroll(X, {"a": np.ones((2, 2)), "c": np.ones((2, 2))})


@pytest.mark.parametrize("peephole", [None, "diagonal", "full"])
def test_gradients_are_proven(peephole):
    layers = [
        Bidirectional(LSTM(3, 2, peephole, memory=3, seed=0), LSTM(3, 2, peephole, memory=4, seed=1)),
        GRU(4, 2, reset_after=True, gates="hard_sigmoid", seed=2),
        LSTM(2, 3, peephole, gates="hard_sigmoid", seed=3),
    ]
    run = Readout(3, 2, seed=4)(Deep(layers).unroll(X[:, :, :2], lengths=[2, 1]))
    proof = prove(sum(y.sum() for y in run.outputs))
    assert proof.ok and {claim.status for claim in proof.claims.values()} == {"proven"}


def test_what_makes_no_gate_is_refused():
    for make in (LSTM, GRU):
        with pytest.raises(ValueRangeError, match="no gates 'hard'.*'sigmoid', 'hard_sigmoid'"):
            make(3, 4, gates="hard")
    with pytest.raises(ValueRangeError, match="memory"):
        LSTM(3, 4, memory=0)
