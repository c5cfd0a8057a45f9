"""The assignment's LSTM cell: gates and letters side by side."""

import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters) = cache
    n_x, m = xt.shape
    n_a, m = a_next.shape

    dcn = dc_next + da_next * ot * (1 - np.tanh(c_next) ** 2)

    dot = da_next * np.tanh(c_next) * ot * (1 - ot)
    dit = dcn * cct * it * (1 - it)
    dft = dcn * c_prev * ft * (1 - ft)
    dcct = dcn * it * (1 - cct ** 2)

    concat = np.zeros((n_a + n_x, m))
    concat[: n_a, :] = a_prev
    concat[n_a:, :] = xt

    gradients = {}
    dconcat = 0
    for letter, dgate in zip("fico", (dft, dit, dcct, dot)):
        gradients["dW" + letter] = np.dot(dgate, concat.T)
        gradients["db" + letter] = np.sum(dgate, axis=1, keepdims=True)
        dconcat = dconcat + np.dot(parameters["W" + letter].T, dgate)

    gradients["da_prev"] = dconcat[:n_a, :]
    gradients["dxt"] = dconcat[n_a:, :]
    gradients["dc_prev"] = dcn * ft
    return gradients
