"""Bidirectional RNN with a readout."""

import numpy as np

INPUTS = {"x": ("n_x", "m", "T"), "Wf": ("n_a", "n_a + n_x"), "bf": ("n_a", 1), "Wb": ("n_h", "n_h + n_x"), "bb": ("n_h", 1),
          "Wy": ("n_y", "n_a + n_h"), "by": ("n_y", 1)}


def forward(x, Wf, bf, Wb, bb, Wy, by):
    T = x.shape[2]
    f, b = [np.zeros((Wf.shape[0], x.shape[1]))], [np.zeros((Wb.shape[0], x.shape[1]))]
    for t in range(T):
        f.append(np.tanh(Wf @ np.concatenate([f[-1], x[:, :, t]]) + bf))
    for t in reversed(range(T)):
        b.append(np.tanh(Wb @ np.concatenate([b[-1], x[:, :, t]]) + bb))
    outs = []
    for t in range(T):
        outs.append(Wy @ np.concatenate([f[t + 1], b[T - t]]) + by)
    return {"y": np.stack(outs, axis=2)}, (x, f, b, Wf, Wb, Wy)


def backward(upstream, cache):
    x, f, b, Wf, Wb, Wy = cache
    T, n_a, n_h = x.shape[2], Wf.shape[0], Wb.shape[0]
    g = {k: np.zeros_like(v) for k, v in (("dx", x), ("dWf", Wf), ("dWb", Wb), ("dWy", Wy))}
    g.update(dbf=np.zeros((n_a, 1)), dbb=np.zeros((n_h, 1)), dby=np.zeros((Wy.shape[0], 1)))
    df, db = [], []
    for t in range(T):
        dy = upstream["y"][:, :, t]
        both = np.concatenate([f[t + 1], b[T - t]])
        g["dWy"] += dy @ both.T
        g["dby"] += dy.sum(axis=1, keepdims=True)
        dboth = Wy.T @ dy
        df.append(dboth[:n_a])
        db.append(dboth[n_a:])
    carry = 0
    for t in reversed(range(T)):
        dz = (df[t] + carry) * (1 - f[t + 1] ** 2)
        g["dWf"] += dz @ np.concatenate([f[t], x[:, :, t]]).T
        g["dbf"] += dz.sum(axis=1, keepdims=True)
        ds = Wf.T @ dz
        carry = ds[:n_a]
        g["dx"][:, :, t] += ds[n_a:]
    carry = 0
    for t in range(T):
        dz = (db[t] + carry) * (1 - b[T - t] ** 2)
        g["dWb"] += dz @ np.concatenate([b[T - t - 1], x[:, :, t]]).T
        g["dbb"] += dz.sum(axis=1, keepdims=True)
        ds = Wb.T @ dz
        carry = ds[:n_h]
        g["dx"][:, :, t] += ds[n_h:]
    return g
