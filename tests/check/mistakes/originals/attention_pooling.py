"""Attention pooling over the steps of a sequence."""

import numpy as np

INPUTS = {"x": ("T", "m", "n_x"), "W": ("n_x", "n_h"), "U": ("n_h", "n_h"), "b": ("n_h",), "q": ("n_h",)}


def forward(x, W, U, b, q):
    T, m, _ = x.shape
    H = []
    h = np.zeros((m, U.shape[0]))
    for t in range(T):
        h = np.tanh(x[t] @ W + h @ U + b)
        H.append(h)
    H = np.stack(H)                               # (T, m, n_h)
    e = np.einsum("tmh,h->tm", H, q)
    ex = np.exp(e)
    s = ex / np.sum(ex, axis=0, keepdims=True)    # attention weights
    pooled = np.einsum("tm,tmh->mh", s, H)
    return {"pooled": pooled}, (x, H, s, W, U, q)


def backward(upstream, cache):
    x, H, s, W, U, q = cache
    dp = upstream["pooled"]

    ds = np.einsum("mh,tmh->tm", dp, H)
    de = s * (ds - np.sum(ds * s, axis=0, keepdims=True))
    dq = np.einsum("tm,tmh->h", de, H)
    dH = s[:, :, None] * dp[None] + de[:, :, None] * q

    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(q)
    dx = np.zeros_like(x)
    nxt = np.zeros_like(dp)
    for t in reversed(range(len(x))):
        dz = (dH[t] + nxt) * (1 - H[t] ** 2)
        dW += x[t].T @ dz
        if t > 0:  # h_{-1} is zero
            dU += H[t - 1].T @ dz
        db += dz.sum(axis=0)
        dx[t] = dz @ W.T
        nxt = dz @ U.T
    return {"dx": dx, "dW": dW, "dU": dU, "db": db, "dq": dq}
