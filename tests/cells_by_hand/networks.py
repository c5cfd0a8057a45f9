"""The cells and compositions that the tests go through, each with its twin by hand."""

import numpy as np
from cells_by_hand import passes as by_hand

from cells import GRU, LSTM, RNN, Bidirectional, Deep

KINDS = {
    "rnn-tanh": (RNN, by_hand.RNNByHand, {"activation": "tanh"}),
    "rnn-relu": (RNN, by_hand.RNNByHand, {"activation": "relu"}),
    "rnn-sigmoid": (RNN, by_hand.RNNByHand, {"activation": "sigmoid"}),
    "rnn-stacked": (RNN, by_hand.RNNByHand, {"stacked": True}),
    "gru-simplified": (GRU, by_hand.GRUByHand, {"full": False}),
    "gru-full": (GRU, by_hand.GRUByHand, {}),
    "gru-reset-after": (GRU, by_hand.GRUByHand, {"reset_after": True}),
    "lstm": (LSTM, by_hand.LSTMByHand, {}),
    "peephole-diagonal": (LSTM, by_hand.LSTMByHand, {"peephole": "diagonal"}),
    "peephole-diagonal-current": (LSTM, by_hand.LSTMByHand, {"peephole": "diagonal", "output_sees": "current"}),
    "peephole-full": (LSTM, by_hand.LSTMByHand, {"peephole": "full"}),
    "peephole-full-current": (LSTM, by_hand.LSTMByHand, {"peephole": "full", "output_sees": "current"}),
}
SHAPES = ["plain", "bidirectional", "deep", "deep bidirectional", "bidirectional of deep"]


def randomised(cell, rng):
    """Every parameter random, biases and peepholes too; numbers that float32 has as well, and that saturate no loss."""
    for p in cell.parameters.values():
        p.value = (rng.standard_normal(p.shape) * 0.4).astype(np.float32)
    return cell


def network(kind, shape, n_x, rng, dtype=np.float64):
    """(cell, its twin by hand) of one kind in one composition; layers and directions of different sizes."""
    make, hand, options = KINDS[kind]

    def one(n_x, n_a):
        cell = randomised(make(n_x, n_a, dtype=dtype, **options), rng)
        values = {key: p.value.astype(np.float64) for key, p in cell.parameters.items()}
        return cell, hand(values, **options)

    def both(first, second):
        return Bidirectional(first[0], second[0]), by_hand.BothByHand(first[1], second[1])

    def deep(*layers):
        return Deep([cell for cell, _ in layers]), by_hand.DeepByHand([twin for _, twin in layers])

    if shape == "plain":
        return one(n_x, 4)
    if shape == "bidirectional":
        return both(one(n_x, 4), one(n_x, 2))
    if shape == "deep":
        return deep(one(n_x, 4), one(4, 2), one(2, 3))
    if shape == "deep bidirectional":
        return deep(both(one(n_x, 4), one(n_x, 2)), both(one(6, 3), one(6, 3)), both(one(6, 2), one(6, 3)))
    return both(deep(one(n_x, 4), one(4, 2)), deep(one(n_x, 3), one(3, 3)))
