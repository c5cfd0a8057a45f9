"""GRU over a sequence, examples in rows: an array for each gradient."""

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
    T, m, n_x = x.shape
    n_h = hs[0].shape[1]
    dWz, dWr, dWn = [np.zeros((n_x, n_h)) for _ in range(3)]
    dUz, dUr, dUn = [np.zeros((n_h, n_h)) for _ in range(3)]
    dbz, dbr, dbn = [np.zeros(n_h) for _ in range(3)]
    dx, back = np.zeros((T, m, n_x)), np.zeros((m, n_h))

    for t in range(T - 1, -1, -1):
        z, r, cand = gates[t]
        old = hs[t]
        back = back + upstream["h"][t]

        g_cand = back * (1 - z) * (1 - cand ** 2)
        g_z = back * (old - cand) * z * (1 - z)
        g_old_reset = g_cand @ Un.T
        g_r = g_old_reset * old * r * (1 - r)

        dWz += x[t].T @ g_z
        dWr += x[t].T @ g_r
        dWn += x[t].T @ g_cand
        dUz += old.T @ g_z
        dUr += old.T @ g_r
        dUn += (old * r).T @ g_cand
        dbz += g_z.sum(axis=0)
        dbr += g_r.sum(axis=0)
        dbn += g_cand.sum(axis=0)

        dx[t] = g_z @ Wz.T + g_r @ Wr.T + g_cand @ Wn.T
        back = back * z + g_old_reset * r + g_z @ Uz.T + g_r @ Ur.T

    return {"dx": dx, "dh0": back, "dWz": dWz, "dWr": dWr, "dWn": dWn, "dUz": dUz, "dUr": dUr,
            "dUn": dUn, "dbz": dbz, "dbr": dbr, "dbn": dbn}
