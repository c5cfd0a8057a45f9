"""GRU over a sequence, examples in rows, with the dot method."""

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
    out = {"dx": np.zeros_like(x)}
    for k, v in dict(Wz=Wz, Uz=Uz, Wr=Wr, Ur=Ur, Wn=Wn, Un=Un, bz=Uz[0], br=Ur[0], bn=Un[0]).items():
        out["d" + k] = np.zeros_like(v)
    d = np.zeros_like(hs[0])
    for i in range(len(x)):
        t = len(x) - 1 - i
        d += upstream["h"][t]
        (z, r, n), h = gates[t], hs[t]
        dn = d * (1 - z) * (1 - n * n)
        dz = d * (h - n) * (z - z * z)
        drh = dn.dot(Un.T)
        dr = drh * h * (r - r * r)
        out["dWz"] += x[t].T.dot(dz)
        out["dUz"] += h.T.dot(dz)
        out["dbz"] += dz.sum(axis=0)
        out["dWr"] += x[t].T.dot(dr)
        out["dUr"] += h.T.dot(dr)
        out["dbr"] += dr.sum(axis=0)
        out["dWn"] += x[t].T.dot(dn)
        out["dUn"] += (r * h).T.dot(dn)
        out["dbn"] += dn.sum(axis=0)
        out["dx"][t] = dz.dot(Wz.T) + dr.dot(Wr.T) + dn.dot(Wn.T)
        d = d * z + drh * r + dz.dot(Uz.T) + dr.dot(Ur.T)
    out["dh0"] = d
    return out
