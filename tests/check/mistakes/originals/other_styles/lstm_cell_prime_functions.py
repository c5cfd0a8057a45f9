"""The assignment's LSTM cell: derivatives are functions."""

import numpy as np


def sig_prime(s):
    return s * (1 - s)


def tanh_prime(y):
    return 1 - y ** 2


def lstm_cell_backward(da_next, dc_next, cache):
    _, c_next, a_prev, c_prev, ft, it, cct, ot, xt, W = cache
    y = np.tanh(c_next)
    dct = da_next * ot * tanh_prime(y) + dc_next
    df = dct * c_prev * sig_prime(ft)
    di = dct * cct * sig_prime(it)
    do = da_next * y * sig_prime(ot)
    dcc = dct * it * tanh_prime(cct)
    v = np.vstack([a_prev, xt])
    dv = W["Wf"].T @ df + W["Wi"].T @ di + W["Wo"].T @ do + W["Wc"].T @ dcc
    da_prev, dxt = np.split(dv, [a_prev.shape[0]])
    col = lambda d: d.sum(axis=1, keepdims=True)
    return {"dxt": dxt, "da_prev": da_prev, "dc_prev": dct * ft,
            "dWf": df @ v.T, "dWi": di @ v.T, "dWc": dcc @ v.T, "dWo": do @ v.T,
            "dbf": col(df), "dbi": col(di), "dbc": col(dcc), "dbo": col(do)}
