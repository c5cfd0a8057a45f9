"""GRU and LSTM in one function, chosen by a string, forward and backward together."""

import numpy as np


def sig(x):
    return 1 / (1 + np.exp(-x))


def recurrent(kind, params, X, h0, c0, dH):
    """Forward and backward of a GRU or an LSTM over X (m, T, n_x).

    dH (m, T, n_h) is the gradient of the loss with respect to the states.
    Returns H and a dict of gradients."""
    m, T, n_x = X.shape
    n_h = h0.shape[1]
    H = np.zeros((m, T, n_h))
    tape = []
    h, c = h0, c0
    for t in range(T):
        x = X[:, t, :]
        v = np.concatenate((h, x), axis=1)
        if kind == 'lstm':
            f = sig(v.dot(params['Wf']) + params['bf'])
            i = sig(v.dot(params['Wi']) + params['bi'])
            o = sig(v.dot(params['Wo']) + params['bo'])
            g = np.tanh(v.dot(params['Wg']) + params['bg'])
            cp = c
            c = f * cp + i * g
            tape.append((v, f, i, o, g, cp, c))
            h = o * np.tanh(c)
        else:
            z = sig(v.dot(params['Wz']) + params['bz'])
            r = sig(v.dot(params['Wr']) + params['br'])
            w = np.concatenate((r * h, x), axis=1)
            n = np.tanh(w.dot(params['Wn']) + params['bn'])
            tape.append((v, z, r, w, n, h))
            h = (1 - z) * n + z * h
        H[:, t, :] = h

    names = 'fiog' if kind == 'lstm' else 'zrn'
    grads = {}
    for k in names:
        grads['W' + k] = np.zeros_like(params['W' + k])
        grads['b' + k] = np.zeros_like(params['b' + k])
    dX = np.zeros_like(X)
    dh = np.zeros_like(h0)
    dc = np.zeros_like(h0)
    for t in range(T)[::-1]:
        dh = dh + dH[:, t, :]
        if kind == 'lstm':
            v, f, i, o, g, cp, c = tape[t]
            tc = np.tanh(c)
            dc = dc + dh * o * (1 - tc ** 2)
            d = {'f': dc * cp * f * (1 - f),
                 'i': dc * g * i * (1 - i),
                 'o': dh * tc * o * (1 - o),
                 'g': dc * i * (1 - g ** 2)}
            dv = np.zeros_like(v)
            for k in names:
                grads['W' + k] += v.T.dot(d[k])
                grads['b' + k] += d[k].sum(axis=0)
                dv += d[k].dot(params['W' + k].T)
            dc = dc * f
            dh = dv[:, :n_h]
            dX[:, t, :] = dv[:, n_h:]
        else:
            v, z, r, w, n, hp = tape[t]
            dn = dh * (1 - z) * (1 - n ** 2)
            dz = dh * (hp - n) * z * (1 - z)
            dw = dn.dot(params['Wn'].T)
            dr = dw[:, :n_h] * hp * r * (1 - r)
            grads['Wn'] += w.T.dot(dn)
            grads['Wz'] += v.T.dot(dz)
            grads['Wr'] += v.T.dot(dr)
            grads['bn'] += dn.sum(axis=0)
            grads['bz'] += dz.sum(axis=0)
            grads['br'] += dr.sum(axis=0)
            dv = dz.dot(params['Wz'].T) + dr.dot(params['Wr'].T)
            dh = dh * z + dw[:, :n_h] * r + dv[:, :n_h]
            dX[:, t, :] = dw[:, n_h:] + dv[:, n_h:]
    grads['X'] = dX
    grads['h0'] = dh
    if kind == 'lstm':
        grads['c0'] = dc
    return H, grads


# -- how it is called -----------------------------------------------------------------------------------------

def inputs():
    rng = np.random.default_rng(108)
    m, T, n_x, n_h = 2, 5, 4, 3
    p = {}
    for k in "fiogzrn":
        p["W" + k] = rng.normal(size=(n_h + n_x, n_h)) * 0.6
        p["b" + k] = rng.normal(size=n_h) * 0.4
    return {"params": p, "X": rng.normal(size=(m, T, n_x)), "h0": rng.normal(size=(m, n_h)),
            "c0": rng.normal(size=(m, n_h)), "dH": rng.normal(size=(m, T, n_h)),
            "X2": rng.normal(size=(m, T, n_x)), "h02": rng.normal(size=(m, n_h))}


def _lstm(module, args):
    return module.recurrent("lstm", args["params"], args["X"], args["h0"], args["c0"], args["dH"])


def _gru(module, args):  # its own input and first state, so that both can be told apart
    return module.recurrent("gru", args["params"], args["X2"], args["h02"], None, args["dH"])


def loss_of(module, args):
    return (np.sum(_lstm(module, args)[0] * args["dH"]) + np.sum(_gru(module, args)[0] * args["dH"]))


def gradients_of(module, args):
    out = {"d" + k: v for k, v in _lstm(module, args)[1].items()}
    for k, v in _gru(module, args)[1].items():
        out["d" + {"X": "X2", "h0": "h02"}.get(k, k)] = v
    return out

class _Module:
    """This file's functions and variables."""

    def __getattr__(self, name):
        return globals()[name]

    def __setattr__(self, name, value):
        globals()[name] = value


PATHS = {
    "X": ["X"],
    "h0": ["h0"],
    "c0": ["c0"],
    "X2": ["X2"],
    "h02": ["h02"],
    "Wf": ["params", "Wf"],
    "bf": ["params", "bf"],
    "Wi": ["params", "Wi"],
    "bi": ["params", "bi"],
    "Wo": ["params", "Wo"],
    "bo": ["params", "bo"],
    "Wg": ["params", "Wg"],
    "bg": ["params", "bg"],
    "Wz": ["params", "Wz"],
    "bz": ["params", "bz"],
    "Wr": ["params", "Wr"],
    "br": ["params", "br"],
    "Wn": ["params", "Wn"],
    "bn": ["params", "bn"],
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
