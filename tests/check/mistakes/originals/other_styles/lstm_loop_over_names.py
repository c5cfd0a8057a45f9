"""The assignment's LSTM over a sequence: a loop over the gradients' names."""

import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a = a_next.shape[0]
    tc = np.tanh(c_next)
    dc = dc_next + da_next * ot * (1 - tc * tc)
    d = {"f": dc * c_prev * ft * (1 - ft),
         "i": dc * cct * it * (1 - it),
         "c": dc * it * (1 - cct * cct),
         "o": da_next * tc * ot * (1 - ot)}
    stack = np.vstack((a_prev, xt))
    dstack = sum(parameters["W" + k].T @ d[k] for k in d)
    grads = {"dxt": dstack[n_a:], "da_prev": dstack[:n_a], "dc_prev": dc * ft}
    for k in d:
        grads["dW" + k] = d[k] @ stack.T
        grads["db" + k] = d[k].sum(axis=1, keepdims=True)
    return grads


def lstm_backward(da, caches):
    cell_caches, x = caches
    names = [kind + gate for gate in "fico" for kind in ("dW", "db")]
    out = {'dx': np.zeros(x.shape)}

    dh = np.zeros(da.shape[:2])
    dc = np.zeros(da.shape[:2])
    for t in reversed(range(da.shape[2])):
        step = lstm_cell_backward(da[:, :, t] + dh, dc, cell_caches[t])
        dh, dc = step['da_prev'], step['dc_prev']
        out['dx'][:, :, t] = step['dxt']
        for name in names:
            out[name] = out.get(name, 0) + step[name]

    out['da0'] = dh
    return out
