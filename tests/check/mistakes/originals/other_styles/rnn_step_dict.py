"""The assignment's RNN over a sequence; the cell returns a dict of short names."""

import numpy as np


def backprop_cell(grad, cache):
    a_next, a_prev, xt, parameters = cache
    dtanh = grad * (1 - a_next ** 2)
    d = {}
    d["x"] = np.dot(parameters["Wax"].T, dtanh)
    d["a"] = np.dot(parameters["Waa"].T, dtanh)
    d["Wax"] = np.dot(dtanh, xt.T)
    d["Waa"] = np.dot(dtanh, a_prev.T)
    d["b"] = np.sum(dtanh, axis=1, keepdims=True)
    return d


def rnn_backward(da, caches):
    caches, x = caches
    n_a, m, T_x = da.shape
    dx = np.zeros(x.shape)
    dWax, dWaa, dba = np.zeros((n_a, x.shape[0])), np.zeros((n_a, n_a)), np.zeros((n_a, 1))
    da_prevt = np.zeros((n_a, m))
    for t in reversed(range(T_x)):
        d = backprop_cell(da[:, :, t] + da_prevt, caches[t])
        da_prevt = d["a"]
        dx[:, :, t] = d["x"]
        dWax += d["Wax"]
        dWaa += d["Waa"]
        dba += d["b"]
    return {"dx": dx, "da0": da_prevt, "dWax": dWax, "dWaa": dWaa, "dba": dba}
