"""The assignment's LSTM over a sequence: a function gives a gate's gradients."""

import numpy as np


def dsigmoid(s):
    return s * (1 - s)


def gate_grads(dz, concat):
    return dz.dot(concat.T), np.sum(dz, axis=1, keepdims=True)


def lstm_backward(da, caches):
    caches_list, x = caches
    n_a, m, T_x = da.shape
    dx = np.zeros(x.shape)
    grads = {k: 0. for k in ["dWf", "dbf", "dWi", "dbi", "dWc", "dbc", "dWo", "dbo"]}
    da_next = np.zeros((n_a, m))
    dc_next = np.zeros((n_a, m))

    for t in range(T_x - 1, -1, -1):
        (a, c, a_prev, c_prev, f, i, cc, o, xt, par) = caches_list[t]
        concat = np.concatenate([a_prev, xt])
        da_t = da[:, :, t] + da_next

        dc = dc_next + da_t * o * (1 - np.tanh(c) ** 2)
        zf = dc * c_prev * dsigmoid(f)
        zi = dc * cc * dsigmoid(i)
        zc = dc * i * (1 - cc ** 2)
        zo = da_t * np.tanh(c) * dsigmoid(o)

        dconcat = np.zeros(concat.shape)
        for g, z in (("f", zf), ("i", zi), ("c", zc), ("o", zo)):
            w, b = gate_grads(z, concat)
            grads["dW" + g] = grads["dW" + g] + w
            grads["db" + g] = grads["db" + g] + b
            dconcat += par["W" + g].T.dot(z)

        da_next = dconcat[:n_a, :]
        dx[:, :, t] = dconcat[n_a:, :]
        dc_next = f * dc

    grads["dx"] = dx
    grads["da0"] = da_next
    return grads
