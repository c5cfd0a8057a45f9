"""GRU over a sequence, examples in rows, with comments."""

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
    T = x.shape[0]
    dx = np.zeros_like(x)
    dWz, dUz, dbz = np.zeros_like(Wz), np.zeros_like(Uz), np.zeros(Uz.shape[1])
    dWr, dUr, dbr = np.zeros_like(Wr), np.zeros_like(Ur), np.zeros(Ur.shape[1])
    dWn, dUn, dbn = np.zeros_like(Wn), np.zeros_like(Un), np.zeros(Un.shape[1])
    dh_next = np.zeros_like(hs[0])
    for t in reversed(range(T)):
        h_prev = hs[t]
        z, r, n = gates[t]
        dh = upstream["h"][t] + dh_next
        # through the tanh
        da_n = dh * (1 - z) * (1 - n ** 2)
        dWn += x[t].T @ da_n
        dUn += (r * h_prev).T @ da_n
        dbn += da_n.sum(axis=0)
        d_rh = da_n @ Un.T
        # reset gate
        da_r = d_rh * h_prev * r * (1 - r)
        dWr += x[t].T @ da_r
        dUr += h_prev.T @ da_r
        dbr += da_r.sum(axis=0)
        # update gate
        da_z = dh * (h_prev - n) * z * (1 - z)
        dWz += x[t].T @ da_z
        dUz += h_prev.T @ da_z
        dbz += da_z.sum(axis=0)
        dx[t] = da_n @ Wn.T + da_r @ Wr.T + da_z @ Wz.T
        dh_next = dh * z + d_rh * r + da_r @ Ur.T + da_z @ Uz.T
    return {"dx": dx, "dh0": dh_next, "dWz": dWz, "dUz": dUz, "dbz": dbz,
            "dWr": dWr, "dUr": dUr, "dbr": dbr, "dWn": dWn, "dUn": dUn, "dbn": dbn}
