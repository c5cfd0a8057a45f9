"""The assignment's LSTM cell, all weights in one matrix."""

import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters) = cache
    n_x = xt.shape[0]
    n_a = a_next.shape[0]

    # stack everything once: (4 n_a, n_a + n_x)
    W = np.concatenate([parameters["Wf"], parameters["Wi"], parameters["Wc"], parameters["Wo"]], axis=0)
    cat = np.concatenate([a_prev, xt], axis=0)

    tanh_c = np.tanh(c_next)
    dc = dc_next + (1 - tanh_c ** 2) * ot * da_next

    dz = np.concatenate([
        dc * c_prev * ft * (1 - ft),
        dc * cct * it * (1 - it),
        dc * it * (1 - cct ** 2),
        da_next * tanh_c * ot * (1 - ot),
    ], axis=0)

    dW = dz @ cat.T
    db = dz.sum(axis=1, keepdims=True)
    dcat = W.T @ dz
    da_prev, dxt = dcat[:n_a], dcat[n_a:]
    dc_prev = ft * dc

    dWf, dWi, dWc, dWo = np.split(dW, 4, axis=0)
    dbf, dbi, dbc, dbo = np.split(db, 4, axis=0)
    return {"dxt": dxt, "da_prev": da_prev, "dc_prev": dc_prev, "dWf": dWf, "dbf": dbf, "dWi": dWi, "dbi": dbi,
            "dWc": dWc, "dbc": dbc, "dWo": dWo, "dbo": dbo}
