"""The assignment's LSTM over a sequence, with semicolons."""

import numpy as np


def lstm_backward(da, caches):
    steps, x = caches
    n_x, m, T = x.shape
    n_a = da.shape[0]
    P = steps[0][-1]
    Wf, Wi, Wc, Wo = P["Wf"], P["Wi"], P["Wc"], P["Wo"]
    dWf = np.zeros_like(Wf); dWi = np.zeros_like(Wi)
    dWc = np.zeros_like(Wc); dWo = np.zeros_like(Wo)
    dbf = np.zeros((n_a, 1)); dbi = np.zeros((n_a, 1))
    dbc = np.zeros((n_a, 1)); dbo = np.zeros((n_a, 1))
    dx = np.zeros_like(x)
    dh_next = np.zeros((n_a, m))
    dc_next = np.zeros((n_a, m))
    for t in range(T - 1, -1, -1):
        _, c, a_prev, c_prev, f, i, g, o, xt, _ = steps[t]
        dh = da[:, :, t] + dh_next
        tanh_c = np.tanh(c)
        dc = dh * o * (1 - tanh_c ** 2) + dc_next
        do = dh * tanh_c * o * (1 - o)
        df = dc * c_prev * f * (1 - f)
        di = dc * g * i * (1 - i)
        dg = dc * i * (1 - g ** 2)
        cat = np.vstack((a_prev, xt))
        dWf += df @ cat.T; dbf += df.sum(axis=1, keepdims=True)
        dWi += di @ cat.T; dbi += di.sum(axis=1, keepdims=True)
        dWc += dg @ cat.T; dbc += dg.sum(axis=1, keepdims=True)
        dWo += do @ cat.T; dbo += do.sum(axis=1, keepdims=True)
        dcat = Wf.T @ df + Wi.T @ di + Wc.T @ dg + Wo.T @ do
        dh_next = dcat[:n_a]
        dx[:, :, t] = dcat[n_a:]
        dc_next = dc * f
    return {"dx": dx, "da0": dh_next, "dWf": dWf, "dbf": dbf, "dWi": dWi, "dbi": dbi,
            "dWc": dWc, "dbc": dbc, "dWo": dWo, "dbo": dbo}
