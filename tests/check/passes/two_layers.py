"""Two recurrent layers in one loop."""

import numpy as np


def forward(x, U, V):
    T, n, m = x.shape
    h, s = np.zeros((T + 1, n, m)), np.zeros((T + 1, n, m))
    for t in range(T):
        h[t] = np.tanh(U @ h[t - 1] + x[t])
        s[t] = np.tanh(V @ s[t - 1] + h[t])
    return {"s": s[:T]}, (U, V, h, s)


def backward(up, cache):
    U, V, h, s = cache
    T = len(up["s"])
    dx, dU, dV = np.zeros_like(up["s"]), np.zeros_like(U), np.zeros_like(V)
    dh_next, ds_next = np.zeros_like(h[0]), np.zeros_like(s[0])
    for t in reversed(range(T)):
        dzs = (up["s"][t] + ds_next) * (1 - s[t] ** 2)
        dzh = (dzs + dh_next) * (1 - h[t] ** 2)
        dV += dzs @ s[t - 1].T
        dU += dzh @ h[t - 1].T
        dx[t], ds_next, dh_next = dzh, V.T @ dzs, U.T @ dzh
    return {"dx": dx, "dU": dU, "dV": dV}


def inputs(rng):
    return {"x": rng.standard_normal((4, 2, 1)), "U": rng.standard_normal((2, 2)), "V": rng.standard_normal((2, 2))}


WRONG = ("V.T @ dzs, U.T @ dzh", "U.T @ dzh, V.T @ dzs")
