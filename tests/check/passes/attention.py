"""One head of attention, in rows."""

import numpy as np


def forward(x, Wq, Wk, Wv):
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    s = q @ k.T / np.sqrt(q.shape[1])
    e = np.exp(s - s.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return {"y": p @ v}, (x, q, k, v, p, Wq, Wk, Wv)


def backward(up, cache):
    x, q, k, v, p, Wq, Wk, Wv = cache
    dv = p.T @ up["y"]
    dp = up["y"] @ v.T
    ds = p * (dp - np.sum(dp * p, axis=1, keepdims=True)) / np.sqrt(q.shape[1])
    dq, dk = ds @ k, ds.T @ q
    return {"dx": dq @ Wq.T + dk @ Wk.T + dv @ Wv.T, "dWq": x.T @ dq, "dWk": x.T @ dk, "dWv": x.T @ dv}


def inputs(rng):
    return {"x": rng.standard_normal((5, 4)), **{k: rng.standard_normal((4, 3)) for k in ("Wq", "Wk", "Wv")}}


WRONG = ("dk = ds @ k, ds.T @ q", "dk = ds @ k, ds @ q")
