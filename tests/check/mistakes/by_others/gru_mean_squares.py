"""One GRU function with dicts of steps (hs[t]) and a dict of gradients, mean squared error."""

import numpy as np


def sigmoid(v):
    return 1. / (1. + np.exp(-v))


def gru_loss(xs, ys, h0, P):
    """mean over steps of half the squared error, xs[t] (n_x, m), ys[t] (n_y, m)"""
    T = len(xs)
    hs, zs, rs, cs, os = {}, {}, {}, {}, {}
    hs[-1] = h0
    loss = 0.0
    for t in range(T):
        zs[t] = sigmoid(P['Wz'] @ xs[t] + P['Uz'] @ hs[t-1] + P['bz'])
        rs[t] = sigmoid(P['Wr'] @ xs[t] + P['Ur'] @ hs[t-1] + P['br'])
        cs[t] = np.tanh(P['Wc'] @ xs[t] + P['Uc'] @ (rs[t] * hs[t-1]) + P['bc'])
        hs[t] = (1 - zs[t]) * hs[t-1] + zs[t] * cs[t]
        os[t] = P['Wo'] @ hs[t] + P['bo']
        loss += 0.5 * np.sum((os[t] - ys[t]) ** 2) / T

    g = {k: np.zeros_like(v) for k, v in P.items()}
    dhnext = np.zeros_like(h0)
    for t in reversed(range(T)):
        do = (os[t] - ys[t]) / T
        g['Wo'] += do @ hs[t].T
        g['bo'] += do.sum(1, keepdims=True)
        dh = P['Wo'].T @ do + dhnext
        dc = dh * zs[t] * (1 - cs[t] ** 2)
        dz = dh * (cs[t] - hs[t-1]) * zs[t] * (1 - zs[t])
        drh = P['Uc'].T @ dc
        dr = drh * hs[t-1] * rs[t] * (1 - rs[t])
        g['Wc'] += dc @ xs[t].T
        g['Uc'] += dc @ (rs[t] * hs[t-1]).T
        g['bc'] += dc.sum(1, keepdims=True)
        g['Wz'] += dz @ xs[t].T
        g['Uz'] += dz @ hs[t-1].T
        g['bz'] += dz.sum(1, keepdims=True)
        g['Wr'] += dr @ xs[t].T
        g['Ur'] += dr @ hs[t-1].T
        g['br'] += dr.sum(1, keepdims=True)
        dhnext = dh * (1 - zs[t])
        dhnext += drh * rs[t]
        dhnext += P['Uz'].T @ dz
        dhnext += P['Ur'].T @ dr
    return loss, g, dhnext


# -- how it is called -----------------------------------------------------------------------------------------

def inputs():
    rng = np.random.default_rng(107)
    n_x, n_h, n_y, m, T = 3, 4, 2, 5, 6
    P = {}
    for k in "zrc":
        P["W" + k] = rng.normal(size=(n_h, n_x)) * 0.6
        P["U" + k] = rng.normal(size=(n_h, n_h)) * 0.6
        P["b" + k] = rng.normal(size=(n_h, 1)) * 0.4
    P["Wo"] = rng.normal(size=(n_y, n_h))
    P["bo"] = rng.normal(size=(n_y, 1)) * 0.4
    return {"xs": [rng.normal(size=(n_x, m)) for _ in range(T)], "ys": [rng.normal(size=(n_y, m)) for _ in range(T)],
            "h0": rng.normal(size=(n_h, m)), "P": P}


def loss_of(module, args):
    return (module.gru_loss(args["xs"], args["ys"], args["h0"], args["P"])[0])


def gradients_of(module, args):
    loss, g, dh0 = module.gru_loss(args["xs"], args["ys"], args["h0"], args["P"])
    out = {"d" + k: v for k, v in g.items()}
    out["dh0"] = dh0
    return out

class _Module:
    """This file's functions and variables."""

    def __getattr__(self, name):
        return globals()[name]

    def __setattr__(self, name, value):
        globals()[name] = value


PATHS = {
    "h0": ["h0"],
    "Wo": ["P", "Wo"],
    "bo": ["P", "bo"],
    "Wz": ["P", "Wz"],
    "Uz": ["P", "Uz"],
    "bz": ["P", "bz"],
    "Wr": ["P", "Wr"],
    "Ur": ["P", "Ur"],
    "br": ["P", "br"],
    "Wc": ["P", "Wc"],
    "Uc": ["P", "Uc"],
    "bc": ["P", "bc"],
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
