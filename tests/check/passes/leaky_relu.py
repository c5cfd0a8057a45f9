"""By np.where, with a zero among the arguments."""

import numpy as np


def forward(x, W):
    z = x @ W
    return {"y": np.where(z > 0, z, 0.01 * z)}, (x, W, z)


def backward(up, cache):
    x, W, z = cache
    dz = up["y"] * np.where(z > 0, 1.0, 0.01)
    return {"dx": dz @ W.T, "dW": x.T @ dz}


def inputs(rng):
    return {"x": np.array([[0.0, 0.0], [1.0, -2.0], [3.0, 1.0]]), "W": np.array([[2.0, 1.0, -1.0], [1.0, 1.0, 4.0]])}


WRONG = ("np.where(z > 0, 1.0, 0.01)", "np.where(z > 0, 1.0, 0.0)")
