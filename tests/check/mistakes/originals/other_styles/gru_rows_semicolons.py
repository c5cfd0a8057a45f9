"""GRU over a sequence, examples in rows, with semicolons."""

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
    dh_all = upstream["h"]
    dx = np.zeros(x.shape)
    dWz = np.zeros(Wz.shape); dWr = np.zeros(Wr.shape); dWn = np.zeros(Wn.shape)
    dUz = np.zeros(Uz.shape); dUr = np.zeros(Ur.shape); dUn = np.zeros(Un.shape)
    dbz = np.zeros(len(Uz)); dbr = np.zeros(len(Ur)); dbn = np.zeros(len(Un))
    dh = np.zeros(hs[0].shape)
    for t in reversed(range(len(gates))):
        z, r, n = gates[t]
        hp = hs[t]
        dh = dh + dh_all[t]
        tn = dh * (1 - z) * (1 - n ** 2)
        tz = dh * (hp - n) * z * (1 - z)
        trh = tn @ Un.T
        tr = trh * hp * r * (1 - r)
        dWz += x[t].T @ tz; dUz += hp.T @ tz; dbz += tz.sum(0)
        dWr += x[t].T @ tr; dUr += hp.T @ tr; dbr += tr.sum(0)
        dWn += x[t].T @ tn; dUn += (r * hp).T @ tn; dbn += tn.sum(0)
        dx[t] = tz @ Wz.T + tr @ Wr.T + tn @ Wn.T
        dh = dh * z + tz @ Uz.T + tr @ Ur.T + trh * r
    return dict(dx=dx, dh0=dh, dWz=dWz, dWr=dWr, dWn=dWn, dUz=dUz, dUr=dUr, dUn=dUn, dbz=dbz, dbr=dbr, dbn=dbn)
