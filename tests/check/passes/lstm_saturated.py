"""Gates that are shut or open to the last digit."""

import numpy as np


def sigmoid(z):
    return np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))), np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))))


def forward(x, a0, c0, W, b):
    a, c, tape = a0, c0, []
    n = a0.shape[0]
    for t in range(x.shape[2]):
        s = np.concatenate([a, x[:, :, t]])
        z = W @ s + b
        f, i, o, g = sigmoid(z[:n]), sigmoid(z[n : 2 * n]), sigmoid(z[2 * n : 3 * n]), np.tanh(z[3 * n :])
        c_prev, c = c, f * c + i * g
        a = o * np.tanh(c)
        tape.append((s, f, i, o, g, c_prev, c))
    return {"a": a, "c": c}, (tape, W, x.shape)


def backward(up, cache):
    tape, W, shape = cache
    da, dc = up["a"], up["c"]
    n = da.shape[0]
    dx, dW, db = np.zeros(shape), np.zeros_like(W), np.zeros((4 * n, 1))
    for t in reversed(range(len(tape))):
        s, f, i, o, g, c_prev, c = tape[t]
        tc = np.tanh(c)
        dc = dc + da * o * (1 - tc * tc)
        dz = np.vstack([dc * c_prev * f * (1 - f), dc * g * i * (1 - i), da * tc * o * (1 - o), dc * i * (1 - g * g)])
        dW += dz @ s.T
        db += dz.sum(axis=1, keepdims=True)
        ds = W.T @ dz
        da, dx[:, :, t], dc = ds[:n], ds[n:], dc * f
    return {"dx": dx, "da0": da, "dc0": dc, "dW": dW, "db": db}


def inputs(rng):
    b = np.repeat([[20.0], [-30.0], [0.0], [5.0]], 2, axis=0)
    return {
        "x": rng.standard_normal((2, 3, 3)),
        "a0": np.zeros((2, 3)),
        "c0": rng.standard_normal((2, 3)),
        "W": rng.standard_normal((8, 4)) * 4,
        "b": b,
    }


WRONG = ("da * tc * o * (1 - o)", "da * c * o * (1 - o)")
