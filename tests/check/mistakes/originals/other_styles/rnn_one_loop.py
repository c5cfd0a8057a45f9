"""The assignment's RNN over a sequence in one loop."""

import numpy as np


def rnn_backward(da, caches):
    steps, x = caches
    n_a, m, T_x = da.shape
    params = steps[0][3]
    Wax, Waa, ba = params["Wax"], params["Waa"], params["ba"]

    dx = np.zeros_like(x)
    dWax = np.zeros_like(Wax)
    dWaa = np.zeros_like(Waa)
    dba = np.zeros_like(ba)
    dnext = np.zeros((n_a, m))

    for t in reversed(range(T_x)):
        a_t, a_prev, x_t, _ = steps[t]
        dh = da[:, :, t] + dnext
        dz = dh * (1 - a_t * a_t)
        dba += np.sum(dz, axis=1, keepdims=True)
        dWax += np.dot(dz, x_t.T)
        dWaa += np.dot(dz, a_prev.T)
        dx[:, :, t] = np.dot(Wax.T, dz)
        dnext = np.dot(Waa.T, dz)

    return {"dx": dx, "da0": dnext, "dWax": dWax, "dWaa": dWaa, "dba": dba}
