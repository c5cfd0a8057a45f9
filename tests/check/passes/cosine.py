"""The cosine of two vectors, one of them tiny and one huge."""

import numpy as np


def forward(a, b):
    na, nb = np.sqrt(a @ a), np.sqrt(b @ b)
    c = a @ b / (na * nb)
    return {"c": c}, (a, b, na, nb, c)


def backward(up, cache):
    a, b, na, nb, c = cache
    return {"da": up["c"] * (b / (na * nb) - c * a / na**2), "db": up["c"] * (a / (na * nb) - c * b / nb**2)}


def inputs(rng):
    return {"a": 1e-7 * rng.standard_normal(4), "b": 1e6 * rng.standard_normal(4)}


WRONG = ("- c * b / nb**2", "- c * b / nb")
