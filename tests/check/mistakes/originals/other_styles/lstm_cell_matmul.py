"""The assignment's LSTM cell, with matmul."""

import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters) = cache

    n_x, m = xt.shape
    n_a, m = a_next.shape
    tanh_c_next = np.tanh(c_next)

    dot = da_next * tanh_c_next * ot * (1 - ot)
    dcct = (dc_next * it + ot * (1 - tanh_c_next ** 2) * it * da_next) * (1 - cct ** 2)
    dit = (dc_next * cct + ot * (1 - tanh_c_next ** 2) * cct * da_next) * it * (1 - it)
    dft = (dc_next * c_prev + ot * (1 - tanh_c_next ** 2) * c_prev * da_next) * ft * (1 - ft)

    concat = np.concatenate((a_prev, xt), axis=0)

    dWf = np.matmul(dft, concat.T)
    dWi = np.matmul(dit, concat.T)
    dWc = np.matmul(dcct, concat.T)
    dWo = np.matmul(dot, concat.T)
    dbf = np.sum(dft, axis=1, keepdims=True)
    dbi = np.sum(dit, axis=1, keepdims=True)
    dbc = np.sum(dcct, axis=1, keepdims=True)
    dbo = np.sum(dot, axis=1, keepdims=True)

    Wf, Wi = parameters['Wf'], parameters['Wi']
    Wc, Wo = parameters['Wc'], parameters['Wo']
    da_prev = (np.matmul(Wf[:, :n_a].T, dft) + np.matmul(Wi[:, :n_a].T, dit)
               + np.matmul(Wc[:, :n_a].T, dcct) + np.matmul(Wo[:, :n_a].T, dot))
    dxt = (np.matmul(Wf[:, n_a:].T, dft) + np.matmul(Wi[:, n_a:].T, dit)
           + np.matmul(Wc[:, n_a:].T, dcct) + np.matmul(Wo[:, n_a:].T, dot))
    dc_prev = (dc_next + ot * (1 - tanh_c_next ** 2) * da_next) * ft

    return {"dxt": dxt, "da_prev": da_prev, "dc_prev": dc_prev, "dWf": dWf, "dbf": dbf, "dWi": dWi, "dbi": dbi,
            "dWc": dWc, "dbc": dbc, "dWo": dWo, "dbo": dbo}
