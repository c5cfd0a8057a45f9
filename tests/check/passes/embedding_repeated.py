"""Rows of an embedding that are looked up more than once."""

import numpy as np


def forward(E, ids, w):
    e = E[ids]
    return {"y": np.tanh(e @ w)}, (E, ids, w, e, np.tanh(e @ w))


def backward(up, cache):
    E, ids, w, e, y = cache
    dz = up["y"] * (1 - y**2)
    dE = np.zeros_like(E)
    np.add.at(dE, ids, np.outer(dz, w))
    return {"dE": dE, "dw": e.T @ dz}


def inputs(rng):
    return {"E": rng.standard_normal((5, 3)), "ids": np.array([1, 4, 1, 1, 0]), "w": rng.standard_normal(3)}


WRONG = ("np.add.at(dE, ids, np.outer(dz, w))", "dE[ids] = np.outer(dz, w)")
