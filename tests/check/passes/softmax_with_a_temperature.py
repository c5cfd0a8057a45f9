"""The temperature is a whole number, the logits are a list."""

import numpy as np


def forward(z, tau):
    e = np.exp(z / tau)
    p = e / e.sum()
    return {"p": p}, (z, tau, p)


def backward(up, cache):
    z, tau, p = cache
    ds = p * (up["p"] - p @ up["p"])
    return {"dz": ds / tau, "dtau": -(ds @ z) / tau**2}


def inputs(rng):
    return {"z": [1, 2, 0], "tau": 2}


WRONG = ("/ tau**2", "/ tau")
