"""Batch, then time, then features."""

import numpy as np


def forward(x, Wx, Wh, b):
    m, T, _ = x.shape
    h = np.zeros((m, T + 1, Wh.shape[0]))
    for t in range(T):
        h[:, t + 1] = np.tanh(x[:, t] @ Wx + h[:, t] @ Wh + b)
    return {"h": h[:, 1:]}, (x, h, Wx, Wh)


def backward(up, cache):
    x, h, Wx, Wh = cache
    dx, dWx, dWh, db = np.empty_like(x), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(Wh.shape[0])
    carry = np.zeros_like(h[:, 0])
    for t in range(x.shape[1])[::-1]:
        dz = (up["h"][:, t] + carry) * (1 - h[:, t + 1] ** 2)
        dx[:, t] = dz @ Wx.T
        carry = dz @ Wh.T
        dWx += x[:, t].T @ dz
        dWh += h[:, t].T @ dz
        db += dz.sum(axis=0)
    return {"dx": dx, "dWx": dWx, "dWh": dWh, "db": db}


def inputs(rng):
    return {
        "x": rng.standard_normal((1, 4, 3)),
        "Wx": rng.standard_normal((3, 2)),
        "Wh": np.eye(2),
        "b": np.zeros(2),
    }


WRONG = ("carry = dz @ Wh.T", "carry = dz @ Wx.T @ Wx")
