"""The assignment's LSTM over a sequence: a loop over the gates in every step."""

import numpy as np


def lstm_backward(da, caches):
    cache_list, x = caches
    n_x, m, T_x = x.shape
    n_a = da.shape[0]
    W = cache_list[0][9]
    grads = {"dx": np.zeros((n_x, m, T_x))}
    for k in "fico":
        grads["dW" + k] = np.zeros((n_a, n_a + n_x))
        grads["db" + k] = np.zeros((n_a, 1))
    da_next, dc_next = np.zeros((n_a, m)), np.zeros((n_a, m))

    for t in reversed(range(T_x)):
        a_t, c_t, a_p, c_p, f, i, cc, o, x_t, _ = cache_list[t]
        da_t = da[:, :, t] + da_next
        dc_t = dc_next + da_t * o * (1 - np.tanh(c_t) ** 2)
        d = {"f": dc_t * c_p * f * (1 - f),
             "i": dc_t * cc * i * (1 - i),
             "c": dc_t * i * (1 - cc ** 2),
             "o": da_t * np.tanh(c_t) * o * (1 - o)}
        da_next = np.zeros((n_a, m))
        for k in "fico":
            grads["dW" + k] += np.dot(d[k], np.concatenate((a_p, x_t)).T)
            grads["db" + k] += np.sum(d[k], axis=1, keepdims=True)
            grads["dx"][:, :, t] += np.dot(W["W" + k][:, n_a:].T, d[k])
            da_next += np.dot(W["W" + k][:, :n_a].T, d[k])
        dc_next = dc_t * f

    grads["da0"] = da_next
    return grads
