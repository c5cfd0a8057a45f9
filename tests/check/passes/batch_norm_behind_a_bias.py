"""Batch normalisation: the bias before it has the gradient 0."""

import numpy as np


def forward(x, W, b, gamma, beta):
    z = W @ x + b
    zc = z - z.mean(axis=1, keepdims=True)
    s = np.sqrt((zc**2).mean(axis=1, keepdims=True) + 1e-8)
    return {"y": gamma * zc / s + beta}, (x, W, zc, s, gamma)


def backward(up, cache):
    x, W, zc, s, gamma = cache
    m = x.shape[1]
    dn = up["y"] * gamma
    ds = -np.sum(dn * zc, axis=1, keepdims=True) / s**2
    dzc = dn / s + ds * zc / (m * s)
    dz = dzc - dzc.mean(axis=1, keepdims=True)
    return {
        "dx": W.T @ dz,
        "dW": dz @ x.T,
        "db": dz.sum(axis=1, keepdims=True),
        "dgamma": np.sum(up["y"] * zc / s, axis=1, keepdims=True),
        "dbeta": up["y"].sum(axis=1, keepdims=True),
    }


def inputs(rng):
    return {
        "x": rng.standard_normal((3, 6)),
        "W": rng.standard_normal((2, 3)),
        "b": rng.standard_normal((2, 1)),
        "gamma": np.ones((2, 1)),
        "beta": np.zeros((2, 1)),
    }


WRONG = ("ds * zc / (m * s)", "ds * zc / s")
