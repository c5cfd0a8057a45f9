"""Padded steps leave the state as it is; the lengths are whole numbers."""

import numpy as np


def forward(x, W, lengths):
    T, n, m = x.shape
    h, tape = np.zeros((n, m)), []
    for t in range(T):
        on = np.array([1.0 if t < n else 0.0 for n in lengths])
        new = np.tanh(x[t] + W @ h)
        tape.append((h, new, on))
        h = on * new + (1 - on) * h
    return {"h": h}, (W, tape)


def backward(up, cache):
    W, tape = cache
    dx, dW, dh = [], np.zeros_like(W), up["h"]
    for h, new, on in reversed(tape):
        dz = dh * on * (1 - new**2)
        dx.append(dz)
        dW = dW + dz @ h.T
        dh = dh * (1 - on) + W.T @ dz
    return {"dx": np.array(dx[::-1]), "dW": dW}


def inputs(rng):
    return {"x": rng.standard_normal((4, 2, 3)), "W": rng.standard_normal((2, 2)), "lengths": [4, 1, 2]}


WRONG = ("dh * (1 - on) + W.T @ dz", "W.T @ dz")
