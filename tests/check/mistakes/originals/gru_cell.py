"""GRU cell."""

import numpy as np

INPUTS = {
    "x": ("n_x", "m"), "a_prev": ("n_a", "m"),
    "Wu": ("n_a", "n_a + n_x"), "bu": ("n_a", 1),
    "Wr": ("n_a", "n_a + n_x"), "br": ("n_a", 1),
    "Wc": ("n_a", "n_a + n_x"), "bc": ("n_a", 1),
}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def forward(x, a_prev, Wu, bu, Wr, br, Wc, bc):
    stacked = np.concatenate([a_prev, x])
    u = sigmoid(Wu @ stacked + bu)
    r = sigmoid(Wr @ stacked + br)
    reset = np.concatenate([r * a_prev, x])
    h = np.tanh(Wc @ reset + bc)
    a = u * h + (1 - u) * a_prev
    return {"a": a}, (x, a_prev, Wu, Wr, Wc, stacked, u, r, reset, h)


def backward(upstream, cache):
    x, a_prev, Wu, Wr, Wc, stacked, u, r, reset, h = cache
    n_a = a_prev.shape[0]
    da = upstream["a"]
    dh = da * u
    dz_h = dh * (1 - h ** 2)
    dreset = Wc.T @ dz_h
    dr = dreset[:n_a] * a_prev
    dz_r = dr * r * (1 - r)
    du = da * (h - a_prev)
    dz_u = du * u * (1 - u)
    dstacked = Wu.T @ dz_u + Wr.T @ dz_r
    da_prev = da * (1 - u) + dreset[:n_a] * r + dstacked[:n_a]
    dx = dreset[n_a:] + dstacked[n_a:]
    return {
        "dx": dx, "da_prev": da_prev,
        "dWu": dz_u @ stacked.T, "dbu": dz_u.sum(axis=1, keepdims=True),
        "dWr": dz_r @ stacked.T, "dbr": dz_r.sum(axis=1, keepdims=True),
        "dWc": dz_h @ reset.T, "dbc": dz_h.sum(axis=1, keepdims=True),
    }
