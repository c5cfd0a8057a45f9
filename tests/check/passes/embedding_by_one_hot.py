"""The same by a product with one-hot columns."""

import numpy as np


def forward(E, X):
    return {"y": np.sin(E @ X)}, (E, X)


def backward(up, cache):
    E, X = cache
    dz = up["y"] * np.cos(E @ X)
    return {"dE": dz @ X.T, "dX": E.T @ dz}


def inputs(rng):
    return {"E": rng.standard_normal((3, 4)), "X": np.eye(4)[:, [2, 2, 0, 3, 1]]}


WRONG = ('"dX": E.T @ dz', '"dX": E.T @ dz * X')
