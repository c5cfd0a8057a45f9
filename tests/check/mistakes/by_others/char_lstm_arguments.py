"""Char LSTM: forward_backward(inputs, targets, ...) with dicts of steps and long argument lists."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def dsigmoid(y):
    return y * (1 - y)


def tanh(x):
    return np.tanh(x)


def dtanh(y):
    return 1 - y * y


def step_forward(x, h_prev, C_prev, p):
    z = np.row_stack((h_prev, x)) if hasattr(np, "row_stack") else np.vstack((h_prev, x))

    f = sigmoid(np.dot(p["W_f"], z) + p["b_f"])
    i = sigmoid(np.dot(p["W_i"], z) + p["b_i"])
    C_bar = tanh(np.dot(p["W_C"], z) + p["b_C"])

    C = f * C_prev + i * C_bar
    o = sigmoid(np.dot(p["W_o"], z) + p["b_o"])
    h = o * tanh(C)

    v = np.dot(p["W_v"], h) + p["b_v"]
    y = np.exp(v) / np.sum(np.exp(v))
    return z, f, i, C_bar, C, o, h, v, y


def step_backward(target, dh_next, dC_next, C_prev, z, f, i, C_bar, C, o, h, v, y, p, d):
    dv = np.copy(y)
    dv[target] -= 1

    d["W_v"] += np.dot(dv, h.T)
    d["b_v"] += dv

    dh = np.dot(p["W_v"].T, dv)
    dh += dh_next
    do = dh * tanh(C)
    do = dsigmoid(o) * do
    d["W_o"] += np.dot(do, z.T)
    d["b_o"] += do

    dC = np.copy(dC_next)
    dC += dh * o * dtanh(tanh(C))
    dC_bar = dC * i
    dC_bar = dtanh(C_bar) * dC_bar
    d["W_C"] += np.dot(dC_bar, z.T)
    d["b_C"] += dC_bar

    di = dC * C_bar
    di = dsigmoid(i) * di
    d["W_i"] += np.dot(di, z.T)
    d["b_i"] += di

    df = dC * C_prev
    df = dsigmoid(f) * df
    d["W_f"] += np.dot(df, z.T)
    d["b_f"] += df

    dz = (np.dot(p["W_f"].T, df)
          + np.dot(p["W_i"].T, di)
          + np.dot(p["W_C"].T, dC_bar)
          + np.dot(p["W_o"].T, do))
    dh_prev = dz[:h.shape[0], :]
    dC_prev = f * dC
    return dh_prev, dC_prev


def forward_backward(inputs, targets, h_prev, C_prev, p):
    x_s, z_s, f_s, i_s = {}, {}, {}, {}
    C_bar_s, C_s, o_s, h_s = {}, {}, {}, {}
    v_s, y_s = {}, {}

    h_s[-1] = np.copy(h_prev)
    C_s[-1] = np.copy(C_prev)
    X_size = p["W_v"].shape[0]

    loss = 0
    for t in range(len(inputs)):
        x_s[t] = np.zeros((X_size, 1))
        x_s[t][inputs[t]] = 1
        (z_s[t], f_s[t], i_s[t], C_bar_s[t], C_s[t], o_s[t], h_s[t],
         v_s[t], y_s[t]) = step_forward(x_s[t], h_s[t - 1], C_s[t - 1], p)
        loss += -np.log(y_s[t][targets[t], 0])

    d = {k: np.zeros_like(w) for k, w in p.items()}
    dh_next = np.zeros_like(h_s[0])
    dC_next = np.zeros_like(C_s[0])
    for t in reversed(range(len(inputs))):
        dh_next, dC_next = step_backward(targets[t], dh_next, dC_next, C_s[t - 1],
                                    z_s[t], f_s[t], i_s[t], C_bar_s[t], C_s[t], o_s[t],
                                    h_s[t], v_s[t], y_s[t], p, d)

    return loss, d, h_s[len(inputs) - 1], C_s[len(inputs) - 1]


# -- how it is called -----------------------------------------------------------------------------------------

def inputs():
    rng = np.random.default_rng(104)
    H, X = 3, 5
    p = {}
    for g in ["f", "i", "C", "o"]:
        p["W_" + g] = rng.normal(size=(H, H + X)) * 0.7
        p["b_" + g] = rng.normal(size=(H, 1)) * 0.4
    p["W_v"] = rng.normal(size=(X, H))
    p["b_v"] = rng.normal(size=(X, 1)) * 0.3
    return {"inputs": [1, 4, 0, 2, 4, 3], "targets": [4, 0, 2, 4, 3, 1],
            "h_prev": rng.normal(size=(H, 1)) * 0.5, "C_prev": rng.normal(size=(H, 1)), "p": p}


def _run(module, args):
    return module.forward_backward(args["inputs"], args["targets"], args["h_prev"], args["C_prev"], args["p"])


def loss_of(module, args):
    return (_run(module, args)[0])


def gradients_of(module, args):
    return {"d" + k: v for k, v in _run(module, args)[1].items()}

class _Module:
    """This file's functions and variables."""

    def __getattr__(self, name):
        return globals()[name]

    def __setattr__(self, name, value):
        globals()[name] = value


PATHS = {
    "W_f": ["p", "W_f"],
    "b_f": ["p", "b_f"],
    "W_i": ["p", "W_i"],
    "b_i": ["p", "b_i"],
    "W_C": ["p", "W_C"],
    "b_C": ["p", "b_C"],
    "W_o": ["p", "W_o"],
    "b_o": ["p", "b_o"],
    "W_v": ["p", "W_v"],
    "b_v": ["p", "b_v"],
}


def _at(thing, path):
    for key in path:
        thing = thing[key]
    return thing


INPUTS = {key: _at(inputs(), path) for key, path in PATHS.items()}


def _args(given):
    args = inputs()
    for key, path in PATHS.items():
        _at(args, path[:-1])[path[-1]] = given[key]
    return args


def forward(**given):
    return {"loss": loss_of(_Module(), _args(given))}, given


def backward(upstream, cache):
    return {key: value * upstream["loss"] for key, value in gradients_of(_Module(), _args(cache)).items()}
