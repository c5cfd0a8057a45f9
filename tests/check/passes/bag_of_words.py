"""The mean of embeddings, weighted with counts that are whole numbers."""

import numpy as np


def forward(E, counts):
    n = counts.sum()
    return {"y": counts @ E / n}, (E, counts, n)


def backward(up, cache):
    E, counts, n = cache
    return {"dE": np.outer(counts, up["y"]) / n, "dcounts": E @ up["y"] / n - counts @ E @ up["y"] / n**2}


def inputs(rng):
    return {"E": rng.standard_normal((4, 3)), "counts": [2, 0, 1, 5]}


WRONG = (' - counts @ E @ up["y"] / n**2', "")
