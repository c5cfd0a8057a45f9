"""The assignment's LSTM over a sequence, all weights in one matrix."""

import numpy as np


def lstm_backward(da, caches):
    cells, x = caches
    n_a, m, T_x = da.shape
    n_x = x.shape[0]
    P = cells[0][-1]
    # one big matrix, rows f | i | c | o
    W = np.vstack((P["Wf"], P["Wi"], P["Wc"], P["Wo"]))

    dW = np.zeros_like(W)
    db = np.zeros((4 * n_a, 1))
    dx = np.zeros_like(x)
    da_n = np.zeros((n_a, m))
    dc_n = np.zeros((n_a, m))

    for t in reversed(range(T_x)):
        a_next, c_next, a_prev, c_prev, f, i, cc, o, xt, _ = cells[t]
        h = da[:, :, t] + da_n
        tc = np.tanh(c_next)
        dc = dc_n + h * o * (1 - tc ** 2)

        dz = np.vstack((dc * c_prev * f * (1 - f),
                        dc * cc * i * (1 - i),
                        dc * i * (1 - cc ** 2),
                        h * tc * o * (1 - o)))
        hx = np.vstack((a_prev, xt))
        dW += dz @ hx.T
        db += dz.sum(axis=1, keepdims=True)

        dhx = W.T @ dz
        da_n = dhx[:n_a]
        dx[:, :, t] = dhx[n_a:]
        dc_n = dc * f

    grads = {"dx": dx, "da0": da_n}
    for k, g in enumerate("fico"):
        grads["dW" + g] = dW[k * n_a:(k + 1) * n_a]
        grads["db" + g] = db[k * n_a:(k + 1) * n_a]
    return grads
