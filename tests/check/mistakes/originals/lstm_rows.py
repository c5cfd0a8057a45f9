"""LSTM over a sequence, examples in rows, gates side by side in one matrix."""

import numpy as np

INPUTS = {
    "x": ("m", "T", "n_x"), "h0": ("m", "n_h"), "c0": ("m", "n_h"),
    "W": ("n_x + n_h", "n_h + n_h + n_h + n_h"), "b": ("n_h + n_h + n_h + n_h",),
}


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def forward(x, h0, c0, W, b):
    h, c, hs, tape = h0, c0, [], []
    for t in range(x.shape[1]):
        row = np.concatenate([x[:, t], h], axis=1)
        i, f, o, g = np.split(row @ W + b, 4, axis=1)
        i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
        c_prev, c = c, f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        tape.append((row, i, f, o, g, c_prev, c))
    return {"h": np.stack(hs, axis=1), "c": c}, (x, W, tape)


def backward(upstream, cache):
    x, W, tape = cache
    n_x = x.shape[2]
    dx, dW, db = np.zeros_like(x), np.zeros_like(W), np.zeros(W.shape[1])
    dh, dc = 0, upstream["c"]
    for t in reversed(range(len(tape))):
        row, i, f, o, g, c_prev, c = tape[t]
        dh = dh + upstream["h"][:, t]
        dc = dc + dh * o * (1 - np.tanh(c) ** 2)
        di, df = dc * g * i * (1 - i), dc * c_prev * f * (1 - f)
        do, dg = dh * np.tanh(c) * o * (1 - o), dc * i * (1 - g**2)
        dz = np.concatenate([di, df, do, dg], axis=1)
        dW += row.T @ dz
        db += dz.sum(axis=0)
        drow = dz @ W.T
        dx[:, t], dh = drow[:, :n_x], drow[:, n_x:]
        dc = dc * f
    return {"dx": dx, "dh0": dh, "dc0": dc, "dW": dW, "db": db}
