"""The assignment's LSTM cell, with the dot method."""

import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, par = cache
    n_a, m = a_next.shape
    th = np.tanh(c_next)

    d_o = da_next * th * ot * (1 - ot)
    d_cct = (dc_next * it + ot * (1 - th ** 2) * it * da_next) * (1 - cct ** 2)
    d_i = (dc_next * cct + ot * (1 - th ** 2) * cct * da_next) * it * (1 - it)
    d_f = (dc_next * c_prev + ot * (1 - th ** 2) * c_prev * da_next) * ft * (1 - ft)

    z = np.concatenate([a_prev, xt])
    da_prev = (par["Wf"][:, :n_a].T.dot(d_f) + par["Wi"][:, :n_a].T.dot(d_i)
               + par["Wc"][:, :n_a].T.dot(d_cct) + par["Wo"][:, :n_a].T.dot(d_o))
    dxt = (par["Wf"][:, n_a:].T.dot(d_f) + par["Wi"][:, n_a:].T.dot(d_i)
           + par["Wc"][:, n_a:].T.dot(d_cct) + par["Wo"][:, n_a:].T.dot(d_o))
    dc_prev = dc_next * ft + ot * (1 - th ** 2) * ft * da_next

    return {"dxt": dxt, "da_prev": da_prev, "dc_prev": dc_prev,
            "dWf": d_f.dot(z.T), "dbf": d_f.sum(axis=1, keepdims=True),
            "dWi": d_i.dot(z.T), "dbi": d_i.sum(axis=1, keepdims=True),
            "dWc": d_cct.dot(z.T), "dbc": d_cct.sum(axis=1, keepdims=True),
            "dWo": d_o.dot(z.T), "dbo": d_o.sum(axis=1, keepdims=True)}
