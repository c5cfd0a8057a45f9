"""The parameter gradients are divided by the number of examples m as in the dense network course, but no mean
was taken here.
"""

import numpy as np

MISTAKE = "mean over the batch"


def rnn_cell_backward(da_next, cache):
    (a_next, a_prev, xt, parameters) = cache
    Wax = parameters["Wax"]
    Waa = parameters["Waa"]

    m = xt.shape[1]

    dZ = da_next * (1 - a_next * a_next)

    # same as linear_backward from course 1
    dWax = 1. / m * dZ @ xt.T
    dWaa = 1. / m * dZ @ a_prev.T
    dba = 1. / m * np.sum(dZ, axis=1, keepdims=True)

    dxt = Wax.T @ dZ
    da_prev = Waa.T @ dZ

    gradients = {"dxt": dxt, "da_prev": da_prev, "dWax": dWax, "dWaa": dWaa, "dba": dba}
    return gradients
