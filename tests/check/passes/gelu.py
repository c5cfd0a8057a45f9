"""The approximation by tanh, at arguments from tiny to large."""

import numpy as np

C = np.sqrt(2 / np.pi)


def forward(x):
    u = C * (x + 0.044715 * x**3)
    return {"y": 0.5 * x * (1 + np.tanh(u))}, (x, np.tanh(u))


def backward(up, cache):
    x, t = cache
    return {"dx": up["y"] * (0.5 * (1 + t) + 0.5 * x * (1 - t**2) * C * (1 + 3 * 0.044715 * x**2))}


def inputs(rng):
    return {"x": np.array([-12.0, -6.0, -1.0, -1e-9, 0.0, 0.5, 8.0])}


WRONG = ("(1 + 3 * 0.044715 * x**2)", "(1 + 0.044715 * x**2)")
