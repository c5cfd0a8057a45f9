"""A list of arrays for everything, and whole numbers as inputs."""

import numpy as np


def forward(x, U, W):
    h, hs = np.zeros((U.shape[0], x.shape[1])), []
    for step in x:
        h = np.tanh(U * step + W @ h)
        hs.append(h)
    return {"h": hs[-1]}, [x, U, W, hs]


def backward(up, cache):
    x, U, W, hs = cache
    dx, dU, dW, dh = [], np.zeros_like(U), np.zeros_like(W), up["h"]
    for t in range(len(hs) - 1, -1, -1):
        dz = dh * (1 - hs[t] * hs[t])
        dx.insert(0, (U * dz).sum(axis=0))
        dU += (dz * x[t]).sum(axis=1, keepdims=True)
        if t > 0:
            dW += dz @ hs[t - 1].T
        dh = W.T @ dz
    return {"dx": np.array(dx), "dU": dU, "dW": dW}


def inputs(rng):
    return {"x": [[1, 0, -1], [2, 1, 0], [0, 0, 1]], "U": [[1], [2]], "W": [[0, 1], [-1, 1]]}


WRONG = ("if t > 0:", "if t > 1:")
