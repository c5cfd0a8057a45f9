"""The assignment's RNN over a sequence, with matmul."""

import numpy as np


def rnn_cell_backward(da_next, cache):
    (a_next, a_prev, xt, parameters) = cache
    dtanh = (1 - np.power(a_next, 2)) * da_next
    gradients = {}
    gradients['dxt'] = np.matmul(parameters['Wax'].T, dtanh)
    gradients['dWax'] = np.matmul(dtanh, xt.T)
    gradients['da_prev'] = np.matmul(parameters['Waa'].T, dtanh)
    gradients['dWaa'] = np.matmul(dtanh, a_prev.T)
    gradients['dba'] = np.sum(dtanh, axis=1, keepdims=True)
    return gradients


def rnn_backward(da, caches):
    (caches, x) = caches
    (a1, a0, x1, parameters) = caches[0]
    n_a, m, T_x = da.shape
    n_x, m = x1.shape

    dx = np.zeros((n_x, m, T_x))
    dWax = np.zeros((n_a, n_x))
    dWaa = np.zeros((n_a, n_a))
    dba = np.zeros((n_a, 1))
    da_prevt = np.zeros((n_a, m))

    for t in reversed(range(T_x)):
        gradients = rnn_cell_backward(da[:, :, t] + da_prevt, caches[t])
        dx[:, :, t] = gradients['dxt']
        dWax += gradients['dWax']
        dWaa += gradients['dWaa']
        dba += gradients['dba']
        da_prevt = gradients['da_prev']

    da0 = da_prevt
    return {"dx": dx, "da0": da0, "dWax": dWax, "dWaa": dWaa, "dba": dba}
