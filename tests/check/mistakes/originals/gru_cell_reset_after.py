"""GRU cell whose reset gate acts after the matrix product."""

import numpy as np

INPUTS = {
    "x": ("n_x", "m"), "h": ("n_h", "m"), "Wr": ("n_h", "n_x"), "Ur": ("n_h", "n_h"), "Wz": ("n_h", "n_x"),
    "Uz": ("n_h", "n_h"), "Wn": ("n_h", "n_x"), "Un": ("n_h", "n_h"), "bn": ("n_h", 1), "bu": ("n_h", 1),
}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def forward(x, h, Wr, Ur, Wz, Uz, Wn, Un, bn, bu):
    r = sigmoid(Wr @ x + Ur @ h)
    z = sigmoid(Wz @ x + Uz @ h)
    inner = Un @ h + bu
    n = np.tanh(Wn @ x + bn + r * inner)
    new = (1 - z) * n + z * h
    return {"new": new}, (x, h, r, z, inner, n, Wr, Ur, Wz, Uz, Wn, Un)


def backward(upstream, cache):
    x, h, r, z, inner, n, Wr, Ur, Wz, Uz, Wn, Un = cache
    d = upstream["new"]
    dn = d * (1 - z)
    dz = d * (h - n)
    dpn = dn * (1 - n ** 2)
    dr = dpn * inner
    dinner = dpn * r
    dpr = dr * r * (1 - r)
    dpz = dz * z * (1 - z)
    return {
        "dx": Wn.T @ dpn + Wr.T @ dpr + Wz.T @ dpz,
        "dh": d * z + Un.T @ dinner + Ur.T @ dpr + Uz.T @ dpz,
        "dWr": dpr @ x.T, "dUr": dpr @ h.T, "dWz": dpz @ x.T, "dUz": dpz @ h.T,
        "dWn": dpn @ x.T, "dUn": dinner @ h.T, "dbn": dpn.sum(1, keepdims=True), "dbu": dinner.sum(1, keepdims=True),
    }
