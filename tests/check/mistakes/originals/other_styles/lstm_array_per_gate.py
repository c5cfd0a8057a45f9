"""The assignment's LSTM over a sequence: an array for each gradient."""

import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a = a_next.shape[0]
    tc = np.tanh(c_next)
    dc = dc_next + da_next * ot * (1 - tc * tc)
    d = {"f": dc * c_prev * ft * (1 - ft),
         "i": dc * cct * it * (1 - it),
         "c": dc * it * (1 - cct * cct),
         "o": da_next * tc * ot * (1 - ot)}
    stack = np.vstack((a_prev, xt))
    dstack = sum(parameters["W" + k].T @ d[k] for k in d)
    grads = {"dxt": dstack[n_a:], "da_prev": dstack[:n_a], "dc_prev": dc * ft}
    for k in d:
        grads["dW" + k] = d[k] @ stack.T
        grads["db" + k] = d[k].sum(axis=1, keepdims=True)
    return grads


def lstm_backward(da, caches):
    (caches, x) = caches
    n_x, m, T_x = x.shape
    n_a = da.shape[0]

    dx = np.zeros((n_x, m, T_x))
    dWf, dWi, dWc, dWo = np.zeros((4, n_a, n_a + n_x))
    dbf, dbi, dbc, dbo = np.zeros((4, n_a, 1))
    da_prevt = np.zeros((n_a, m))
    dc_prevt = np.zeros((n_a, m))

    for t in reversed(range(T_x)):
        g = lstm_cell_backward(da[:, :, t] + da_prevt, dc_prevt, caches[t])
        da_prevt, dc_prevt = g['da_prev'], g['dc_prev']
        dx[:, :, t] = g['dxt']
        dWf += g['dWf']
        dWi += g['dWi']
        dWc += g['dWc']
        dWo += g['dWo']
        dbf += g['dbf']
        dbi += g['dbi']
        dbc += g['dbc']
        dbo += g['dbo']

    return {"dx": dx, "da0": da_prevt, "dWf": dWf, "dbf": dbf, "dWi": dWi, "dbi": dbi,
            "dWc": dWc, "dbc": dbc, "dWo": dWo, "dbo": dbo}
