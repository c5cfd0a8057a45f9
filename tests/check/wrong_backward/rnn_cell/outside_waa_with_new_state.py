"""dWaa takes the outer product with a_next instead of a_prev."""

import numpy as np

MISTAKE = "wrong value"

def rnn_cell_backward(da_next, cache):
    # unpack
    a = cache[0]
    x_t = cache[2]
    prm = cache[3]

    t = da_next * (1 - a ** 2)
    dWx = np.dot(t, x_t.T)
    dWa = np.dot(t, a.T)
    db = np.sum(t, 1, keepdims=True)
    dx = np.dot(prm["Wax"].T, t)
    da = np.dot(prm["Waa"].T, t)
    return {"dxt": dx, "da_prev": da, "dWax": dWx, "dWaa": dWa, "dba": db}
