"""The assignment's RNN over a sequence; the cell returns a tuple."""

import numpy as np


def one_step(da_next, cache):
    a_next, a_prev, xt, P = cache
    dz = (1 - a_next**2) * da_next
    return (P["Wax"].T @ dz, P["Waa"].T @ dz, dz @ xt.T, dz @ a_prev.T,
            dz.sum(axis=1, keepdims=True))


def rnn_backward(da, caches):
    (steps, x) = caches
    n_a, m, T_x = da.shape
    n_x = x.shape[0]
    dx = np.zeros((n_x, m, T_x))
    dWax = np.zeros((n_a, n_x))
    dWaa = np.zeros((n_a, n_a))
    dba = np.zeros((n_a, 1))
    da_prevt = np.zeros((n_a, m))
    for t in reversed(range(T_x)):
        dxt, da0, dWaxt, dWaat, dbat = one_step(da[:, :, t] + da_prevt, steps[t])
        da_prevt = da0
        dx[:, :, t] = dxt
        dWax += dWaxt
        dWaa += dWaat
        dba += dbat
    return {"dx": dx, "da0": da0, "dWax": dWax, "dWaa": dWaa, "dba": dba}
