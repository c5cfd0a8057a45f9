"""The assignment's RNN cell: gradients set one by one."""

import numpy as np


def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, params = cache
    Wax, Waa = params["Wax"], params["Waa"]

    dz = da_next * (1 - np.square(a_next))

    g = {}
    g['dWax'] = dz @ xt.T
    g['dWaa'] = dz @ a_prev.T
    g['dba'] = dz.sum(axis=1, keepdims=True)
    g['dxt'] = Wax.T @ dz
    g['da_prev'] = Waa.T @ dz
    return g
