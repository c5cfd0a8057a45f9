"""A GRU whose inputs are of the size 1e-8."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(x, h0, Wz, Wr, Wn):
    h, kept = h0, []
    for xt in x:
        s = np.hstack([h, xt])
        z, r = sigmoid(s @ Wz), sigmoid(s @ Wr)
        n = np.tanh(np.hstack([r * h, xt]) @ Wn)
        kept.append({"h": h, "x": xt, "z": z, "r": r, "n": n})
        h = z * h + (1 - z) * n
    return {"h": h}, {"kept": kept, "weights": (Wz, Wr, Wn), "shape": x.shape}


def backward(up, cache):
    Wz, Wr, Wn = cache["weights"]
    dx, g = np.zeros(cache["shape"]), {"dWz": 0, "dWr": 0, "dWn": 0}
    dh = up["h"]
    for t, k in reversed(list(enumerate(cache["kept"]))):
        h, x, z, r, n = k["h"], k["x"], k["z"], k["r"], k["n"]
        a = h.shape[1]
        dn = dh * (1 - z) * (1 - n**2)
        dz = dh * (h - n) * z * (1 - z)
        drh = dn @ Wn.T
        dr = drh[:, :a] * h * r * (1 - r)
        s = np.hstack([h, x])
        g["dWz"] = g["dWz"] + s.T @ dz
        g["dWr"] = g["dWr"] + s.T @ dr
        g["dWn"] = g["dWn"] + np.hstack([r * h, x]).T @ dn
        ds = dz @ Wz.T + dr @ Wr.T
        dx[t] = ds[:, a:] + drh[:, a:]
        dh = dh * z + ds[:, :a] + drh[:, :a] * r
    return {"dx": dx, "dh0": dh, **g}


def inputs(rng):
    weights = {k: rng.standard_normal((5, 2)) for k in ("Wz", "Wr", "Wn")}
    return {"x": 1e-8 * rng.standard_normal((3, 4, 3)), "h0": 1e-8 * rng.standard_normal((4, 2)), **weights}


WRONG = ("dh * (h - n) * z", "dh * (h + n) * z")
