"""Softmax with cross-entropy on one-hot columns, the gradient of the targets too."""

import numpy as np


def forward(a, W, b, y):
    z = W @ a + b
    e = np.exp(z - np.max(z, axis=0))
    p = e / np.sum(e, axis=0)
    return {"J": -np.sum(y * np.log(p)), "p": p}, (a, W, y, p)


def backward(up, cache):
    a, W, y, p = cache
    dz = (p - y) * up["J"] + p * (up["p"] - np.sum(p * up["p"], axis=0))
    return {"da": W.T @ dz, "dW": dz @ a.T, "db": dz.sum(axis=1, keepdims=True), "dy": -np.log(p) * up["J"]}


def inputs(rng):
    y = np.zeros((3, 5))
    y[[0, 2, 1, 1, 0], np.arange(5)] = 1
    return {"a": rng.standard_normal((4, 5)), "W": rng.standard_normal((3, 4)), "b": np.zeros((3, 1)), "y": y}


WRONG = ('(p - y) * up["J"]', "(p - y)")
