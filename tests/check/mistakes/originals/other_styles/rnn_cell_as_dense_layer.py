"""The assignment's RNN cell, written like a dense layer."""

import numpy as np


def rnn_cell_backward(da_next, cache):
    (a_next, a_prev, xt, parameters) = cache
    Wax = parameters["Wax"]
    Waa = parameters["Waa"]

    m = xt.shape[1]

    dZ = da_next * (1 - a_next * a_next)

    # as in linear_backward
    dWax = dZ @ xt.T
    dWaa = dZ @ a_prev.T
    dba = np.sum(dZ, axis=1, keepdims=True)

    dxt = Wax.T @ dZ
    da_prev = Waa.T @ dZ

    gradients = {"dxt": dxt, "da_prev": da_prev, "dWax": dWax, "dWaa": dWaa, "dba": dba}
    return gradients
