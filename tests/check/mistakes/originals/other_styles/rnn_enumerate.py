"""The assignment's RNN over a sequence, by enumerating the caches."""

import numpy as np


def rnn_backward(da, caches):
    history, x = caches
    n_a, m, T_x = da.shape
    theta = history[0][3]
    dx, dWax = np.zeros_like(x), np.zeros_like(theta["Wax"])
    dWaa, dba = np.zeros_like(theta["Waa"]), np.zeros_like(theta["ba"])
    dh_next = np.zeros((n_a, m))
    for t, (h, h_prev, xt, _) in reversed(list(enumerate(history))):
        draw = (1 - h * h) * (da[:, :, t] + dh_next)
        dba += draw.sum(axis=1, keepdims=True)
        dWax += draw @ xt.T
        dWaa += draw @ h_prev.T
        dx[..., t] = theta["Wax"].T @ draw
        dh_next = theta["Waa"].T @ draw
    return {"dx": dx, "da0": dh_next, "dWax": dWax, "dWaa": dWaa, "dba": dba}
