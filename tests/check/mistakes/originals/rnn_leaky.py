"""Leaky RNN with a learned mixing rate, examples in rows."""

import numpy as np

# h_t = (1 - alpha) * h_{t-1} + alpha * tanh(x_t W + h_{t-1} U + b), alpha = sigmoid(s) per unit
INPUTS = {"x": ("T", "m", "n_x"), "h0": ("m", "n_h"), "W": ("n_x", "n_h"), "U": ("n_h", "n_h"),
          "b": ("n_h",), "s": ("n_h",)}


def forward(x, h0, W, U, b, s):
    alpha = 1 / (1 + np.exp(-s))
    h = [h0]
    cand = []
    for t in range(len(x)):
        cand.append(np.tanh(x[t] @ W + h[t] @ U + b))
        h.append((1 - alpha) * h[t] + alpha * cand[t])
    return {"h": np.stack(h[1:])}, (x, h, cand, alpha, W, U)


def backward(upstream, cache):
    x, h, cand, alpha, W, U = cache
    up = upstream["h"]
    T = len(x)

    dW = np.zeros_like(W)
    dU = np.zeros_like(U)
    db = np.zeros_like(alpha)
    ds = np.zeros_like(alpha)
    dx = np.zeros_like(x)
    carry = np.zeros_like(h[0])

    t = T - 1
    while t >= 0:
        dh = up[t] + carry
        dalpha = dh * (cand[t] - h[t])
        ds += (dalpha * alpha * (1 - alpha)).sum(axis=0)
        dz = dh * alpha * (1 - cand[t] ** 2)
        dW += x[t].T @ dz
        dU += h[t].T @ dz
        db += dz.sum(axis=0)
        dx[t] = dz @ W.T
        carry = dz @ U.T + (1 - alpha) * dh
        t -= 1

    return {"dx": dx, "dh0": carry, "dW": dW, "dU": dU, "db": db, "ds": ds}
