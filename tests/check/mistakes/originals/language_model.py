"""Language model: an RNN, a softmax readout and the cross-entropy in every step."""

import numpy as np

INPUTS = {
    "x": ("n_x", "m", "T"), "Wax": ("n_a", "n_x"), "Waa": ("n_a", "n_a"), "ba": ("n_a", 1),
    "Wya": ("n_y", "n_a"), "by": ("n_y", 1), "a0": ("n_a", "m"), "y": ("n_y", "m", "T"),
}


def softmax(z):
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


def forward(x, Wax, Waa, ba, Wya, by, a0, y):
    a, loss = {-1: a0}, 0.0
    p = {}
    for t in range(x.shape[2]):
        a[t] = np.tanh(np.dot(Wax, x[:, :, t]) + np.dot(Waa, a[t - 1]) + ba)
        p[t] = softmax(np.dot(Wya, a[t]) + by)
        loss = loss - np.sum(y[:, :, t] * np.log(p[t]))
    return {"loss": loss}, (x, y, a, p, Wax, Waa, Wya)


def backward(upstream, cache):
    x, y, a, p, Wax, Waa, Wya = cache
    g = upstream["loss"]
    dWax, dWaa, dWya = np.zeros_like(Wax), np.zeros_like(Waa), np.zeros_like(Wya)
    dba, dby = np.zeros((Waa.shape[0], 1)), np.zeros((Wya.shape[0], 1))
    dx = np.zeros_like(x)
    dy = np.zeros_like(y)
    danext = np.zeros_like(a[0])
    for t in reversed(range(x.shape[2])):
        dy[:, :, t] = -g * np.log(p[t])
        dz = g * (p[t] * y[:, :, t].sum(axis=0, keepdims=True) - y[:, :, t])
        dWya += np.dot(dz, a[t].T)
        dby += dz.sum(axis=1, keepdims=True)
        da = np.dot(Wya.T, dz) + danext
        draw = (1 - a[t] * a[t]) * da
        dba += draw.sum(axis=1, keepdims=True)
        dWax += np.dot(draw, x[:, :, t].T)
        dWaa += np.dot(draw, a[t - 1].T)
        dx[:, :, t] = np.dot(Wax.T, draw)
        danext = np.dot(Waa.T, draw)
    return {"dx": dx, "dWax": dWax, "dWaa": dWaa, "dba": dba, "dWya": dWya, "dby": dby, "da0": danext, "dy": dy}
