"""Peephole LSTM, dicts over gates, time first."""

import numpy as np


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def peephole_forward(x, h0, c0, W, R, b, p):
    """Peephole LSTM. x (T, m, n_x). W, R, b are dicts over 'z','i','f','o'; p over 'i','f','o'."""
    T = x.shape[0]
    h, c = h0, c0
    ys, cache = [], []
    for t in range(T):
        hp, cp = h, c
        z = np.tanh(x[t] @ W['z'] + hp @ R['z'] + b['z'])
        i = sigmoid(x[t] @ W['i'] + hp @ R['i'] + p['i'] * cp + b['i'])
        f = sigmoid(x[t] @ W['f'] + hp @ R['f'] + p['f'] * cp + b['f'])
        c = i * z + f * cp
        o = sigmoid(x[t] @ W['o'] + hp @ R['o'] + p['o'] * c + b['o'])
        h = o * np.tanh(c)
        ys.append(h)
        cache.append((hp, cp, z, i, f, c, o))
    return np.stack(ys), cache


def peephole_backward(dy, x, W, R, b, p, cache):
    T, m, n = dy.shape
    dW = {k: np.zeros_like(v) for k, v in W.items()}
    dR = {k: np.zeros_like(v) for k, v in R.items()}
    db = {k: np.zeros_like(v) for k, v in b.items()}
    dp = {k: np.zeros_like(v) for k, v in p.items()}
    dx = np.zeros_like(x)
    dh_rec = np.zeros((m, n))
    dc_rec = np.zeros((m, n))
    for t in range(T - 1, -1, -1):
        hp, cp, z, i, f, c, o = cache[t]
        dh = dy[t] + dh_rec
        delta = {}
        delta['o'] = dh * np.tanh(c) * o * (1 - o)
        dc = dh * o * (1 - np.tanh(c) ** 2) + p['o'] * delta['o'] + dc_rec
        delta['f'] = dc * cp * f * (1 - f)
        delta['i'] = dc * z * i * (1 - i)
        delta['z'] = dc * i * (1 - z ** 2)
        dh_rec = np.zeros((m, n))
        for k in 'zifo':
            dW[k] += x[t].T @ delta[k]
            dR[k] += hp.T @ delta[k]
            db[k] += delta[k].sum(axis=0)
            dx[t] += delta[k] @ W[k].T
            dh_rec += delta[k] @ R[k].T
        dp['i'] += (delta['i'] * cp).sum(axis=0)
        dp['f'] += (delta['f'] * cp).sum(axis=0)
        dp['o'] += (delta['o'] * c).sum(axis=0)
        dc_rec = dc * f + p['i'] * delta['i'] + p['f'] * delta['f']
    return dx, dh_rec, dc_rec, dW, dR, db, dp


# -- how it is called -----------------------------------------------------------------------------------------

def inputs():
    rng = np.random.default_rng(116)
    T, m, n_x, n = 5, 2, 3, 4
    return {"x": rng.normal(size=(T, m, n_x)), "h0": rng.normal(size=(m, n)), "c0": rng.normal(size=(m, n)),
            "W": {k: rng.normal(size=(n_x, n)) * 0.6 for k in "zifo"}, "R": {k: rng.normal(size=(n, n)) * 0.5 for k in "zifo"},
            "b": {k: rng.normal(size=n) * 0.4 for k in "zifo"}, "p": {k: rng.normal(size=n) * 0.7 for k in "ifo"},
            "dy": rng.normal(size=(T, m, n))}


def loss_of(module, args):
    y, cache = module.peephole_forward(*[args[k] for k in ["x", "h0", "c0", "W", "R", "b", "p"]])
    return (np.sum(y * args["dy"]))


def gradients_of(module, args):
    y, cache = module.peephole_forward(*[args[k] for k in ["x", "h0", "c0", "W", "R", "b", "p"]])
    dx, dh0, dc0, dW, dR, db, dp = module.peephole_backward(*[args[k] for k in ["dy", "x", "W", "R", "b", "p"]], cache)
    out = {"dx": dx, "dh0": dh0, "dc0": dc0}
    for name, d in [("dW", dW), ("dR", dR), ("db", db), ("dp", dp)]:
        out.update({name + k: v for k, v in d.items()})
    return out

class _Module:
    """This file's functions and variables."""

    def __getattr__(self, name):
        return globals()[name]

    def __setattr__(self, name, value):
        globals()[name] = value


PATHS = {
    "x": ["x"],
    "h0": ["h0"],
    "c0": ["c0"],
    "Wz": ["W", "z"],
    "Wi": ["W", "i"],
    "Wf": ["W", "f"],
    "Wo": ["W", "o"],
    "Rz": ["R", "z"],
    "Ri": ["R", "i"],
    "Rf": ["R", "f"],
    "Ro": ["R", "o"],
    "bz": ["b", "z"],
    "bi": ["b", "i"],
    "bf": ["b", "f"],
    "bo": ["b", "o"],
    "pi": ["p", "i"],
    "pf": ["p", "f"],
    "po": ["p", "o"],
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
