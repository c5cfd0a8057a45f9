"""GRU cell: a function gives a gate's gradients."""

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


def param_grads(delta, inp):
    return delta @ inp.T, np.sum(delta, axis=1, keepdims=True)


def backward(upstream, cache):
    x, a_prev, Wu, Wr, Wc, stacked, u, r, reset, h = cache
    k = a_prev.shape[0]
    e = upstream["a"]
    e_h = e * u * (1 - h**2)
    e_u = e * (h - a_prev) * u * (1 - u)
    q = Wc.T @ e_h
    e_r = q[:k] * a_prev * r * (1 - r)
    p = Wu.T @ e_u + Wr.T @ e_r
    dWu, dbu = param_grads(e_u, stacked)
    dWr, dbr = param_grads(e_r, stacked)
    dWc, dbc = param_grads(e_h, reset)
    return {"dx": p[k:] + q[k:], "da_prev": p[:k] + q[:k] * r + e * (1 - u),
            "dWu": dWu, "dWr": dWr, "dWc": dWc, "dbu": dbu, "dbr": dbr, "dbc": dbc}
