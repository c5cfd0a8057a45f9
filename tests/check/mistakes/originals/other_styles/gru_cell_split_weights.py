"""GRU cell, the weights cut into those of the state and those of the input."""

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
    na = a_prev.shape[0]
    Wua, Wux = Wu[:, :na], Wu[:, na:]
    Wra, Wrx = Wr[:, :na], Wr[:, na:]
    Wca, Wcx = Wc[:, :na], Wc[:, na:]
    dout = upstream["a"]

    delta_h = dout * u * (1 - h ** 2)
    delta_u = dout * (h - a_prev) * u * (1 - u)
    delta_r = (Wca.T @ delta_h) * a_prev * r * (1 - r)

    dx = Wux.T @ delta_u + Wrx.T @ delta_r + Wcx.T @ delta_h
    da_prev = dout * (1 - u)
    da_prev = da_prev + Wua.T @ delta_u
    da_prev = da_prev + Wra.T @ delta_r
    da_prev = da_prev + (Wca.T @ delta_h) * r

    result = {"dx": dx, "da_prev": da_prev}
    for name, delta, inp in [("u", delta_u, stacked), ("r", delta_r, stacked), ("c", delta_h, reset)]:
        result["dW" + name] = delta @ inp.T
        result["db" + name] = delta.sum(axis=1, keepdims=True)
    return result
