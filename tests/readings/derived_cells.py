"""The cells and runs that the tests of equations and source read."""

import numpy as np

from autograd_seq import (
    Parameter,
    Tensor,
    categorical_cross_entropy,
    concatenate,
    name,
    scope,
    sigmoid,
    steps,
    tanh,
)
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout

N_X, N_Y = 3, 6

CELLS = {
    "rnn": lambda: RNN(3, 4, seed=0),
    "rnn_relu": lambda: RNN(3, 4, activation="relu", seed=0),
    "gru": lambda: GRU(3, 4, seed=0),
    "gru_simple": lambda: GRU(3, 4, full=False, seed=0),
    "gru_reset_after": lambda: GRU(3, 4, reset_after=True, seed=0),
    "lstm": lambda: LSTM(3, 4, seed=0),
    "peephole_diagonal": lambda: LSTM(3, 4, peephole="diagonal", seed=0),
    "peephole_full": lambda: LSTM(3, 4, peephole="full", seed=0),
    "bidirectional": lambda: Bidirectional(LSTM(3, 4, seed=0), GRU(3, 5, seed=1)),
    "deep": lambda: Deep([LSTM(3, 4, seed=0), RNN(4, 5, seed=1), GRU(5, 4, seed=2)]),
    "deep_bidirectional": lambda: Deep(
        [Bidirectional(LSTM(3, 4, seed=0), RNN(3, 5, seed=1)), Bidirectional(RNN(9, 4, seed=2), RNN(9, 5, seed=3))]
    ),
}


def data(T, m, seed=0):
    """Inputs (3, m, T) and soft targets (6, m, T)."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((N_X, m, T)), rng.random((N_Y, m, T))


def with_loss(cell, x, y):
    """A run with a readout and a loss; the readout's weights depend on the cell's size only."""
    run = Readout(cell.n_a, N_Y, seed=7)(cell.unroll(x))
    run.measure([y[:, :, t] for t in range(x.shape[2])], categorical_cross_entropy)
    return run


def own_cell(T=4, m=2, named=True, seed=0):
    """A cell that is nowhere in the package: a leaky memory with one gate, in plain NumPy style."""
    rng = np.random.default_rng(5)
    Wg, Wh = Parameter(rng.standard_normal((4, 7)), "Wg"), Parameter(rng.standard_normal((4, 7)), "Wh")
    bg, leak = Parameter(rng.standard_normal((4, 1)), "bg"), Parameter(rng.random((4, 1)), "leak")
    x = data(T, m, seed)[0]
    called = name if named else lambda value, _: value
    with scope(time=0):
        h = Tensor(np.zeros((4, m)), "h")
    loss = None
    for t in steps(T):
        seen = concatenate([h, Tensor(x[:, :, t], "x")])
        gate = called(sigmoid(Wg @ seen + bg), "Gamma_g")
        fresh = called(tanh(Wh @ seen), "h_tilde")
        h = called(leak * h + gate * fresh, "h")
        part = (h * h).sum()
        loss = part if loss is None else loss + part
    return name(loss, "J")


def without_steps(T=4):
    """The same idea with neither names nor steps: repeated source lines are recognised."""
    rng = np.random.default_rng(6)
    W, U = Parameter(rng.standard_normal((4, 4)), "W"), Parameter(rng.standard_normal((4, 3)), "U")
    x = data(T, 2)[0]
    a = Tensor(np.zeros((4, 2)))
    for t in range(T):
        a = tanh(W @ a + U @ x[:, :, t])
    return (a * a).sum()


def value_of(unit):
    """The recorded value of a unit: of a family, all steps along a last axis."""
    if hasattr(unit, "members"):
        return np.stack([unit.members[t].record.value for t in unit.times], axis=-1)
    return unit.record.value
