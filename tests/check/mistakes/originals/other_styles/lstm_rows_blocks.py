"""LSTM over a sequence, examples in rows: the gates' blocks filled in."""

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
    d_in = x.shape[2]
    n = W.shape[1] // 4
    Wx, Wh = W[:d_in], W[d_in:]
    dh_next = np.zeros((x.shape[0], n))
    dc_next = upstream["c"]
    dx = np.zeros(x.shape)
    dW = np.zeros(W.shape)
    db = np.zeros(4 * n)
    for t, (row, i, f, o, g, c_old, c_new) in reversed(list(enumerate(tape))):
        dh = upstream["h"][:, t] + dh_next
        dc = dc_next + dh * o * (1 - np.tanh(c_new) ** 2)
        dz = np.zeros((x.shape[0], 4 * n))
        dz[:, 0 * n:1 * n] = dc * g * i * (1 - i)
        dz[:, 1 * n:2 * n] = dc * c_old * f * (1 - f)
        dz[:, 2 * n:3 * n] = dh * np.tanh(c_new) * o * (1 - o)
        dz[:, 3 * n:4 * n] = dc * i * (1 - g ** 2)
        dW += np.dot(row.T, dz)
        db += dz.sum(0)
        dx[:, t] = np.dot(dz, Wx.T)
        dh_next = np.dot(dz, Wh.T)
        dc_next = dc * f
    return dict(dx=dx, dh0=dh_next, dc0=dc_next, dW=dW, db=db)
