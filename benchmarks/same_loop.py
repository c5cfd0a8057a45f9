"""The loop that the PyTorch contender runs, written in NumPy and recorded: two engines at one program.

The cells of `cells` say what the notes say, a product for each gate and an output layer at each step; here the inputs
of all steps, the gates of a step and the outputs are one product each, as in `peers.pytorch_loop`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from by_hand import Array, Parameters, Result
from peers import split_weights

from autograd_seq import Parameter, log_softmax, sigmoid


def recorded_loop(kind: str, p: Parameters, x: Array, y: Array) -> Callable[[], Result]:
    """Record the loop and back-propagate."""
    X, Y = x.transpose(2, 1, 0).copy(), y.transpose(2, 1, 0).copy()
    T, m, n_x = X.shape
    n = p["Wya"].shape[1]
    w: dict[str, Any] = {key: Parameter(value, key) for key, value in p.items()}

    def step() -> Result:
        Wa, Wx, b = split_weights(np, kind, w)
        Wa = Wa.T
        Z = (X.reshape(T * m, n_x) @ Wx.T + b.T).reshape(T, m, -1)
        a: Any = np.zeros((m, n), x.dtype)
        c: Any = a
        states = []
        for t in range(T):
            z = Z[t]
            if kind == "LSTM":
                gates = z + a @ Wa
                shares = sigmoid(gates[:, : 3 * n])
                f, u, o = shares[:, :n], shares[:, n : 2 * n], shares[:, 2 * n :]
                c = f * c + u * np.tanh(gates[:, 3 * n :])
                a = o * np.tanh(c)
            elif kind == "GRU":
                shares = sigmoid(z[:, : 2 * n] + a @ Wa[:, : 2 * n])
                u, r = shares[:, :n], shares[:, n:]
                a = a + u * (np.tanh(z[:, 2 * n :] + (r * a) @ Wa[:, 2 * n :]) - a)
            else:
                a = np.tanh(z + a @ Wa)
            states.append(a)
        logits = np.stack(states) @ w["Wya"].T + w["by"].T
        loss = -(Y * log_softmax(logits, axis=2)).sum()
        loss.backward()
        return loss.item(), {key: q.grad for key, q in w.items()}

    return step
