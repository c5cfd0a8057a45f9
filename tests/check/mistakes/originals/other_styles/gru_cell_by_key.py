"""GRU cell: gradients set one by one."""

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
    (x, hprev, Wu, Wr, Wc, xh, z, r, rxh, hhat) = cache
    H = hprev.shape[0]
    dh = upstream["a"]
    g = {}
    d_hhat = dh * z * (1 - hhat * hhat)
    d_z = dh * (hhat - hprev) * z * (1 - z)
    back_c = Wc.T @ d_hhat
    d_r = back_c[:H] * hprev * r * (1 - r)
    g["dWc"], g["dbc"] = d_hhat @ rxh.T, d_hhat.sum(1, keepdims=True)
    g["dWu"], g["dbu"] = d_z @ xh.T, d_z.sum(1, keepdims=True)
    g["dWr"], g["dbr"] = d_r @ xh.T, d_r.sum(1, keepdims=True)
    back = Wu.T @ d_z + Wr.T @ d_r
    g["dx"] = back[H:] + back_c[H:]
    g["da_prev"] = dh * (1 - z) + back[:H] + back_c[:H] * r
    return g
