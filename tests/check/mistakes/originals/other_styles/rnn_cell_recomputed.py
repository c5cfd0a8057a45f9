"""The assignment's RNN cell: the pre-activation is computed again."""

import numpy as np


def d_tanh(z):
    t = np.tanh(z)
    return 1.0 - t * t


def rnn_cell_backward(da_next, cache):
    _, a_prev, xt, p = cache

    z = np.matmul(p['Wax'], xt) + np.matmul(p['Waa'], a_prev) + p['ba']
    delta = da_next * d_tanh(z)

    dxt = np.matmul(p['Wax'].T, delta)
    da_prev = np.matmul(p['Waa'].T, delta)
    dWax = np.matmul(delta, xt.T)
    dWaa = np.matmul(delta, a_prev.T)
    dba = np.sum(delta, axis=1).reshape(p['ba'].shape)

    return dict(dxt=dxt, da_prev=da_prev, dWax=dWax, dWaa=dWaa, dba=dba)
