"""A bias of the keys shifts all scores of a row: its gradient is 0."""

import numpy as np


def forward(q, k, b, v):
    s = q @ (k + b).T
    p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    return {"y": p @ v}, (q, k, b, v, p)


def backward(up, cache):
    q, k, b, v, p = cache
    dp = up["y"] @ v.T
    ds = p * (dp - (dp * p).sum(axis=1, keepdims=True))
    dk = ds.T @ q
    return {"dq": ds @ (k + b), "dk": dk, "db": dk.sum(axis=0), "dv": p.T @ up["y"]}


def inputs(rng):
    return {k: rng.standard_normal(s) for k, s in {"q": (4, 3), "k": (5, 3), "b": (3,), "v": (5, 2)}.items()}


WRONG = ('"db": dk.sum(axis=0)', '"db": dk.mean(axis=0) + 1e-9')
