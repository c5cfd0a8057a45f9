"""One-hot targets and logits in float32, far apart."""

import numpy as np


def forward(z, y):
    p = np.exp(z - z.max(axis=0, keepdims=True))
    p = p / p.sum(axis=0, keepdims=True)
    return {"J": -(y * np.log(p)).sum()}, (p, y)


def backward(up, cache):
    p, y = cache
    return {"dz": up["J"] * (p - y), "dy": -up["J"] * np.log(p)}


def inputs(rng):
    z = np.array([[25, 0, 3], [0, 12, 3], [-3, 0, 3]], dtype=np.float32)
    return {"z": z, "y": np.eye(3, dtype=np.float32)}


WRONG = ("(p - y)", "(p - y) * p")
