"""The stable form has two kinks at 0 that cancel."""

import numpy as np


def forward(z, y):
    return {"J": np.sum(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))}, (z, y)


def backward(up, cache):
    z, y = cache
    p = 0.5 * (1 + np.tanh(z / 2))
    return {"dz": up["J"] * (p - y), "dy": -up["J"] * z}


def inputs(rng):
    return {"z": np.array([0.0, 3.0, -40.0, 700.0, 0.0]), "y": np.array([1.0, 0.0, 0.0, 1.0, 0.0])}


EXCLUDED = ["dz"]
WRONG = ("np.tanh(z / 2)", "np.tanh(z)")
