"""Two stacked layers, parameters and states in lists, list over time."""

import numpy as np


def stack_forward(X, Wx, Wh, b, h0):
    """Stacked tanh layers; Wx, Wh, b, h0 are lists with one entry per layer.

    X: list over time of (m, n_x)."""
    L = len(Wx)
    T = len(X)
    hs = [[None] * T for _ in range(L)]
    for t in range(T):
        inp = X[t]
        for l in range(L):
            prev = hs[l][t - 1] if t > 0 else h0[l]
            hs[l][t] = np.tanh(inp.dot(Wx[l]) + prev.dot(Wh[l]) + b[l])
            inp = hs[l][t]
    return hs


def stack_backward(dtop, X, hs, Wx, Wh, b, h0):
    """dtop: list over time, gradient of the loss w.r.t. the top layer's states."""
    L = len(Wx)
    T = len(X)
    dWx = [np.zeros_like(w) for w in Wx]
    dWh = [np.zeros_like(w) for w in Wh]
    db = [np.zeros_like(v) for v in b]
    dX = [None] * T
    dnext = [np.zeros(h.shape) for h in h0]
    for t in reversed(range(T)):
        dabove = dtop[t]
        for l in reversed(range(L)):
            dh = dabove + dnext[l]
            dpre = dh * (1 - hs[l][t] ** 2)
            below = hs[l - 1][t] if l > 0 else X[t]
            prev = hs[l][t - 1] if t > 0 else h0[l]
            dWx[l] += below.T.dot(dpre)
            dWh[l] += prev.T.dot(dpre)
            db[l] += dpre.sum(axis=0)
            dnext[l][...] = dpre.dot(Wh[l].T)
            dabove = dpre.dot(Wx[l].T)
        dX[t] = dabove
    return dX, dWx, dWh, db, dnext


# -- how it is called -----------------------------------------------------------------------------------------

def inputs():
    rng = np.random.default_rng(113)
    n_x, n, m, T = 2, 4, 3, 5
    return {"X": [rng.normal(size=(m, n_x)) for _ in range(T)],
            "Wx": [rng.normal(size=(n_x, n)) * 0.8, rng.normal(size=(n, n)) * 0.6],
            "Wh": [rng.normal(size=(n, n)) * 0.5, rng.normal(size=(n, n)) * 0.5],
            "b": [rng.normal(size=n) * 0.4, rng.normal(size=n) * 0.4],
            "h0": [rng.normal(size=(m, n)), rng.normal(size=(m, n))],
            "dtop": [rng.normal(size=(m, n)) for _ in range(T)]}


def _forward(module, args):
    return module.stack_forward(args["X"], args["Wx"], args["Wh"], args["b"], args["h0"])


def loss_of(module, args):
    hs = _forward(module, args)
    return (sum(np.sum(h * d) for h, d in zip(hs[-1], args["dtop"])))


def gradients_of(module, args):
    hs = _forward(module, args)
    dX, dWx, dWh, db, dh0 = module.stack_backward(args["dtop"], args["X"], hs, args["Wx"], args["Wh"], args["b"], args["h0"])
    out = {"dX%d" % t: v for t, v in enumerate(dX)}
    for l in range(2):
        out["dWx%d" % l], out["dWh%d" % l], out["db%d" % l], out["dh0%d" % l] = dWx[l], dWh[l], db[l], dh0[l]
    return out

class _Module:
    """This file's functions and variables."""

    def __getattr__(self, name):
        return globals()[name]

    def __setattr__(self, name, value):
        globals()[name] = value


PATHS = {
    "X0": ["X", 0],
    "X1": ["X", 1],
    "X2": ["X", 2],
    "X3": ["X", 3],
    "X4": ["X", 4],
    "Wx0": ["Wx", 0],
    "Wh0": ["Wh", 0],
    "b0": ["b", 0],
    "h00": ["h0", 0],
    "Wx1": ["Wx", 1],
    "Wh1": ["Wh", 1],
    "b1": ["b", 1],
    "h01": ["h0", 1],
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
