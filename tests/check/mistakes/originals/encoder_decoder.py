"""Encoder and decoder: the summary goes into every decoder step."""

import numpy as np

INPUTS = {
    "x": ("T", "m", "n_x"), "y_in": ("T", "m", "n_y"),
    "We": ("n_x", "n_h"), "Ue": ("n_h", "n_h"), "be": ("n_h",),
    "Wd": ("n_y", "n_h"), "Ud": ("n_h", "n_h"), "C": ("n_h", "n_h"), "bd": ("n_h",),
    "V": ("n_h", "n_y"),
}


def encode(x, We, Ue, be):
    h = np.zeros((x.shape[1], Ue.shape[0]))
    states = [h]
    for t in range(x.shape[0]):
        h = np.tanh(x[t] @ We + h @ Ue + be)
        states.append(h)
    return states


def decode(y_in, ctx, Wd, Ud, C, bd):
    s = ctx
    states = [s]
    for t in range(y_in.shape[0]):
        s = np.tanh(y_in[t] @ Wd + s @ Ud + ctx @ C + bd)
        states.append(s)
    return states


def forward(x, y_in, We, Ue, be, Wd, Ud, C, bd, V):
    enc = encode(x, We, Ue, be)
    dec = decode(y_in, enc[-1], Wd, Ud, C, bd)
    scores = np.stack([s @ V for s in dec[1:]])
    return {"scores": scores}, (x, y_in, enc, dec, We, Ue, Wd, Ud, C, V)


def backward(upstream, cache):
    x, y_in, enc, dec, We, Ue, Wd, Ud, C, V = cache
    dscores = upstream["scores"]
    ctx = enc[-1]
    g = {"d" + n: np.zeros_like(v) for n, v in
         dict(x=x, y_in=y_in, We=We, Ue=Ue, Wd=Wd, Ud=Ud, C=C, V=V).items()}
    g["dbe"] = np.zeros(We.shape[1])
    g["dbd"] = np.zeros(Wd.shape[1])

    # decoder
    ds = np.zeros_like(ctx)
    dctx = np.zeros_like(ctx)
    for t in reversed(range(len(y_in))):
        g["dV"] += dec[t + 1].T @ dscores[t]
        ds = ds + dscores[t] @ V.T
        dz = ds * (1 - dec[t + 1] ** 2)
        g["dWd"] += y_in[t].T @ dz
        g["dUd"] += dec[t].T @ dz
        g["dC"] += ctx.T @ dz
        g["dbd"] += dz.sum(axis=0)
        g["dy_in"][t] = dz @ Wd.T
        dctx = dctx + dz @ C.T
        ds = dz @ Ud.T

    # encoder: context was also the first decoder state
    dh = ds + dctx
    for t in reversed(range(len(x))):
        dz = dh * (1 - enc[t + 1] ** 2)
        g["dWe"] += x[t].T @ dz
        g["dUe"] += enc[t].T @ dz
        g["dbe"] += dz.sum(axis=0)
        g["dx"][t] = dz @ We.T
        dh = dz @ Ue.T
    return g
