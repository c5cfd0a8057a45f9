"""An LSTM that reads and a GRU that goes on from its last state, in one function each way."""

import numpy as np

sig = lambda v: 1.0 / (1.0 + np.exp(-v))


def forward(x, Wl, bl, Wr, Wz, Wn, bn):
    n, m, T = Wr.shape[0], x.shape[2], x.shape[0]
    h, c, read, wrote = np.zeros((n, m)), np.zeros((n, m)), [], []
    for t in range(T):
        cat = np.vstack([x[t], h])
        A = Wl @ cat + bl
        i, f, o, g = sig(A[:n]), sig(A[n : 2 * n]), sig(A[2 * n : 3 * n]), np.tanh(A[3 * n :])
        c_old = c
        c = f * c_old + i * g
        tc = np.tanh(c)
        h = o * tc
        read.append((cat, i, f, o, g, c_old, tc))
    outputs = []
    for t in range(T):
        cat = np.vstack([x[t], h])
        r, z = sig(Wr @ cat), sig(Wz @ cat)
        cat2 = np.vstack([x[t], r * h])
        n_t = np.tanh(Wn @ cat2 + bn)
        wrote.append((cat, cat2, r, z, n_t, h))
        h = (1 - z) * n_t + z * h
        outputs.append(h)
    return {"h": np.stack(outputs)}, (read, wrote, Wl, Wr, Wz, Wn, x.shape)


def backward(upstream, cache):
    read, wrote, Wl, Wr, Wz, Wn, shape = cache
    T, n_x, m = shape
    dWl, dWr, dWz, dWn = np.zeros_like(Wl), np.zeros_like(Wr), np.zeros_like(Wz), np.zeros_like(Wn)
    dbl, dbn = np.zeros((Wl.shape[0], 1)), np.zeros((Wn.shape[0], 1))
    dx = np.zeros(shape)
    dh = np.zeros((Wr.shape[0], m))
    # GRU
    for t in range(T - 1, -1, -1):
        cat, cat2, r, z, n_t, h_old = wrote[t]
        dh = dh + upstream["h"][t]
        dn = dh * (1 - z) * (1 - n_t ** 2)
        dz = dh * (h_old - n_t) * z * (1 - z)
        dcat2 = Wn.T @ dn
        dr = dcat2[n_x:] * h_old * r * (1 - r)
        dcat = Wr.T @ dr + Wz.T @ dz
        dWn += dn @ cat2.T
        dbn += dn.sum(axis=1, keepdims=True)
        dWr += dr @ cat.T
        dWz += dz @ cat.T
        dx[t] += dcat[:n_x] + dcat2[:n_x]
        dh = dh * z + dcat[n_x:] + dcat2[n_x:] * r
    # LSTM
    dc = np.zeros_like(dh)
    for t in range(T - 1, -1, -1):
        cat, i, f, o, g, c_old, tc = read[t]
        dc = dc + dh * o * (1 - tc ** 2)
        dA = np.vstack([
            dc * g * i * (1 - i),
            dc * c_old * f * (1 - f),
            dh * tc * o * (1 - o),
            dc * i * (1 - g ** 2),
        ])  # fmt: skip
        dWl += dA @ cat.T
        dbl += dA.sum(axis=1, keepdims=True)
        dcat = Wl.T @ dA
        dx[t] += dcat[:n_x]
        dh = dcat[n_x:]
        dc = dc * f
    return {"dx": dx, "dWl": dWl, "dbl": dbl, "dWr": dWr, "dWz": dWz, "dWn": dWn, "dbn": dbn}


INPUTS = {"x": ("T", 3, "m"), "Wl": (16, 7), "bl": (16, 1), "Wr": (4, 7), "Wz": (4, 7), "Wn": (4, 7), "bn": (4, 1)}
