"""Bidirectional RNN: one function runs either direction."""

import numpy as np

INPUTS = {"x": ("T", "m", "n_x"),
          "Wf": ("n_x", "n_h"), "Uf": ("n_h", "n_h"), "bf": ("n_h",),
          "Wb": ("n_x", "n_h"), "Ub": ("n_h", "n_h"), "bb": ("n_h",)}


def run(x, W, U, b):
    h = np.zeros((x.shape[1], U.shape[0]))
    out = []
    for x_t in x:
        h = np.tanh(x_t @ W + h @ U + b)
        out.append(h)
    return np.stack(out)


def run_back(dh_seq, h_seq, x, W, U):
    T = len(x)
    dW, dU, db = 0, 0, 0
    dx = np.zeros(x.shape)
    carry = np.zeros(dh_seq.shape[1:])
    for t in reversed(range(T)):
        delta = (dh_seq[t] + carry) * (1 - h_seq[t] ** 2)
        prev = h_seq[t - 1] if t > 0 else np.zeros_like(h_seq[0])
        dW = dW + np.einsum("bi,bj->ij", x[t], delta)
        dU = dU + np.einsum("bi,bj->ij", prev, delta)
        db = db + delta.sum(axis=0)
        dx[t] = np.einsum("bj,ij->bi", delta, W)
        carry = np.einsum("bj,ij->bi", delta, U)
    return dx, dW, dU, db


def forward(x, Wf, Uf, bf, Wb, Ub, bb):
    hf = run(x, Wf, Uf, bf)
    hb = run(x[::-1], Wb, Ub, bb)              # in reversed time
    y = np.concatenate([hf, hb[::-1]], axis=2)
    return {"y": y}, (x, hf, hb, Wf, Uf, Wb, Ub)


def backward(upstream, cache):
    x, hf, hb, Wf, Uf, Wb, Ub = cache
    dy = upstream["y"]
    n_h = hf.shape[2]
    dhf, dhb = dy[:, :, :n_h], dy[:, :, n_h:]

    dx_f, dWf, dUf, dbf = run_back(dhf, hf, x, Wf, Uf)
    dx_b, dWb, dUb, dbb = run_back(dhb[::-1], hb, x[::-1], Wb, Ub)
    dx = dx_f + dx_b[::-1]

    return {"dx": dx, "dWf": dWf, "dUf": dUf, "dbf": dbf, "dWb": dWb, "dUb": dUb, "dbb": dbb}
