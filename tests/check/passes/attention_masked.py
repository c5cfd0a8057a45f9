"""The future is masked by scores of minus a thousand million."""

import numpy as np


def forward(x, W):
    T = x.shape[0]
    s = x @ W @ x.T + np.triu(np.full((T, T), -1e9), 1)
    e = np.exp(s - np.max(s, axis=1, keepdims=True))
    p = e / np.sum(e, axis=1, keepdims=True)
    return {"y": p @ x}, (x, W, p)


def backward(up, cache):
    x, W, p = cache
    dp = up["y"] @ x.T
    ds = p * (dp - np.sum(p * dp, axis=1, keepdims=True))
    return {"dx": p.T @ up["y"] + ds @ x @ W.T + ds.T @ x @ W, "dW": x.T @ ds @ x}


def inputs(rng):
    return {"x": rng.standard_normal((4, 3)), "W": rng.standard_normal((3, 3))}


WRONG = ("ds.T @ x @ W", "ds.T @ x @ W.T")
