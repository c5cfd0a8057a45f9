"""A margin that is met exactly costs nothing, and its gradient is taken as 0."""

import numpy as np


def forward(w, x, y):
    margin = 1 - y * (x @ w)
    return {"J": np.maximum(margin, 0).sum() + 0.5 * np.sum(w * w)}, (w, x, y, margin)


def backward(up, cache):
    w, x, y, margin = cache
    active = (margin > 0) * -y
    return {"dw": up["J"] * (x.T @ active + w), "dx": up["J"] * np.outer(active, w),
            "dy": -up["J"] * (margin > 0) * (x @ w)}  # fmt: skip


def inputs(rng):
    return {"w": np.array([1.0, -1.0]), "x": np.array([[2.0, 1.0], [0.5, 0.0], [0.0, 3.0]]), "y": [1, 1, -1]}


WRONG = ("np.outer(active, w)", "np.outer(active, x[0])")
