"""GRU cell, with functions for every product."""

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
    x, a_prev, Wu, Wr, Wc, s, gu, gr, sr, cc = cache
    n_a, m = a_prev.shape
    da_next = upstream["a"]
    dcc = np.multiply(np.multiply(da_next, gu), 1 - np.square(cc))
    dgu = np.multiply(np.multiply(da_next, cc - a_prev), np.multiply(gu, 1 - gu))
    d_sr = np.matmul(Wc.T, dcc)
    dgr = np.multiply(np.multiply(d_sr[0:n_a, :], a_prev), np.multiply(gr, 1 - gr))
    d_s = np.matmul(Wu.T, dgu) + np.matmul(Wr.T, dgr)
    da_prev = d_s[0:n_a, :] + np.multiply(d_sr[0:n_a, :], gr) + np.multiply(da_next, 1 - gu)
    dx = d_s[n_a:, :] + d_sr[n_a:, :]
    ones = np.ones((m, 1))
    return dict(
        dx=dx, da_prev=da_prev,
        dWu=np.matmul(dgu, s.T), dbu=np.matmul(dgu, ones),
        dWr=np.matmul(dgr, s.T), dbr=np.matmul(dgr, ones),
        dWc=np.matmul(dcc, sr.T), dbc=np.matmul(dcc, ones),
    )
