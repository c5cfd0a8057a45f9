"""A residual path past two matrices, in float32."""

import numpy as np


def forward(x, A, B):
    h = np.maximum(A @ x, 0.0)
    return {"y": x + B @ h}, (x, A, B, h)


def backward(up, cache):
    x, A, B, h = cache
    dh = (B.T @ up["y"]) * (h > 0)
    return {"dx": up["y"] + A.T @ dh, "dA": dh @ x.T, "dB": up["y"] @ h.T}


def inputs(rng):
    shapes = {"x": (3, 4), "A": (5, 3), "B": (3, 5)}
    return {k: rng.standard_normal(s).astype(np.float32) for k, s in shapes.items()}


WRONG = ('up["y"] + A.T @ dh', "A.T @ dh")
