"""LSTM over a sequence, a matrix for the state and one for the input in every gate."""

import numpy as np

INPUTS = {"x": ("n_x", "m", "T"), "h0": ("n_h", "m"), "c0": ("n_h", "m")}
for gate in "ifog":
    INPUTS["U" + gate] = ("n_h", "n_h")
    INPUTS["V" + gate] = ("n_h", "n_x")
    INPUTS["b" + gate] = ("n_h", 1)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def forward(x, h0, c0, **weights):
    h, c = h0, c0
    caches, hs = [], []
    for t in range(x.shape[2]):
        xt = x[:, :, t]
        hprev, cprev = h, c
        i = sigmoid(weights["Ui"] @ h + weights["Vi"] @ xt + weights["bi"])
        f = sigmoid(weights["Uf"] @ h + weights["Vf"] @ xt + weights["bf"])
        o = sigmoid(weights["Uo"] @ h + weights["Vo"] @ xt + weights["bo"])
        g = np.tanh(weights["Ug"] @ h + weights["Vg"] @ xt + weights["bg"])
        c = f * cprev + i * g
        tc = np.tanh(c)
        h = o * tc
        hs.append(h)
        caches.append((xt, hprev, cprev, i, f, o, g, c, tc))
    return {"h": np.stack(hs, axis=2), "c_last": c}, (caches, weights, x)


def backward(upstream, cache):
    caches, weights, x = cache
    grads = {"d" + k: np.zeros_like(v) for k, v in weights.items()}
    grads["dx"] = np.zeros_like(x)
    dh_next = 0
    dc_next = upstream["c_last"]
    for t in range(len(caches) - 1, -1, -1):
        xt, hprev, cprev, i, f, o, g, c, tc = caches[t]
        dh = upstream["h"][:, :, t] + dh_next
        do = dh * tc
        dc = dc_next + dh * o * (1 - tc ** 2)
        di = dc * g
        dg = dc * i
        df = dc * cprev
        raw = {"i": di * i * (1 - i), "f": df * f * (1 - f), "o": do * o * (1 - o), "g": dg * (1 - g ** 2)}
        dh_next = 0
        for k in "ifog":
            grads["dU" + k] += raw[k] @ hprev.T
            grads["dV" + k] += raw[k] @ xt.T
            grads["db" + k] += raw[k].sum(axis=1, keepdims=True)
            dh_next = dh_next + weights["U" + k].T @ raw[k]
            grads["dx"][:, :, t] += weights["V" + k].T @ raw[k]
        dc_next = dc * f
    grads["dh0"] = dh_next
    grads["dc0"] = dc_next
    return grads
