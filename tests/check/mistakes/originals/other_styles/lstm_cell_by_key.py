"""The assignment's LSTM cell: gradients set one by one."""

import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters) = cache
    n_x, m = xt.shape
    n_a, m = a_next.shape
    Wf = parameters["Wf"]
    Wi = parameters["Wi"]
    Wc = parameters["Wc"]
    Wo = parameters["Wo"]
    dc_total = dc_next + da_next * ot * (1 - np.square(np.tanh(c_next)))
    dgo = da_next * np.tanh(c_next) * ot * (1 - ot)
    dgc = dc_total * it * (1 - np.square(cct))
    dgi = dc_total * cct * it * (1 - it)
    dgf = dc_total * c_prev * ft * (1 - ft)
    stacked_T = np.concatenate((a_prev, xt), axis=0).T
    gradients = {}
    gradients["dWf"] = dgf @ stacked_T
    gradients["dWi"] = dgi @ stacked_T
    gradients["dWc"] = dgc @ stacked_T
    gradients["dWo"] = dgo @ stacked_T
    gradients["dbf"] = np.sum(dgf, axis=1, keepdims=True)
    gradients["dbi"] = np.sum(dgi, axis=1, keepdims=True)
    gradients["dbc"] = np.sum(dgc, axis=1, keepdims=True)
    gradients["dbo"] = np.sum(dgo, axis=1, keepdims=True)
    gradients["da_prev"] = Wf[:, :n_a].T @ dgf + Wi[:, :n_a].T @ dgi + Wc[:, :n_a].T @ dgc + Wo[:, :n_a].T @ dgo
    gradients["dxt"] = Wf[:, n_a:].T @ dgf + Wi[:, n_a:].T @ dgi + Wc[:, n_a:].T @ dgc + Wo[:, n_a:].T @ dgo
    gradients["dc_prev"] = dc_total * ft
    return gradients
