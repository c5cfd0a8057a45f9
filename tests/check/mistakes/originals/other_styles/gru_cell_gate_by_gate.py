"""GRU cell, gate by gate."""

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
    x, a_prev, Wu, Wr, Wc, concat, u, r, concat_r, cand = cache
    n = len(a_prev)
    da = upstream["a"]

    # candidate
    dcand = da * u
    dzc = dcand * (1 - cand ** 2)
    dWc = np.dot(dzc, concat_r.T)
    dbc = np.sum(dzc, axis=1, keepdims=True)
    dconcat_r = np.dot(Wc.T, dzc)

    # update gate
    dzu = da * (cand - a_prev) * u * (1 - u)
    dWu = np.dot(dzu, concat.T)
    dbu = np.sum(dzu, axis=1, keepdims=True)

    # reset gate
    dzr = dconcat_r[:n] * a_prev * r * (1 - r)
    dWr = np.dot(dzr, concat.T)
    dbr = np.sum(dzr, axis=1, keepdims=True)

    dconcat = np.dot(Wu.T, dzu) + np.dot(Wr.T, dzr)
    da_prev = da * (1 - u) + dconcat[:n] + r * dconcat_r[:n]
    dx = dconcat[n:] + dconcat_r[n:]
    return {"dx": dx, "da_prev": da_prev, "dWu": dWu, "dbu": dbu, "dWr": dWr, "dbr": dbr, "dWc": dWc, "dbc": dbc}
