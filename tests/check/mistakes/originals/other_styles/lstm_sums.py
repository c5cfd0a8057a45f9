"""The assignment's LSTM over a sequence: the sums in a dict."""

import numpy as np


def cell(da_next, dc_next, cache):
    (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters) = cache
    n_a = a_next.shape[0]
    dot = da_next * np.tanh(c_next) * ot * (1 - ot)
    dc = dc_next + ot * (1 - np.tanh(c_next) ** 2) * da_next
    dcct = dc * it * (1 - cct ** 2)
    dit = dc * cct * it * (1 - it)
    dft = dc * c_prev * ft * (1 - ft)
    zz = np.concatenate((a_prev, xt), axis=0)
    dz = (parameters["Wf"].T @ dft + parameters["Wi"].T @ dit
          + parameters["Wc"].T @ dcct + parameters["Wo"].T @ dot)
    g = {"dxt": dz[n_a:], "da_prev": dz[:n_a], "dc_prev": dc * ft}
    for k, d in zip("fico", (dft, dit, dcct, dot)):
        g["dW" + k] = d @ zz.T
        g["db" + k] = np.sum(d, axis=1, keepdims=True)
    return g


def lstm_backward(da, caches):
    caches, x = caches
    n_a, m, T_x = da.shape
    dx = np.zeros(x.shape)
    da_prevt = np.zeros((n_a, m))
    dc_prevt = np.zeros((n_a, m))
    sums = {}
    for t in reversed(range(T_x)):
        gradients = cell(da[:, :, t] + da_prevt, dc_prevt, caches[t])
        da_prevt = gradients["da_prev"]
        dc_prevt = gradients["dc_prev"]
        dx[:, :, t] = gradients["dxt"]
        for k in ("dWf", "dWi", "dWc", "dWo", "dbf", "dbi", "dbc", "dbo"):
            sums[k] = sums.get(k, 0) + gradients[k]
    return {"dx": dx, "da0": da_prevt, **sums}
