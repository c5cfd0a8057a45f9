"""The assignment's LSTM cell, with gates in capitals."""

import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    an, cn, ap, cp, F, I, G, O, X, prm = cache
    h = ap.shape[0]
    dO = da_next * np.tanh(cn)
    dC = da_next * O * (1 - np.tanh(cn) ** 2) + dc_next
    dF, dI, dG = dC * cp, dC * G, dC * I
    zO = dO * O * (1 - O)
    zF = dF * F * (1 - F)
    zI = dI * I * (1 - I)
    zG = dG * (1 - G ** 2)
    inp = np.r_[ap, X]
    back = prm["Wo"].T @ zO + prm["Wf"].T @ zF + prm["Wi"].T @ zI + prm["Wc"].T @ zG
    out = dict(da_prev=back[:h], dxt=back[h:], dc_prev=dC * F)
    out.update(dWo=zO @ inp.T, dWf=zF @ inp.T, dWi=zI @ inp.T, dWc=zG @ inp.T)
    out.update(dbo=zO.sum(1, keepdims=True), dbf=zF.sum(1, keepdims=True),
               dbi=zI.sum(1, keepdims=True), dbc=zG.sum(1, keepdims=True))
    return out
