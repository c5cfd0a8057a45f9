"""5,000 steps: no recursion, and memory that grows with T, not with its square."""

import gc
import tracemalloc

import numpy as np
import pytest

from autograd_seq import binary_cross_entropy
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout
from tests.sweeps import slow_but_part_of

CELLS = {
    "rnn": lambda: RNN(2, 3, seed=0),
    "gru": lambda: GRU(2, 3, seed=0),
    "lstm": lambda: LSTM(2, 3, seed=0),
    "deep bidirectional": lambda: Deep([Bidirectional(RNN(2, 2, seed=0), RNN(2, 2, seed=1)), RNN(4, 3, seed=2)]),
}


def unroll(cell, readout, T, lengths=None):
    rng = np.random.default_rng(0)
    run = readout(cell.unroll(rng.standard_normal((2, 2, T)), lengths=lengths))
    run.measure((rng.random((1, 2, T)) < 0.5) * 1.0, binary_cross_entropy)
    return run


@pytest.mark.parametrize("make", slow_but_part_of(CELLS.values(), one_in=4), ids=CELLS)
def test_5000_steps(make):
    cell = make()
    readout = Readout(cell.n_a, 1, "sigmoid", seed=3)
    run = unroll(cell, readout, 5000, lengths=[5000, 4990])
    run.loss.backward()
    assert all(np.isfinite(p.grad).all() and np.abs(p.grad).max() > 0 for p in cell.parameters.values())
    del run  # a long chain of records is also let go without recursion


def test_memory_is_linear_in_the_number_of_steps():
    cell, readout = LSTM(2, 3, seed=0), Readout(3, 1, "sigmoid", seed=1)

    def peak(T):
        gc.collect()
        tracemalloc.start()
        unroll(cell, readout, T).loss.backward()
        bytes_ = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return bytes_

    peak(50)
    assert peak(400) / peak(100) == pytest.approx(4, rel=0.15)
