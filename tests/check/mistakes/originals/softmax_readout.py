"""Softmax readout of a dense layer."""

import numpy as np

INPUTS = {"a": ("n_a", "m"), "Wya": ("n_y", "n_a"), "by": ("n_y", 1), "Waa": ("n_a", "n_a"), "ba": ("n_a", 1)}


def forward(a, Wya, by, Waa, ba):
    h = np.tanh(Waa @ a + ba)
    z = Wya @ h + by
    e = np.exp(z - np.max(z, axis=0, keepdims=True))
    y_hat = e / np.sum(e, axis=0, keepdims=True)
    return {"y_hat": y_hat}, (a, h, y_hat, Wya, Waa)


def backward(upstream, cache):
    a, h, y_hat, Wya, Waa = cache
    g = upstream["y_hat"]
    dz = y_hat * (g - np.sum(g * y_hat, axis=0, keepdims=True))
    dh = Wya.T @ dz
    dzh = dh * (1 - h ** 2)
    return {"dWya": dz @ h.T, "dby": dz.sum(axis=1, keepdims=True), "da": Waa.T @ dzh,
            "dWaa": dzh @ a.T, "dba": dzh.sum(axis=1, keepdims=True)}
