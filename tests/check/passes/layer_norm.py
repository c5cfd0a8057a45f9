"""Layer normalisation, the three terms in one line."""

import numpy as np


def forward(x, gamma, beta):
    mu, var = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    xhat = (x - mu) / np.sqrt(var + 1e-5)
    return {"y": gamma * xhat + beta}, (xhat, gamma, np.sqrt(var + 1e-5))


def backward(up, cache):
    xhat, gamma, std = cache
    g = up["y"] * gamma
    dx = (g - g.mean(axis=-1, keepdims=True) - xhat * np.mean(g * xhat, axis=-1, keepdims=True)) / std
    return {"dx": dx, "dgamma": np.sum(up["y"] * xhat, axis=0), "dbeta": up["y"].sum(axis=0)}


def inputs(rng):
    x = rng.standard_normal((4, 6))
    x[1], x[2] = 3.0, x[2] * 1e-3
    return {"x": x, "gamma": np.ones(6), "beta": np.zeros(6)}


WRONG = (" - xhat * np.mean(g * xhat, axis=-1, keepdims=True)", "")
