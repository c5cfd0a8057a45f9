"""The assignment's RNN over a sequence, with a while loop."""

import numpy as np


def rnn_backward(da, caches):
    lst, x = caches
    T_x = x.shape[2]
    p = lst[0][-1]
    out = {k: np.zeros(s) for k, s in [("dx", x.shape), ("dWax", p["Wax"].shape),
                                       ("dWaa", p["Waa"].shape), ("dba", p["ba"].shape)]}
    g = np.zeros(da.shape[:2])
    t = T_x - 1
    while t >= 0:
        s, s_old, inp, _ = lst[t]
        g = (g + da[:, :, t]) * (1 - s ** 2)
        out["dWax"] += g @ inp.T
        out["dWaa"] += g @ s_old.T
        out["dba"] += np.sum(g, axis=1, keepdims=True)
        out["dx"][:, :, t] = p["Wax"].T @ g
        g = p["Waa"].T @ g
        t -= 1
    out["da0"] = g
    return out
