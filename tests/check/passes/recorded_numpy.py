"""The import that records, and assignments into arrays of zeros."""

import autograd_seq.numpy as np


def forward(x, W):
    T = x.shape[1]
    h = np.zeros((T + 1, W.shape[0]))
    for t in range(T):
        h[t + 1] = np.tanh(x[:, t] + np.dot(W, h[t]))
    return {"h": h[1:]}, (W, h)


def backward(up, cache):
    W, h = cache
    dx, dW, dh = np.zeros((W.shape[0], len(h) - 1)), np.zeros_like(W), np.zeros(W.shape[0])
    for t in reversed(range(len(h) - 1)):
        dz = (dh + up["h"][t]) * (1 - h[t + 1] ** 2)
        dx[:, t] = dz
        dW += np.outer(dz, h[t])
        dh = np.dot(W.T, dz)
    return {"dx": dx, "dW": dW}


def inputs(rng):
    return {"x": rng.standard_normal((3, 4)), "W": rng.standard_normal((3, 3))}


WRONG = ("dh = np.dot(W.T, dz)", "dh = np.dot(W, dz)")
