"""Truncated BPTT: which contributions are in the gradient, and which are not."""

import gc
import tracemalloc

import numpy as np
import pytest
from cells_by_hand.networks import randomised

from autograd_seq import categorical_cross_entropy, contributions
from autograd_seq.core.errors import UsageError, ValueRangeError
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout, chunks, cut, truncated_bptt

T = 9


def problem(cell):
    rng = np.random.default_rng(5)
    readout = randomised(Readout(cell.n_a, 2), rng)
    return randomised(cell, rng), readout, rng.standard_normal((3, 2, T)), np.eye(2)[:, rng.integers(0, 2, (2, T))]


CELLS = {
    "rnn": lambda: RNN(3, 4),
    "gru": lambda: GRU(3, 4),
    "lstm": lambda: LSTM(3, 4),
    "deep": lambda: Deep([LSTM(3, 4), RNN(4, 3), GRU(3, 3)]),
}


@pytest.mark.parametrize("make", CELLS.values(), ids=CELLS)
@pytest.mark.parametrize("lengths", [None, [T, 4]], ids=["equal", "unequal"])
@pytest.mark.parametrize("k1, k2", [(1, 1), (2, 3), (3, 3), (2, 5), (4, 6), (1, T), (3, T), (T, T), (2, 2 * T)])
def test_exactly_the_contributions_within_the_window(make, k1, k2, lengths):
    cell, readout, x, y = problem(make())
    full = readout(cell.unroll(x, lengths=lengths))
    full.measure(y, categorical_cross_entropy)
    expected = {key: np.zeros(p.shape) for key, p in cell.parameters.items()}
    for done in range(0, T, k1):
        end = min(done + k1, T)
        for t in range(done, end):
            for key, p in cell.parameters.items():
                if full.losses[t].graph.positions.get(p.record) is None:
                    continue
                for (_, _, time), part in contributions(full.losses[t], p).items():
                    expected[key] += part * (time > end - k2)
    actual = {key: np.zeros(p.shape) for key, p in cell.parameters.items()}
    total = 0.0
    for run in truncated_bptt(cell, readout, x, y, categorical_cross_entropy, k1, k2, lengths=lengths):
        assert len(run) <= k2
        run.loss.backward()
        total += run.loss.item()
        for key, p in cell.parameters.items():
            actual[key] += p.grad
    assert total == pytest.approx(full.loss.item(), rel=1e-13)
    for key in expected:
        np.testing.assert_allclose(actual[key], expected[key], rtol=1e-10, atol=1e-14)
    full.loss.backward()
    whole = max(np.abs(actual[key] - p.grad).max() for key, p in cell.parameters.items())
    assert (whole < 1e-12) == (k2 >= T)


@pytest.mark.parametrize("make", CELLS.values(), ids=CELLS)
def test_chunks_go_on_where_the_last_one_ended_and_show_the_cut(make):
    cell, readout, x, y = problem(make())
    x[:, 1, 6:] = np.nan
    whole = cell.unroll(x, lengths=[T, 6])
    runs = list(chunks(cell, x, 4, lengths=[T, 6]))
    states = [a for run in runs for a in run.states["a"]]
    for one, other in zip(whole.states["a"], states, strict=True):
        np.testing.assert_array_equal(one.value, other.value)
        assert one.label == other.label
    edges = [r for r in runs[1].graph if r.operation and r.operation.name == "stop_gradient"]
    assert edges and all(r.scope.time == 4 and not r.requires_grad and r.name.endswith("_cut") for r in edges)
    assert any(r.scope.time == 1 and r.name in ("a", "c") for r in runs[1].graph)  # what was before is still to be seen


def test_forgetting_keeps_memory_flat():
    cell = GRU(3, 16, seed=0)
    x = list(np.random.default_rng(0).standard_normal((1000, 3, 1)))

    def kept(forget):
        gc.collect()
        tracemalloc.start()
        for number, run in enumerate(chunks(cell, x, 20, forget=forget), start=1):
            if number == 10:
                early = tracemalloc.get_traced_memory()[0]
        late = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert len(run.graph) > 0
        return late - early

    assert kept(forget=True) < 200_000 < kept(forget=False)


def test_bad_windows():
    cell, readout, x, y = problem(RNN(3, 4))
    with pytest.raises(ValueRangeError, match="k2 = 2 is shorter than k1 = 3"):
        next(truncated_bptt(cell, readout, x, y, categorical_cross_entropy, k1=3, k2=2))
    with pytest.raises(ValueRangeError, match="k1"):
        next(truncated_bptt(cell, readout, x, y, categorical_cross_entropy, k1=0, k2=2))


def test_a_cell_that_looks_ahead_cannot_be_cut():
    cell = Deep([Bidirectional(RNN(3, 2), RNN(3, 2)), RNN(4, 4)])
    with pytest.raises(UsageError, match="whole sequence"):
        next(chunks(cell, np.ones((3, 1, 4)), 2))
    with pytest.raises(UsageError, match="whole sequence"):
        _, readout, x, y = problem(RNN(3, 4))
        next(truncated_bptt(cell, readout, x, y, categorical_cross_entropy, 2, 2))


def test_cut_of_nested_states():
    run = Deep([LSTM(3, 4), GRU(4, 2)]).unroll(np.ones((3, 2, 3)))
    state = cut(run.final)
    assert state["layers"][0]["c"].operation.name == "stop_gradient"
    assert state["layers"][0]["c"].label == "c_cut[1]<3>"
