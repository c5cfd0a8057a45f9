"""The assignment's RNN cell: the cache by its indices."""

import numpy as np


def rnn_cell_backward(da_next, cache):
    # unpack
    a = cache[0]
    x_t = cache[2]
    prm = cache[3]

    t = da_next * (1 - a ** 2)
    dWx = np.dot(t, x_t.T)
    dWa = np.dot(t, cache[1].T)
    db = np.sum(t, 1, keepdims=True)
    dx = np.dot(prm["Wax"].T, t)
    da = np.dot(prm["Waa"].T, t)
    return {"dxt": dx, "da_prev": da, "dWax": dWx, "dWaa": dWa, "dba": db}
