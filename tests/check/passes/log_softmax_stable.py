"""The logarithm of a softmax without a softmax."""

import numpy as np


def forward(z, y):
    top = z.max(axis=1, keepdims=True)
    logp = z - top - np.log(np.sum(np.exp(z - top), axis=1, keepdims=True))
    return {"J": -np.sum(logp * y, axis=1)}, (logp, y)


def backward(up, cache):
    logp, y = cache
    dz = up["J"][:, None] * (np.exp(logp) - y)
    return {"dz": dz, "dy": -up["J"][:, None] * logp}


def inputs(rng):
    soft = np.array([[0.1, 0.2, 0.7], [0.0, 1.0, 0.0], [0.25, 0.25, 0.5]])
    return {"z": np.array([[1.0, 1.0, 1.0], [1e3, 0.0, 0.0], [-2.0, 30.0, 1.0]]), "y": soft}


WRONG = ("(np.exp(logp) - y)", "(np.exp(logp) - y) / 3")
