"""GRU over a sequence, examples in rows: a step is a function of its own."""

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


def step_back(dh, xt, h, gate, weights):
    z, r, n = gate
    Wz, Uz, Wr, Ur, Wn, Un = weights
    an = dh * (1 - z) * (1 - n ** 2)
    az = dh * (h - n) * z * (1 - z)
    q = an @ Un.T
    ar = q * h * r * (1 - r)
    dxt = az @ Wz.T + ar @ Wr.T + an @ Wn.T
    dh_prev = dh * z + q * r + az @ Uz.T + ar @ Ur.T
    own = {
        "dWz": xt.T @ az, "dUz": h.T @ az, "dbz": az.sum(axis=0),
        "dWr": xt.T @ ar, "dUr": h.T @ ar, "dbr": ar.sum(axis=0),
        "dWn": xt.T @ an, "dUn": (r * h).T @ an, "dbn": an.sum(axis=0),
    }
    return dxt, dh_prev, own


def backward(upstream, cache):
    x, hs, gates, *weights = cache
    dx, total, dh = np.zeros_like(x), None, np.zeros_like(hs[0])
    for t in reversed(range(len(x))):
        dx[t], dh, own = step_back(upstream["h"][t] + dh, x[t], hs[t], gates[t], weights)
        total = own if total is None else {k: total[k] + own[k] for k in total}
    return {"dx": dx, "dh0": dh, **total}
