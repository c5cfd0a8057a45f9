"""The exponential of a mean over time."""

import numpy as np


def forward(z, y):
    T = len(z)
    p = [np.exp(v) / np.exp(v).sum() for v in z]
    nll = [-np.log(q @ k) for q, k in zip(p, y)]
    return {"perplexity": np.exp(sum(nll) / T)}, (p, y, np.exp(sum(nll) / T))


def backward(up, cache):
    p, y, value = cache
    T = len(p)
    scale = up["perplexity"] * value / T
    dz = [scale * (q - q * k / (q @ k)) for q, k in zip(p, y)]
    dy = [-scale * q / (q @ k) for q, k in zip(p, y)]
    return {"dz": np.array(dz), "dy": dy}


def inputs(rng):
    return {"z": rng.standard_normal((3, 4)), "y": np.eye(4)[[1, 1, 3]]}


WRONG = ('up["perplexity"] * value / T', 'up["perplexity"] / T')
