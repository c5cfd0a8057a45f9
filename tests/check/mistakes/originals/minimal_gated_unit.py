"""Minimal gated unit: one gate, examples in rows."""

import numpy as np

INPUTS = {"x": ("m", "T", "n_x"), "h0": ("m", "n_h"),
          "Wf": ("n_x", "n_h"), "Uf": ("n_h", "n_h"), "bf": ("n_h",),
          "Wh": ("n_x", "n_h"), "Uh": ("n_h", "n_h"), "bh": ("n_h",)}


def sigmoid(z):
    return 1. / (1. + np.exp(-z))


def step(x_t, h_prev, Wf, Uf, bf, Wh, Uh, bh):
    f = sigmoid(x_t @ Wf + h_prev @ Uf + bf)
    cand = np.tanh(x_t @ Wh + (f * h_prev) @ Uh + bh)
    h = (1 - f) * h_prev + f * cand
    return h, (x_t, h_prev, f, cand)


def step_back(dh, saved, w):
    x_t, h_prev, f, cand = saved
    df = dh * (cand - h_prev)
    dcand = dh * f
    dh_prev = dh * (1 - f)

    da = dcand * (1 - cand ** 2)
    dfh = da @ w["Uh"].T
    df = df + dfh * h_prev
    dh_prev = dh_prev + dfh * f

    dg = df * f * (1 - f)
    dh_prev = dh_prev + dg @ w["Uf"].T
    dx_t = dg @ w["Wf"].T + da @ w["Wh"].T

    grads = {"dWf": x_t.T @ dg, "dUf": h_prev.T @ dg, "dbf": dg.sum(axis=0),
             "dWh": x_t.T @ da, "dUh": (f * h_prev).T @ da, "dbh": da.sum(axis=0)}
    return dx_t, dh_prev, grads


def forward(x, h0, Wf, Uf, bf, Wh, Uh, bh):
    h = h0
    tape, out = [], []
    for t in range(x.shape[1]):
        h, s = step(x[:, t], h, Wf, Uf, bf, Wh, Uh, bh)
        tape.append(s)
        out.append(h)
    weights = dict(Wf=Wf, Uf=Uf, Wh=Wh, Uh=Uh)
    return {"h_seq": np.stack(out, axis=1), "h_last": h}, (tape, weights)


def backward(upstream, cache):
    tape, w = cache
    dh = upstream["h_last"].copy()
    dx = []
    total = None
    for t in reversed(range(len(tape))):
        dh = dh + upstream["h_seq"][:, t]
        dx_t, dh, g = step_back(dh, tape[t], w)
        dx.insert(0, dx_t)
        total = g if total is None else {k: total[k] + g[k] for k in g}
    total["dx"] = np.stack(dx, axis=1)
    total["dh0"] = dh
    return total
