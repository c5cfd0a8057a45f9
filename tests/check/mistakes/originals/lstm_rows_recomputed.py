"""LSTM over a sequence, examples in rows; the gates are computed again from what was cached."""

import numpy as np

# batch first, one big weight, gate order i f g o
INPUTS = {"x": ("m", "T", "n_x"), "h0": ("m", "n_h"), "c0": ("m", "n_h"),
          "W": ("n_x+n_h", "n_h+n_h+n_h+n_h"), "b": ("n_h+n_h+n_h+n_h",)}


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def forward(x, h0, c0, W, b):
    n_h = h0.shape[1]
    h, c = h0, c0
    hs, cache = [], []
    for t in range(x.shape[1]):
        xh = np.concatenate([x[:, t, :], h], axis=1)
        A = xh @ W + b
        i = sigmoid(A[:, :n_h])
        f = sigmoid(A[:, n_h:2 * n_h])
        g = np.tanh(A[:, 2 * n_h:3 * n_h])
        o = sigmoid(A[:, 3 * n_h:])
        c_new = f * c + i * g
        h = o * np.tanh(c_new)
        cache.append((xh, A, c, c_new))
        c = c_new
        hs.append(h)
    return {"h": np.stack(hs, axis=1), "c_last": c}, (cache, W)


def backward(upstream, cache):
    steps, W = cache
    dh_out = upstream["h"]
    m, T, n_h = dh_out.shape
    n_x = W.shape[0] - n_h

    dW = np.zeros(W.shape)
    db = np.zeros(W.shape[1])
    dx = np.zeros((m, T, n_x))
    dh = np.zeros((m, n_h))
    dc = upstream["c_last"]

    for t in reversed(range(T)):
        xh, A, c_prev, c = steps[t]
        i, f, o = sigmoid(A[:, :n_h]), sigmoid(A[:, n_h:2 * n_h]), sigmoid(A[:, 3 * n_h:])
        g = np.tanh(A[:, 2 * n_h:3 * n_h])
        tc = np.tanh(c)

        dh = dh + dh_out[:, t]
        dc = dc + dh * o * (1 - tc ** 2)

        sf = f * (1 - f)
        dA = np.hstack([dc * g * i * (1 - i),
                        dc * c_prev * sf,
                        dc * i * (1 - g ** 2),
                        dh * tc * o * (1 - o)])
        dc = dc * f

        dW += xh.T @ dA
        db += dA.sum(axis=0)
        dxh = dA @ W.T
        dx[:, t], dh = dxh[:, :n_x], dxh[:, n_x:]

    return {"dx": dx, "dh0": dh, "dc0": dc, "dW": dW, "db": db}
