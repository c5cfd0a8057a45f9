"""Gradient flow through time: the tables against Jacobians by hand; what vanishes, stays and explodes."""

import numpy as np
import pytest
from cells_by_hand.networks import network, randomised

from autograd_seq import binary_cross_entropy
from autograd_seq.core.errors import UsageError
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout, gradient_flow, state_flow


def measured(cell, T, m=1, seed=0, lengths=None):
    rng = np.random.default_rng(seed)
    readout = randomised(Readout(cell.n_a, 2, "sigmoid"), rng)
    run = readout(cell.unroll(rng.standard_normal((cell.n_x, m, T)), lengths=lengths))
    run.measure((rng.random((2, m, T)) < 0.5) * 1.0, binary_cross_entropy)
    return run, readout


def test_both_tables_of_an_rnn_against_products_of_jacobians():
    rng = np.random.default_rng(1)
    cell, _ = network("rnn-tanh", "plain", 3, rng)
    run, readout = measured(cell, 6, m=2)
    Waa, Wya = cell.parameters["Waa"].value, readout.parameters["Wya"].value
    a = [state.value for state in run.states["a"]]
    flow, states = gradient_flow(run), state_flow(run)
    for t in range(6):
        dz = run.outputs[t].value - run.losses[t].graph.find("y").value
        for k in range(6):
            squares, losses = 0.0, 0.0
            for i in range(2):
                J = np.eye(4)
                for s in range(t, k, -1):
                    J = J @ np.diag(1 - a[s][:, i] ** 2) @ Waa
                squares += np.sum(J**2)
                losses += np.sum((J.T @ Wya.T @ dz[:, i]) ** 2)
            assert states[t, k] == pytest.approx(np.sqrt(squares) if k <= t else 0, rel=1e-10)
            assert flow[t, k] == pytest.approx(np.sqrt(losses) if k <= t else 0, rel=1e-10)
    assert np.array_equal(state_flow(run, times=[6])[5], states[5]) and not state_flow(run, times=[6])[:5].any()


def test_the_later_half_of_a_bidirectional_table_is_there_too():
    both = Bidirectional(RNN(3, 4, seed=0), RNN(3, 2, seed=1))
    run, _ = measured(both, 4)
    table = gradient_flow(run)
    assert (table > 0).all()  # every loss depends on every step's states, of the one direction or the other
    there = gradient_flow(measured(RNN(3, 4, seed=0), 4)[0])
    assert not np.triu(there, 1).any()


def test_layers_and_states():
    run, _ = measured(Deep([LSTM(3, 4, seed=0), LSTM(4, 2, seed=1)]), 4)
    top, low = gradient_flow(run), gradient_flow(run, layer=1)
    assert np.array_equal(top, gradient_flow(run, layer=2)) and not np.allclose(top, low)
    assert not np.allclose(gradient_flow(run, wrt="c"), top)
    with pytest.raises(UsageError, match="layer 3"):
        gradient_flow(run, layer=3)
    with pytest.raises(UsageError, match="no state 'c'"):
        gradient_flow(measured(RNN(3, 4), 3)[0], wrt="c")
    with pytest.raises(UsageError, match="no losses"):
        gradient_flow(RNN(3, 4).unroll(np.ones((3, 1, 2))))


def test_nothing_flows_through_padding():
    run, _ = measured(GRU(3, 4, seed=0), 5, m=2, lengths=[5, 2])
    alone, _ = measured(GRU(3, 4, seed=0), 5, m=2)
    table, other = gradient_flow(run), gradient_flow(alone)
    assert table[:2, :2] == pytest.approx(other[:2, :2], rel=1e-12)
    assert (table[2:, 2:] <= other[2:, 2:]).all() and table[3, 0] < other[3, 0]


def test_what_vanishes_what_stays_what_explodes_over_100_steps():
    T = 100
    x = np.random.default_rng(0).standard_normal((2, 1, T))
    tanh_rnn = state_flow(RNN(2, 4, seed=0).unroll(x), times=[T])[-1]
    assert tanh_rnn[0] < 1e-9 * tanh_rnn[-1]

    wild = RNN(2, 4, activation="relu", seed=0)
    wild.parameters["Waa"].value = np.eye(4) * 1.5
    wild.parameters["ba"].value = np.ones((4, 1))
    exploding = state_flow(wild.unroll(np.ones((2, 1, T))), times=[T])[-1]
    assert exploding[0] == pytest.approx(1.5**99 * 2, rel=1e-9)

    open_lstm = LSTM(2, 4, forget_bias=8.0, seed=0)
    kept = state_flow(open_lstm.unroll(x), wrt="c", times=[T])[-1]
    assert kept[0] > 0.5 * kept[-1]


def test_a_gru_that_updates_10_times_in_100_steps_keeps_what_those_leave():
    """Γ_u is 1/2 at ten steps and 0 (to rounding) at the others: c decays by ten factors, not by a hundred."""
    T, cell = 100, GRU(1, 1, full=False, seed=0)
    cell.parameters["Wu"].value = [[0.0, 40.0]]
    cell.parameters["bu"].value = [[-40.0]]
    cell.parameters["Wc"].value = [[0.0, 0.0]]
    x = np.zeros((1, 1, T))
    x[:, :, 9::10] = 1.0
    table = state_flow(cell.unroll(x, {"a": np.ones((1, 1))}), wrt="c")
    assert table[-1, 0] == pytest.approx(0.5**10, rel=1e-9)
    assert table[98, 90] == pytest.approx(1, rel=1e-9)
