"""GRU over a sequence, examples in rows."""

import numpy as np

INPUTS = {
    "x": ("T", "m", "n_x"), "h0": ("m", "n_h"),
    "Wz": ("n_x", "n_h"), "Uz": ("n_h", "n_h"), "bz": ("n_h",),
    "Wr": ("n_x", "n_h"), "Ur": ("n_h", "n_h"), "br": ("n_h",),
    "Wn": ("n_x", "n_h"), "Un": ("n_h", "n_h"), "bn": ("n_h",),
}


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def forward(x, h0, Wz, Uz, bz, Wr, Ur, br, Wn, Un, bn):
    hs, gates = [h0], []
    for t in range(x.shape[0]):
        h = hs[-1]
        z = sigmoid(x[t] @ Wz + h @ Uz + bz)
        r = sigmoid(x[t] @ Wr + h @ Ur + br)
        n = np.tanh(x[t] @ Wn + (r * h) @ Un + bn)
        hs.append(z * h + (1 - z) * n)
        gates.append((z, r, n))
    return {"h": np.stack(hs[1:])}, (x, hs, gates, Wz, Uz, Wr, Ur, Wn, Un)


def backward(upstream, cache):
    x, hs, gates, Wz, Uz, Wr, Ur, Wn, Un = cache
    n_h = Uz.shape[0]
    g = {"d" + k + s: np.zeros(v.shape) for k, v in [("W", Wz), ("U", Uz), ("b", Uz[0])] for s in "zrn"}
    dx = np.zeros_like(x)
    carry = np.zeros_like(hs[0])
    for t in reversed(range(len(x))):
        h, (z, r, n) = hs[t], gates[t]
        dh = upstream["h"][t] + carry
        dn = dh * (1 - z) * (1 - n**2)
        dz = dh * (h - n) * z * (1 - z)
        drh = dn @ Un.T
        dr = drh * h * r * (1 - r)
        for s, d, state in [("z", dz, h), ("r", dr, h), ("n", dn, r * h)]:
            g["dW" + s] += x[t].T @ d
            g["dU" + s] += state.T @ d
            g["db" + s] += d.sum(axis=0)
        dx[t] = dz @ Wz.T + dr @ Wr.T + dn @ Wn.T
        carry = dh * z + dz @ Uz.T + dr @ Ur.T + drh * r
    return {"dx": dx, "dh0": carry, **g}
