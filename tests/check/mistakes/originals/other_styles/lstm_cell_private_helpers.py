"""The assignment's LSTM cell: derivatives are private functions."""

import numpy as np


def _dsig(s):
    return s * (1.0 - s)


def _dtanh(t):
    return 1.0 - t ** 2


def lstm_cell_backward(da_next, dc_next, cache):
    a, c, a_prev, c_prev, f, i, g, o, x, par = cache
    n_a = a.shape[0]

    tc = np.tanh(c)
    d_o = da_next * tc * _dsig(o)
    d_c = da_next * o * _dtanh(tc) + dc_next
    d_f = d_c * c_prev * _dsig(f)
    d_i = d_c * g * _dsig(i)
    d_g = d_c * i * _dtanh(g)

    inp_T = np.r_[a_prev, x].T
    out = {
        "dWf": d_f @ inp_T, "dbf": d_f.sum(1, keepdims=True),
        "dWi": d_i @ inp_T, "dbi": d_i.sum(1, keepdims=True),
        "dWc": d_g @ inp_T, "dbc": d_g.sum(1, keepdims=True),
        "dWo": d_o @ inp_T, "dbo": d_o.sum(1, keepdims=True),
    }
    d_inp = par["Wf"].T @ d_f + par["Wi"].T @ d_i + par["Wc"].T @ d_g + par["Wo"].T @ d_o
    out["da_prev"], out["dxt"] = d_inp[:n_a], d_inp[n_a:]
    out["dc_prev"] = d_c * f
    return out
