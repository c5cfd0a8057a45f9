"""Bidirectional RNN, time first, params dict."""

import numpy as np


def birnn_forward(x, params):
    """x (T, n_x, m); returns outputs (T, n_y, m) and the memory for the backward pass."""
    T, n_x, m = x.shape
    n_h = params['Wf'].shape[0]
    hf = np.zeros((T + 1, n_h, m))       # hf[t + 1] is the forward state after step t
    hb = np.zeros((T + 1, n_h, m))       # hb[t] is the backward state at step t, hb[T] the first
    hf[0] = params['hf0']
    hb[T] = params['hb0']
    for t in range(T):
        hf[t + 1] = np.tanh(params['Wf'] @ x[t] + params['Uf'] @ hf[t] + params['bf'])
    for t in range(T - 1, -1, -1):
        hb[t] = np.tanh(params['Wb'] @ x[t] + params['Ub'] @ hb[t + 1] + params['bb'])
    y = np.zeros((T, params['V'].shape[0], m))
    for t in range(T):
        y[t] = params['V'] @ np.vstack([hf[t + 1], hb[t]]) + params['c']
    return y, (x, hf, hb)


def birnn_backward(dy, memory, params):
    x, hf, hb = memory
    T, n_x, m = x.shape
    n_h = params['Wf'].shape[0]
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    dx = np.zeros_like(x)
    dhf = np.zeros((T, n_h, m))
    dhb = np.zeros((T, n_h, m))
    for t in range(T):
        h = np.vstack([hf[t + 1], hb[t]])
        grads['V'] += dy[t] @ h.T
        grads['c'] += dy[t].sum(axis=1, keepdims=True)
        dh = params['V'].T @ dy[t]
        dhf[t] = dh[:n_h]
        dhb[t] = dh[n_h:]

    # forward direction: last step first
    carry = np.zeros((n_h, m))
    for t in range(T - 1, -1, -1):
        da = (dhf[t] + carry) * (1 - hf[t + 1] ** 2)
        grads['Wf'] += da @ x[t].T
        grads['Uf'] += da @ hf[t].T
        grads['bf'] += da.sum(axis=1, keepdims=True)
        dx[t] += params['Wf'].T @ da
        carry = params['Uf'].T @ da
    grads['hf0'] = carry.sum(axis=1, keepdims=True)

    # backward direction: first step first
    carry = np.zeros((n_h, m))
    for t in range(T):
        da = (dhb[t] + carry) * (1 - hb[t] ** 2)
        grads['Wb'] += da @ x[t].T
        grads['Ub'] += da @ hb[t + 1].T
        grads['bb'] += da.sum(axis=1, keepdims=True)
        dx[t] += params['Wb'].T @ da
        carry = params['Ub'].T @ da
    grads['hb0'] = carry.sum(axis=1, keepdims=True)
    return dx, grads


# -- how it is called -----------------------------------------------------------------------------------------

def inputs():
    rng = np.random.default_rng(112)
    T, n_x, n_h, n_y, m = 6, 3, 4, 5, 2
    p = {}
    for k in "fb":
        p["W" + k] = rng.normal(size=(n_h, n_x)) * 0.7
        p["U" + k] = rng.normal(size=(n_h, n_h)) * 0.5
        p["b" + k] = rng.normal(size=(n_h, 1)) * 0.4
        p["h%s0" % k] = rng.normal(size=(n_h, 1)) * 0.6
    p["V"] = rng.normal(size=(n_y, 2 * n_h))
    p["c"] = rng.normal(size=(n_y, 1))
    return {"x": rng.normal(size=(T, n_x, m)), "params": p, "dy": rng.normal(size=(T, n_y, m))}


def loss_of(module, args):
    y, memory = module.birnn_forward(args["x"], args["params"])
    return (np.sum(y * args["dy"]))


def gradients_of(module, args):
    y, memory = module.birnn_forward(args["x"], args["params"])
    dx, g = module.birnn_backward(args["dy"], memory, args["params"])
    out = {"d" + k: v for k, v in g.items()}
    out["dx"] = dx
    return out

class _Module:
    """This file's functions and variables."""

    def __getattr__(self, name):
        return globals()[name]

    def __setattr__(self, name, value):
        globals()[name] = value


PATHS = {
    "x": ["x"],
    "Wf": ["params", "Wf"],
    "Uf": ["params", "Uf"],
    "bf": ["params", "bf"],
    "hf0": ["params", "hf0"],
    "Wb": ["params", "Wb"],
    "Ub": ["params", "Ub"],
    "bb": ["params", "bb"],
    "hb0": ["params", "hb0"],
    "V": ["params", "V"],
    "c": ["params", "c"],
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
