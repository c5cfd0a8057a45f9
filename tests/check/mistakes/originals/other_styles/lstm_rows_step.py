"""LSTM over a sequence, examples in rows: a step is a function of its own."""

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


def lstm_step_backward(dh, dc, saved, W, n_x):
    row, i, f, o, g, c_prev, c = saved
    dc = dc + dh * o * (1 - np.tanh(c) ** 2)
    pre = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dh * np.tanh(c) * o * (1 - o), dc * i * (1 - g ** 2)]
    pre = np.concatenate(pre, axis=1)
    drow = pre @ W.T
    return drow[:, :n_x], drow[:, n_x:], dc * f, row.T @ pre, pre.sum(axis=0)


def backward(upstream, cache):
    x, W, tape = cache
    dx = np.zeros_like(x)
    dW, db = 0, 0
    dh, dc = np.zeros_like(upstream["c"]), upstream["c"]
    for t in range(x.shape[1])[::-1]:
        dx[:, t], dh, dc, dWt, dbt = lstm_step_backward(upstream["h"][:, t] + dh, dc, tape[t], W, x.shape[2])
        dW, db = dW + dWt, db + dbt
    return {"dx": dx, "dh0": dh, "dc0": dc, "dW": dW, "db": db}
