"""One dimension, by loops over positions."""

import numpy as np


def forward(x, k, b):
    n = len(k)
    y = np.zeros(len(x) - n + 1)
    for i in range(len(y)):
        y[i] = np.sum(x[i : i + n] * k) + b
    return {"y": y}, (x, k)


def backward(up, cache):
    x, k = cache
    dx, dk = np.zeros_like(x), np.zeros_like(k)
    for i, g in enumerate(up["y"]):
        dx[i : i + len(k)] += g * k
        dk += g * x[i : i + len(k)]
    return {"dx": dx, "dk": dk, "db": up["y"].sum()}


def inputs(rng):
    return {"x": rng.standard_normal(7), "k": rng.standard_normal(3), "b": np.array(0.0)}


WRONG = ("dx[i : i + len(k)] += g * k", "dx[i : i + len(k)] = g * k")
