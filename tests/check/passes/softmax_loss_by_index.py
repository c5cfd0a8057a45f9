"""Classes as whole numbers, picked by index; the mean over rows."""

import numpy as np


def forward(x, W, labels):
    z = x @ W
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    return {"J": -np.log(p[rows, labels]).mean()}, (x, W, p, labels)


def backward(up, cache):
    x, W, p, labels = cache
    dz = p.copy()
    dz[np.arange(len(labels)), labels] -= 1
    dz *= up["J"] / len(labels)
    return {"dx": dz @ W.T, "dW": x.T @ dz}


def inputs(rng):
    return {"x": rng.standard_normal((4, 3)), "W": rng.standard_normal((3, 5)), "labels": np.array([4, 0, 0, 2])}


WRONG = ('dz *= up["J"] / len(labels)', 'dz *= up["J"]')
