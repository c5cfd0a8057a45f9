"""A deviation of 1e-3, by its logarithm."""

import numpy as np


def forward(mu, log_sigma, x):
    z = (x - mu) / np.exp(log_sigma)
    return {"J": np.sum(0.5 * z**2 + log_sigma)}, (z, log_sigma)


def backward(up, cache):
    z, log_sigma = cache
    dmu = -up["J"] * z / np.exp(log_sigma)
    return {"dmu": dmu, "dlog_sigma": up["J"] * (1 - z**2), "dx": -dmu}


def inputs(rng):
    return {"mu": np.array([0.0, 1.0, -2.0]), "log_sigma": np.log([1e-3, 1.0, 30.0]), "x": np.array([1e-3, 1.0, 5.0])}


WRONG = ("(1 - z**2)", "(1 - z)")
