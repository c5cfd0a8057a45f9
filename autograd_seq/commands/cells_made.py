"""The cells that the command line knows by name, made: a file of its own, for what is told of files needs none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_seq import categorical_cross_entropy
from cells import GRU, LSTM, RNN, Bidirectional, Deep, Readout


def by_name() -> dict[str, Callable[[int, int], Any]]:
    """The project's cells and compositions, as the command line calls them."""

    def both(cell: Any) -> Callable[[int, int], Any]:
        return lambda n_x, n_a: Bidirectional(cell(n_x, n_a, seed=0), cell(n_x, n_a, seed=1))

    def deep(cell: Any) -> Callable[[int, int], Any]:
        return lambda n_x, n_a: Deep([cell(n_x, n_a, seed=0), *(cell(n_a, n_a, seed=i) for i in (1, 2))])

    return {
        "rnn": lambda n_x, n_a: RNN(n_x, n_a, seed=0),
        "rnn-relu": lambda n_x, n_a: RNN(n_x, n_a, activation="relu", seed=0),
        "rnn-stacked": lambda n_x, n_a: RNN(n_x, n_a, stacked=True, seed=0),
        "gru": lambda n_x, n_a: GRU(n_x, n_a, seed=0),
        "gru-simplified": lambda n_x, n_a: GRU(n_x, n_a, full=False, seed=0),
        "gru-reset-after": lambda n_x, n_a: GRU(n_x, n_a, reset_after=True, seed=0),
        "lstm": lambda n_x, n_a: LSTM(n_x, n_a, seed=0),
        "peephole": lambda n_x, n_a: LSTM(n_x, n_a, peephole="diagonal", seed=0),
        "peephole-current": lambda n_x, n_a: LSTM(n_x, n_a, peephole="diagonal", output_sees="current", seed=0),
        "peephole-full": lambda n_x, n_a: LSTM(n_x, n_a, peephole="full", seed=0),
        "bidirectional": both(RNN),
        "bidirectional-gru": both(GRU),
        "bidirectional-lstm": both(LSTM),
        "deep": deep(RNN),
        "deep-gru": deep(GRU),
        "deep-lstm": deep(LSTM),
        "deep-bidirectional": lambda n_x, n_a: Deep([both(RNN)(n_x, n_a), both(RNN)(2 * n_a, n_a)]),
    }


def example_run(name: str, time_steps: int, n_x: int = 3, n_a: int = 4, n_y: int = 2, m: int = 2) -> Any:
    """A cell of that name unrolled over seeded random inputs, with a softmax readout and a loss at each step."""
    rng = np.random.default_rng(0)
    cell = by_name()[name](n_x, n_a)
    run = cell.unroll(rng.standard_normal((n_x, m, time_steps)))
    readout = Readout(cell.n_a, n_y, seed=1)
    targets = [np.eye(n_y)[:, rng.integers(n_y, size=m)] for _ in range(time_steps)]
    readout(run).measure(targets, categorical_cross_entropy)
    return run
