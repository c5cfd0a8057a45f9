"""Forward and backward in time, one function for both."""

import numpy as np


def run(x, W):
    h, hs = np.zeros(W.shape[0]), []
    for v in x:
        h = np.tanh(v + W @ h)
        hs.append(h)
    return hs


def back(dhs, hs, W):
    dx, dW, carry = np.zeros(dhs.shape), np.zeros(W.shape), np.zeros(W.shape[0])
    for t in reversed(range(len(hs))):
        dz = (dhs[t] + carry) * (1 - hs[t] ** 2)
        dx[t] = dz
        if t:
            dW += np.outer(dz, hs[t - 1])
        carry = W.T @ dz
    return dx, dW


def forward(x, W, V):
    f, b = run(x, W), run(x[::-1], V)
    return {"y": np.stack(f) + np.stack(b[::-1])}, (f, b, W, V)


def backward(up, cache):
    f, b, W, V = cache
    dx, dW = back(up["y"], f, W)
    dx_b, dV = back(up["y"][::-1], b, V)
    return {"dx": dx + dx_b[::-1], "dW": dW, "dV": dV}


def inputs(rng):
    return {"x": rng.standard_normal((4, 2)), "W": rng.standard_normal((2, 2)), "V": rng.standard_normal((2, 2))}


WRONG = ('back(up["y"][::-1], b, V)', 'back(up["y"], b, V)')
