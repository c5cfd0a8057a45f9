"""The assignment's RNN over a sequence: da is added where a step ends."""

import numpy as np


def rnn_backward(da, caches):
    caches, x = caches
    T = da.shape[2]
    W = caches[0][3]
    grads = {"dx": np.zeros(x.shape), "dWax": 0, "dWaa": 0, "dba": 0}
    flow = da[:, :, T - 1]
    for t in range(T - 1, -1, -1):
        a, a_before, xt, _ = caches[t]
        delta = flow * (1 - a * a)
        grads["dWax"] = grads["dWax"] + delta @ xt.T
        grads["dWaa"] = grads["dWaa"] + delta @ a_before.T
        grads["dba"] = grads["dba"] + delta.sum(axis=1, keepdims=True)
        grads["dx"][:, :, t] = W["Wax"].T @ delta
        flow = W["Waa"].T @ delta
        if t > 0:
            flow = flow + da[:, :, t - 1]
    grads["da0"] = flow
    return grads
