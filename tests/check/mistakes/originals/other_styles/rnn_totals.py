"""The assignment's RNN over a sequence: a loop over the totals."""

import numpy as np


def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, prm = cache
    dz = da_next * (1 - a_next ** 2)
    return {"dxt": prm["Wax"].T @ dz,
            "da_prev": prm["Waa"].T @ dz,
            "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T,
            "dba": dz.sum(axis=1, keepdims=True)}


def rnn_backward(da, caches):
    cell_caches, x = caches
    n_a, m, T_x = da.shape

    totals = {"dWax": 0, "dWaa": 0, "dba": 0}
    dx = np.zeros(x.shape)
    da_prevt = np.zeros((n_a, m))

    for t in range(T_x - 1, -1, -1):
        step = rnn_cell_backward(da[:, :, t] + da_prevt, cell_caches[t])
        dx[:, :, t] = step["dxt"]
        da_prevt = step["da_prev"]
        for key in totals:
            totals[key] = totals[key] + step[key]

    return {"dx": dx, "da0": da_prevt, **totals}
