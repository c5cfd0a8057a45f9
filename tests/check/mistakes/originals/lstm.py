"""The assignment's LSTM over a sequence."""

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


def lstm_backward(da, caches):
    (caches, x) = caches
    n_a, m, T_x = da.shape
    n_x = x.shape[0]
    dx = np.zeros((n_x, m, T_x))
    da_prevt = np.zeros((n_a, m))
    dc_prevt = np.zeros((n_a, m))
    total = {}
    for g in "fico":
        total["dW" + g] = np.zeros((n_a, n_a + n_x))
        total["db" + g] = np.zeros((n_a, 1))

    for t in reversed(range(T_x)):
        gradients = lstm_cell_backward(da[:, :, t] + da_prevt, dc_prevt, caches[t])
        da_prevt = gradients["da_prev"]
        dc_prevt = gradients["dc_prev"]
        dx[:, :, t] = gradients["dxt"]
        for key in total:
            total[key] = total[key] + gradients[key]

    return {"dx": dx, "da0": da_prevt, **total}
