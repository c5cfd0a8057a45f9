"""The assignment's RNN over a sequence, with semicolons."""

import numpy as np


def rnn_backward(da, caches):
    (cs, x) = caches
    n_x, m, T_x = x.shape
    n_a = da.shape[0]
    Wax = cs[0][3]["Wax"]; Waa = cs[0][3]["Waa"]
    dx = np.zeros((n_x, m, T_x)); dWax = np.zeros((n_a, n_x))
    dWaa = np.zeros((n_a, n_a)); dba = np.zeros((n_a, 1))
    da_prev = np.zeros((n_a, m))
    for t in range(T_x - 1, -1, -1):
        a_next = cs[t][0]; a_prev = cs[t][1]; xt = cs[t][2]
        dz = (da[:, :, t] + da_prev) * (1 - a_next ** 2)
        dx[:, :, t] = Wax.T.dot(dz)
        dWax += dz.dot(xt.T)
        dWaa += dz.dot(a_prev.T)
        dba += dz.sum(axis=1, keepdims=True)
        da_prev = Waa.T.dot(dz)
    return {"dx": dx, "da0": da_prev, "dWax": dWax, "dWaa": dWaa, "dba": dba}
