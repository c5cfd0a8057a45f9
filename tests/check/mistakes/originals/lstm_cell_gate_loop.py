"""The assignment's LSTM cell: one dc, and a loop over the gates."""

import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a = a_next.shape[0]
    tanh_c = np.tanh(c_next)

    dc = dc_next + da_next * ot * (1 - tanh_c ** 2)
    dz = {
        "f": dc * c_prev * ft * (1 - ft),
        "i": dc * cct * it * (1 - it),
        "c": dc * it * (1 - cct ** 2),
        "o": da_next * tanh_c * ot * (1 - ot),
    }
    stacked = np.vstack((a_prev, xt))
    dstacked = sum(parameters["W" + g].T @ dz[g] for g in "fico")
    gradients = {"da_prev": dstacked[:n_a], "dxt": dstacked[n_a:], "dc_prev": dc * ft}
    for g in "fico":
        gradients["dW" + g] = dz[g] @ stacked.T
        gradients["db" + g] = dz[g].sum(axis=1, keepdims=True)
    return gradients
