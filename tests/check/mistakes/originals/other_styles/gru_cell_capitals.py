"""GRU cell, with gates in capitals."""

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
    x, a_prev, Wu, Wr, Wc, cat, U, R, cat_r, H = cache
    n_x, n_a = x.shape[0], a_prev.shape[0]
    D = upstream["a"]
    D_H = D * U * (1 - H * H)
    D_U = D * (H - a_prev) * U * (1 - U)
    D_cat_r = Wc.T @ D_H
    D_R = D_cat_r[:n_a] * a_prev * R * (1 - R)
    D_cat = Wu.T @ D_U + Wr.T @ D_R
    return {
        "da_prev": D * (1 - U) + D_cat[:n_a] + R * D_cat_r[:n_a],
        "dx": D_cat[n_a:] + D_cat_r[n_a:],
        "dWu": D_U @ cat.T,
        "dbu": D_U.sum(axis=1, keepdims=True),
        "dWr": D_R @ cat.T,
        "dbr": D_R.sum(axis=1, keepdims=True),
        "dWc": D_H @ cat_r.T,
        "dbc": D_H.sum(axis=1, keepdims=True),
    }
