"""The assignment's RNN cell, with the dot method."""

import numpy as np


def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache

    dz = da_next * (1 - np.square(a_next))

    dxt     = parameters["Wax"].T.dot(dz)
    da_prev = parameters["Waa"].T.dot(dz)
    dWax    = dz.dot(xt.T)
    dWaa    = dz.dot(a_prev.T)
    dba     = dz.sum(axis=1, keepdims=True)

    return dict(dxt=dxt, da_prev=da_prev, dWax=dWax, dWaa=dWaa, dba=dba)
