"""The assignment's LSTM cell, equation by equation."""

import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a = a_prev.shape[0]
    Wf, Wi, Wc, Wo = (parameters[k] for k in ("Wf", "Wi", "Wc", "Wo"))

    def bias_grad(dz):
        return dz.sum(axis=1, keepdims=True)

    # through a = o * tanh(c)
    do = da_next * np.tanh(c_next)
    dc_total = dc_next + da_next * ot * (1 - np.tanh(c_next)**2)

    # through c = f*c_prev + i*cc
    df = dc_total * c_prev
    di = dc_total * cct
    dcc = dc_total * it
    dc_prev = dc_total * ft

    # non linearities
    zo = do * ot * (1 - ot)
    zf = df * ft * (1 - ft)
    zi = di * it * (1 - it)
    zc = dcc * (1 - cct**2)

    col = np.vstack([a_prev, xt])
    dcol = Wf.T @ zf + Wi.T @ zi + Wc.T @ zc + Wo.T @ zo

    return {"dxt": dcol[n_a:], "da_prev": dcol[:n_a], "dc_prev": dc_prev,
            "dWf": zf @ col.T, "dbf": bias_grad(zf),
            "dWi": zi @ col.T, "dbi": bias_grad(zi),
            "dWc": zc @ col.T, "dbc": bias_grad(zc),
            "dWo": zo @ col.T, "dbo": bias_grad(zo)}
