"""The assignment's LSTM over a sequence: what the cell returns is taken out one by one."""

import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a = a_next.shape[0]
    tc = np.tanh(c_next)
    dc = dc_next + da_next * ot * (1 - tc * tc)
    d = {"f": dc * c_prev * ft * (1 - ft),
         "i": dc * cct * it * (1 - it),
         "c": dc * it * (1 - cct * cct),
         "o": da_next * tc * ot * (1 - ot)}
    stack = np.vstack((a_prev, xt))
    dstack = sum(parameters["W" + k].T @ d[k] for k in d)
    grads = {"dxt": dstack[n_a:], "da_prev": dstack[:n_a], "dc_prev": dc * ft}
    for k in d:
        grads["dW" + k] = d[k] @ stack.T
        grads["db" + k] = d[k].sum(axis=1, keepdims=True)
    return grads


def lstm_backward(da, caches):
    (lst, x) = caches
    n_a, m, T_x = da.shape

    da_prevt = np.zeros((n_a, m))
    dc_prevt = np.zeros((n_a, m))
    dx = np.empty_like(x)
    acc = {}
    for t in range(T_x)[::-1]:
        gr = lstm_cell_backward(da[:, :, t] + da_prevt, dc_prevt, lst[t])
        dx[:, :, t] = gr.pop("dxt")
        da_prevt = gr.pop("da_prev")
        dc_prevt = gr.pop("dc_prev")
        # only dW*, db* are left
        for k, v in gr.items():
            acc[k] = acc[k] + v if k in acc else v

    acc.update(dx=dx, da0=da_prevt)
    return acc
