"""The fast hand-written passes of the benchmarks give what the plain ones give, which are the course's."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from by_hand import COURSE
from by_hand_fast import FAST

from autograd_seq import accumulate, categorical_cross_entropy
from cells import GRU, LSTM, RNN, Readout

CELLS = {"LSTM": LSTM, "GRU": GRU, "RNN": RNN}
# n_x, n_a, n_y, m, T: one block of steps; several, the last shorter; one example; more examples than a block holds.
SHAPES = [(3, 5, 4, 4, 7), (2, 4, 3, 60, 30), (3, 5, 2, 1, 6), (2, 3, 4, 600, 3), (2, 3, 2, 2, 1)]


def parameters(cell, readout):
    return {key: parameter.value for key, parameter in {**cell.parameters, **readout.parameters}.items()}


def data(n_x, n_y, m, T, dtype, seed):
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((n_x, m, T)).astype(dtype)
    return x, np.eye(n_y, dtype=dtype)[:, generator.integers(n_y, size=(m, T))]


def close(given, expected, tolerance):
    assert sorted(given) == sorted(expected)
    for key, gradient in expected.items():
        assert given[key].shape == gradient.shape and given[key].dtype == gradient.dtype
        assert np.abs(given[key] - gradient).max() <= tolerance * np.abs(gradient).max(), key


@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-12), ("float32", 1e-4)])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", CELLS)
def test_fast_as_in_the_course(kind, shape, dtype, tolerance):
    n_x, n_a, n_y, m, T = shape
    fast = FAST[kind](n_x, n_a, n_y, m, T, dtype)
    for seed in range(2):  # the second call finds the memory of the first
        p = parameters(CELLS[kind](n_x, n_a, seed=seed, dtype=dtype), Readout(n_a, n_y, seed=9, dtype=dtype))
        x, y = data(n_x, n_y, m, T, dtype, seed)
        before = {key: value.copy() for key, value in p.items()}
        (J, given), (expected_J, expected) = fast(x, y, p), COURSE[kind](x, y, p)
        assert abs(J - expected_J) <= tolerance * abs(expected_J)
        close(given, expected, tolerance)
        assert all(np.array_equal(p[key], before[key]) for key in p)


@pytest.mark.parametrize("kind", CELLS)
def test_course_as_recorded(kind):
    n_x, n_a, n_y, m, T = 3, 5, 4, 4, 7
    cell, readout = CELLS[kind](n_x, n_a, seed=1), Readout(n_a, n_y, seed=2)
    x, y = data(n_x, n_y, m, T, "float64", 3)
    run = readout(cell.unroll(x))
    loss = accumulate([categorical_cross_entropy(p, y[:, :, t]).sum() for t, p in enumerate(run.outputs)])
    loss.backward()
    J, given = COURSE[kind](x, y, parameters(cell, readout))
    assert abs(J - loss.item()) < 1e-12 * abs(J)
    close(given, {key: p.grad for key, p in {**cell.parameters, **readout.parameters}.items()}, 1e-12)
