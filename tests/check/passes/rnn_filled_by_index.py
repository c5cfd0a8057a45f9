"""States in an array that is filled by index; the first one is all zeros."""

import numpy as np


def forward(x, a0, Wax, Waa, ba):
    n_a, (_, m, T) = a0.shape[0], x.shape
    a = np.zeros((n_a, m, T))
    a_prev, caches = a0, []
    for t in range(T):
        a_next = np.tanh(np.dot(Wax, x[:, :, t]) + np.dot(Waa, a_prev) + ba)
        caches.append((a_next, a_prev, x[:, :, t]))
        a[:, :, t] = a_next
        a_prev = a_next
    return {"a": a}, (caches, Wax, Waa)


def backward(up, cache):
    caches, Wax, Waa = cache
    da = up["a"]
    n_a, m, T = da.shape
    dx = np.zeros((Wax.shape[1], m, T))
    dWax, dWaa, dba, da_prev = np.zeros(Wax.shape), np.zeros(Waa.shape), np.zeros((n_a, 1)), np.zeros((n_a, m))
    for t in reversed(range(T)):
        a_next, a_prev, xt = caches[t]
        dz = (da[:, :, t] + da_prev) * (1 - a_next**2)
        dx[:, :, t] = Wax.T.dot(dz)
        da_prev = Waa.T.dot(dz)
        dWax += dz.dot(xt.T)
        dWaa += dz.dot(a_prev.T)
        dba += np.sum(dz, axis=1, keepdims=True)
    return {"dx": dx, "da0": da_prev, "dWax": dWax, "dWaa": dWaa, "dba": dba}


def inputs(rng):
    return {
        "x": rng.standard_normal((3, 4, 5)),
        "a0": np.zeros((2, 4)),
        "Wax": rng.standard_normal((2, 3)),
        "Waa": rng.standard_normal((2, 2)),
        "ba": np.zeros((2, 1)),
    }


WRONG = ("dWaa += dz.dot(a_prev.T)", "dWaa += dz.dot(a_next.T)")
