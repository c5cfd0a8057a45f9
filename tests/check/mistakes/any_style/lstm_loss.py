"""An LSTM language model in one function, with z, f, i, C_bar, o in dicts."""

import numpy as np

H, X = 4, 5


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def dsigmoid(y):
    return y * (1 - y)


def dtanh(y):
    return 1 - y * y


def forward_backward(inputs, targets, h_prev, C_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o, W_v, b_v):
    x_s, z_s, f_s, i_s = {}, {}, {}, {}
    C_bar_s, C_s, o_s, h_s, v_s, y_s = {}, {}, {}, {}, {}, {}
    h_s[-1] = np.copy(h_prev)
    C_s[-1] = np.copy(C_prev)
    loss = 0
    for t in range(len(inputs)):
        x_s[t] = np.zeros((X, 1))
        x_s[t][inputs[t]] = 1
        z_s[t] = np.vstack((h_s[t - 1], x_s[t]))
        f_s[t] = sigmoid(W_f @ z_s[t] + b_f)
        i_s[t] = sigmoid(W_i @ z_s[t] + b_i)
        C_bar_s[t] = np.tanh(W_C @ z_s[t] + b_C)
        C_s[t] = f_s[t] * C_s[t - 1] + i_s[t] * C_bar_s[t]
        o_s[t] = sigmoid(W_o @ z_s[t] + b_o)
        h_s[t] = o_s[t] * np.tanh(C_s[t])
        v_s[t] = W_v @ h_s[t] + b_v
        y_s[t] = np.exp(v_s[t]) / np.sum(np.exp(v_s[t]))
        loss += -np.log(y_s[t][targets[t], 0])

    d = {
        "dW_f": np.zeros_like(W_f), "dW_i": np.zeros_like(W_i), "dW_C": np.zeros_like(W_C),
        "dW_o": np.zeros_like(W_o), "dW_v": np.zeros_like(W_v), "db_f": np.zeros_like(b_f),
        "db_i": np.zeros_like(b_i), "db_C": np.zeros_like(b_C), "db_o": np.zeros_like(b_o),
        "db_v": np.zeros_like(b_v),
    }  # fmt: skip
    dh_next = np.zeros_like(h_s[0])
    dC_next = np.zeros_like(C_s[0])
    for t in reversed(range(len(inputs))):
        dv = np.copy(y_s[t])
        dv[targets[t]] -= 1
        d["dW_v"] += dv @ h_s[t].T
        d["db_v"] += dv
        dh = W_v.T @ dv
        dh += dh_next
        do = dh * np.tanh(C_s[t])
        do = dsigmoid(o_s[t]) * do
        dC = np.copy(dC_next)
        dC += dh * o_s[t] * dtanh(np.tanh(C_s[t]))
        dC_bar = dC * i_s[t]
        dC_bar = dC_bar * dtanh(C_bar_s[t])
        di = dC * C_bar_s[t]
        di = dsigmoid(i_s[t]) * di
        df = dC * C_s[t - 1]
        df = dsigmoid(f_s[t]) * df
        for name, dgate in (("f", df), ("i", di), ("C", dC_bar), ("o", do)):
            d["dW_" + name] += dgate @ z_s[t].T
            d["db_" + name] += dgate
        dz = W_f.T @ df + W_i.T @ di + W_C.T @ dC_bar + W_o.T @ do
        dh_next = dz[:H]
        dC_next = f_s[t] * dC
    d["dh_prev"], d["dC_prev"] = dh_next, dC_next
    return loss, d


INPUTS = {
    "h_prev": (4, 1),
    "C_prev": (4, 1),
    **{f"W_{k}": (4, 9) for k in "fiCo"},
    **{f"b_{k}": (4, 1) for k in "fiCo"},
    "W_v": (5, 4),
    "b_v": (5, 1),
    "inputs": np.array([1, 0, 4, 2]),
    "targets": np.array([0, 4, 2, 2]),
}


def forward(**inputs):
    loss, d = forward_backward(**inputs)
    return {"loss": loss}, d


def backward(upstream, cache):
    return {k: v * upstream["loss"] for k, v in cache.items()}
