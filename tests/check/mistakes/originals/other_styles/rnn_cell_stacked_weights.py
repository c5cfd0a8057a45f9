"""The assignment's RNN cell, both matrices in one."""

import numpy as np


def rnn_cell_backward(da_next, cache):
    (a_next, a_prev, xt, parameters) = cache
    Wax = parameters["Wax"]
    Waa = parameters["Waa"]
    n_a = Waa.shape[0]

    dtanh = da_next * (1 - a_next**2)

    # both matrices in one go, then cut
    W = np.hstack((Waa, Wax))
    v = np.vstack((a_prev, xt))
    dW = np.dot(dtanh, v.T)
    dv = np.dot(W.T, dtanh)

    gradients = {}
    gradients["dWaa"] = dW[:, :n_a]
    gradients["dWax"] = dW[:, n_a:]
    gradients["da_prev"] = dv[:n_a, :]
    gradients["dxt"] = dv[n_a:, :]
    gradients["dba"] = np.sum(dtanh, axis=1, keepdims=True)
    return gradients
