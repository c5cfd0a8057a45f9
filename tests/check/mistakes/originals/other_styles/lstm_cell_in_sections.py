"""The assignment's LSTM cell in sections."""

import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, gf, gi, gc, go, xt, params = cache
    n_a, m = a_prev.shape

    # cell state
    dcell = dc_next + da_next * go * (1 - np.tanh(c_next) ** 2)

    # gates, before their activation
    df = dcell * c_prev * gf * (1 - gf)
    di = dcell * gc * gi * (1 - gi)
    dg = dcell * gi * (1 - gc ** 2)
    do = da_next * np.tanh(c_next) * go * (1 - go)

    # parameters
    cat = np.concatenate([a_prev, xt], axis=0)
    grads = {
        "dWf": df @ cat.T, "dbf": df.sum(axis=1, keepdims=True),
        "dWi": di @ cat.T, "dbi": di.sum(axis=1, keepdims=True),
        "dWc": dg @ cat.T, "dbc": dg.sum(axis=1, keepdims=True),
        "dWo": do @ cat.T, "dbo": do.sum(axis=1, keepdims=True),
    }

    # inputs
    dcat = params["Wf"].T @ df
    dcat += params["Wi"].T @ di
    dcat += params["Wc"].T @ dg
    dcat += params["Wo"].T @ do
    grads["da_prev"] = dcat[:n_a]
    grads["dxt"] = dcat[n_a:]
    grads["dc_prev"] = dcell * gf
    return grads
