"""Two layers, everything in one dict by name and time step."""

import numpy as np


def forward(x, W1, U1, b1, W2, U2, b2, V, c):
    T = x.shape[0]
    s = {("h1", -1): np.zeros((U1.shape[0], x.shape[2])), ("h2", -1): np.zeros((U2.shape[0], x.shape[2]))}
    for t in range(T):
        s["h1", t] = np.tanh(W1 @ x[t] + U1 @ s["h1", t - 1] + b1)
        s["h2", t] = np.tanh(W2 @ s["h1", t] + U2 @ s["h2", t - 1] + b2)
        s["o", t] = V @ s["h2", t] + c
    return {"o": np.stack([s["o", t] for t in range(T)])}, (s, x, W1, U1, W2, U2, V)


def backward(upstream, cache):
    s, x, W1, U1, W2, U2, V = cache
    T = x.shape[0]
    g = {
        "dW1": np.zeros_like(W1), "dU1": np.zeros_like(U1), "dW2": np.zeros_like(W2), "dU2": np.zeros_like(U2),
        "dV": np.zeros_like(V), "db1": 0, "db2": 0, "dc": 0, "dx": np.zeros_like(x),
    }  # fmt: skip
    d = {("h1", T): 0, ("h2", T): 0}
    for t in reversed(range(T)):
        do = upstream["o"][t]
        g["dV"] += do @ s["h2", t].T
        g["dc"] += do.sum(1, keepdims=True)
        dh2 = V.T @ do + d["h2", t + 1]
        d["z2", t] = dh2 * (1 - s["h2", t] ** 2)
        g["dW2"] += d["z2", t] @ s["h1", t].T
        g["dU2"] += d["z2", t] @ s["h2", t - 1].T
        g["db2"] += d["z2", t].sum(1, keepdims=True)
        d["h2", t] = U2.T @ d["z2", t]
        dh1 = W2.T @ d["z2", t] + d["h1", t + 1]
        d["z1", t] = dh1 * (1 - s["h1", t] ** 2)
        g["dW1"] += d["z1", t] @ x[t].T
        g["dU1"] += d["z1", t] @ s["h1", t - 1].T
        g["db1"] += d["z1", t].sum(1, keepdims=True)
        d["h1", t] = U1.T @ d["z1", t]
        g["dx"][t] = W1.T @ d["z1", t]
    return g


INPUTS = {"x": ("T", "n_x", "m"), "W1": ("n_a", "n_x"), "U1": ("n_a", "n_a"), "b1": ("n_a", 1), "W2": ("n_a", "n_a"),
          "U2": ("n_a", "n_a"), "b2": ("n_a", 1), "V": ("n_y", "n_a"), "c": ("n_y", 1)}  # fmt: skip
