"""The assignment's RNN over a sequence: da and the carry are added first."""

import numpy as np


def rnn_backward(da, caches):
    cache_list, x = caches
    n_a, m, T = da.shape
    Wax, Waa = cache_list[0][3]["Wax"], cache_list[0][3]["Waa"]

    dx = np.empty_like(x)
    dWax, dWaa, dba = np.zeros_like(Wax), np.zeros_like(Waa), np.zeros((n_a, 1))
    carry = np.zeros((n_a, m))

    for t in range(T)[::-1]:
        a_t, a_tm1, x_t, _ = cache_list[t]
        total = da[:, :, t] + carry
        dz = total * (1 - a_t ** 2)

        dWax += np.dot(dz, x_t.T)
        dWaa += np.dot(dz, a_tm1.T)
        dba += np.sum(dz, axis=1, keepdims=True)
        dx[:, :, t] = np.dot(Wax.T, dz)
        carry = np.dot(Waa.T, dz)

    return {"dx": dx, "da0": carry, "dWax": dWax, "dWaa": dWaa, "dba": dba}
