"""The absolute error of a prediction that is exact somewhere."""

import numpy as np


def forward(W, x, t):
    return {"J": np.abs(W @ x - t).sum()}, (W, x, t)


def backward(up, cache):
    W, x, t = cache
    s = np.sign(W @ x - t) * up["J"]
    return {"dW": np.outer(s, x), "dx": W.T @ s, "dt": -s}


def inputs(rng):
    W, x = np.array([[1.0, 2.0], [0.0, 1.0], [3.0, -1.0]]), np.array([1.0, 0.5])
    return {"W": W, "x": x, "t": W @ x + [0.0, 1.0, -1.0]}


WRONG = ('"dt": -s', '"dt": s')
