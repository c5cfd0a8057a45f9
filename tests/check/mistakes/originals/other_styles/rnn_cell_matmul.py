"""The assignment's RNN cell, with matmul."""

import numpy as np


def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    W_x, W_a = parameters["Wax"], parameters["Waa"]

    d_pre = np.multiply(1 - np.power(a_next, 2), da_next)

    return {
        "dxt": np.matmul(W_x.T, d_pre),
        "da_prev": np.matmul(W_a.T, d_pre),
        "dWax": np.matmul(d_pre, xt.T),
        "dWaa": np.matmul(d_pre, a_prev.T),
        "dba": np.sum(d_pre, axis=1, keepdims=True),
    }
