"""The assignment's RNN cell: the local gradient first."""

import numpy as np


def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, params = cache
    local_grad = 1.0 - a_next ** 2
    dZ = local_grad * da_next

    dWax = dZ @ np.transpose(xt)
    dWaa = dZ @ np.transpose(a_prev)
    dba = np.sum(dZ, axis=-1).reshape(-1, 1)
    dxt = np.transpose(params["Wax"]) @ dZ
    da_prev = np.transpose(params["Waa"]) @ dZ
    return {"dxt": dxt, "da_prev": da_prev,
            "dWax": dWax, "dWaa": dWaa, "dba": dba}
