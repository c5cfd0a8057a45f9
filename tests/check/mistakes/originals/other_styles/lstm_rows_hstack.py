"""LSTM over a sequence, examples in rows: the gates' blocks joined."""

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
    m, T, D = x.shape
    dx = np.zeros((m, T, D))
    dW = np.zeros(W.shape)
    db = np.zeros(W.shape[1])
    H = W.shape[1] // 4
    dprev_h = np.zeros((m, H))
    dprev_c = upstream["c"].copy()
    for t in range(T - 1, -1, -1):
        row, i, f, o, g, prev_c, next_c = tape[t]
        dnext_h = dprev_h + upstream["h"][:, t, :]
        tc = np.tanh(next_c)
        dnext_c = dprev_c + dnext_h * o * (1 - tc ** 2)
        da = np.hstack((
            dnext_c * g * i * (1 - i),
            dnext_c * prev_c * f * (1 - f),
            dnext_h * tc * o * (1 - o),
            dnext_c * i * (1 - g ** 2),
        ))
        dW += row.T.dot(da)
        db += np.sum(da, axis=0)
        drow = da.dot(W.T)
        dx[:, t, :] = drow[:, :D]
        dprev_h = drow[:, D:]
        dprev_c = dnext_c * f
    return {"dx": dx, "dh0": dprev_h, "dc0": dprev_c, "dW": dW, "db": db}
