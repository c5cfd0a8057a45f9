"""The assignment's LSTM cell: the gates' adjoints in a dict."""

import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, f, i, g, o, xt, P = cache
    n_a = a_prev.shape[0]
    s = np.vstack((a_prev, xt))
    tc = np.tanh(c_next)
    dc = dc_next + da_next * o * (1 - tc * tc)
    deltas = {
        "f": dc * c_prev * f * (1 - f),
        "i": dc * g * i * (1 - i),
        "c": dc * i * (1 - g * g),
        "o": da_next * tc * o * (1 - o),
    }
    ds = sum(P["W" + k].T @ d for k, d in deltas.items())
    res = {"dxt": ds[n_a:], "da_prev": ds[:n_a], "dc_prev": dc * f}
    for k, d in deltas.items():
        res["dW" + k] = d @ s.T
        res["db" + k] = d.sum(axis=1, keepdims=True)
    return res
