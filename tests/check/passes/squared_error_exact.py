"""Nothing is left to learn: all gradients are 0."""

import numpy as np


def forward(W, x, t):
    return {"J": 0.5 * np.sum((W @ x - t) ** 2)}, (W, x, t)


def backward(up, cache):
    W, x, t = cache
    e = up["J"] * (W @ x - t)
    return {"dW": e @ x.T, "dx": W.T @ e, "dt": -e}


def inputs(rng):
    W, x = rng.standard_normal((3, 2)), rng.standard_normal((2, 4))
    return {"W": W, "x": x, "t": W @ x}


WRONG = ("W.T @ e", "W.T @ e * 2")
