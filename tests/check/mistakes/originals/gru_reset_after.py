"""GRU as in PyTorch, with a bias of the input and one of the state."""

import numpy as np

INPUTS = {
    "x": ("T", "m", "n_x"),
    "h0": ("m", "n_h"),
    "W_ih": ("n_x", "n_h+n_h+n_h"),
    "W_hh": ("n_h", "n_h+n_h+n_h"),
    "b_ih": ("n_h+n_h+n_h",),
    "b_hh": ("n_h+n_h+n_h",),
}


def sigm(v):
    return 1.0 / (1.0 + np.exp(-v))


def forward(x, h0, W_ih, W_hh, b_ih, b_hh):
    # pytorch: n = tanh(W_in x + b_in + r * (W_hn h + b_hn)), h' = (1-z) n + z h
    h = h0
    hs, saved = [], []
    for t in range(len(x)):
        gi = x[t] @ W_ih + b_ih
        gh = h @ W_hh + b_hh
        i_r, i_z, i_n = np.split(gi, 3, axis=1)
        h_r, h_z, h_n = np.split(gh, 3, axis=1)
        r = sigm(i_r + h_r)
        z = sigm(i_z + h_z)
        n = np.tanh(i_n + r * h_n)
        saved.append((h, r, z, n, h_n))
        h = (1 - z) * n + z * h
        hs.append(h)
    return {"hs": np.stack(hs)}, {"saved": saved, "x": x, "W_ih": W_ih, "W_hh": W_hh}


def backward(upstream, cache):
    dhs = upstream["hs"]
    x, W_ih, W_hh = cache["x"], cache["W_ih"], cache["W_hh"]
    dx = np.zeros_like(x)
    dW_ih, dW_hh = np.zeros_like(W_ih), np.zeros_like(W_hh)
    db_ih, db_hh = np.zeros(W_ih.shape[1]), np.zeros(W_hh.shape[1])
    dh = np.zeros_like(dhs[0])

    for t in reversed(range(len(x))):
        h, r, z, n, h_n = cache["saved"][t]
        dh = dh + dhs[t]
        dn = dh * (1 - z) * (1 - n ** 2)
        dz = dh * (h - n) * z * (1 - z)
        dr = dn * h_n * r * (1 - r)
        dgi = np.concatenate([dr, dz, dn], axis=1)
        dgh = np.concatenate([dr, dz, dn * r], axis=1)

        dW_ih += x[t].T @ dgi
        dW_hh += h.T @ dgh
        db_ih += dgi.sum(0)
        db_hh += dgh.sum(0)
        dx[t] = dgi @ W_ih.T
        dh = dh * z + dgh @ W_hh.T

    return {"dx": dx, "dh0": dh, "dW_ih": dW_ih, "dW_hh": dW_hh, "db_ih": db_ih, "db_hh": db_hh}
