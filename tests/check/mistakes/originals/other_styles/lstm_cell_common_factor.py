"""The assignment's LSTM cell: the common factor first."""

import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters) = cache
    n_a, m = a_next.shape

    Wf = parameters["Wf"]
    Wi = parameters["Wi"]
    Wc = parameters["Wc"]
    Wo = parameters["Wo"]

    tmp = ot * (1 - np.tanh(c_next) ** 2)

    dot = da_next * np.tanh(c_next) * ot * (1 - ot)
    dcct = (dc_next * it + tmp * it * da_next) * (1 - cct ** 2)
    dit = (dc_next * cct + tmp * cct * da_next) * it * (1 - it)
    dft = (dc_next * c_prev + tmp * c_prev * da_next) * ft * (1 - ft)

    stacked = np.vstack((a_prev, xt)).T
    dWf = dft.dot(stacked)
    dWi = dit.dot(stacked)
    dWc = dcct.dot(stacked)
    dWo = dot.dot(stacked)
    dbf = np.sum(dft, axis=1, keepdims=True)
    dbi = np.sum(dit, axis=1, keepdims=True)
    dbc = np.sum(dcct, axis=1, keepdims=True)
    dbo = np.sum(dot, axis=1, keepdims=True)

    da_prev = Wf[:, :n_a].T.dot(dft) + Wi[:, :n_a].T.dot(dit) \
        + Wc[:, :n_a].T.dot(dcct) + Wo[:, :n_a].T.dot(dot)
    dc_prev = dc_next * ft + tmp * ft * da_next
    dxt = Wf[:, n_a:].T.dot(dft) + Wi[:, n_a:].T.dot(dit) \
        + Wc[:, n_a:].T.dot(dcct) + Wo[:, n_a:].T.dot(dot)

    gradients = {"dxt": dxt, "da_prev": da_prev, "dc_prev": dc_prev, "dWf": dWf, "dbf": dbf, "dWi": dWi, "dbi": dbi,
                 "dWc": dWc, "dbc": dbc, "dWo": dWo, "dbo": dbo}
    return gradients
