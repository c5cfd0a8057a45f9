"""GRU cell: the sigmoid's derivative is a function."""

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


def dsig(y):
    return y * (1 - y)


def backward(upstream, cache):
    x, a_prev, Wu, Wr, Wc, stacked, u, r, reset, h = cache
    n_a = a_prev.shape[0]
    da = upstream["a"]
    dpre_c = da * u * (1 - h ** 2)
    dpre_u = (da * h - da * a_prev) * dsig(u)
    dreset = np.dot(Wc.T, dpre_c)
    dpre_r = dreset[:n_a, :] * a_prev * dsig(r)
    dstack = np.dot(Wu.T, dpre_u) + np.dot(Wr.T, dpre_r)
    grads = {}
    grads["da_prev"] = da - da * u + dstack[:n_a, :] + dreset[:n_a, :] * r
    grads["dx"] = dstack[n_a:, :] + dreset[n_a:, :]
    grads["dWu"] = np.dot(dpre_u, stacked.T)
    grads["dWr"] = np.dot(dpre_r, stacked.T)
    grads["dWc"] = np.dot(dpre_c, reset.T)
    grads["dbu"] = np.sum(dpre_u, axis=1, keepdims=True)
    grads["dbr"] = np.sum(dpre_r, axis=1, keepdims=True)
    grads["dbc"] = np.sum(dpre_c, axis=1, keepdims=True)
    return grads
