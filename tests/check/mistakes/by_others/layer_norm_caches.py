"""RNN with layer-norm in the cell, functions with nested caches."""

import numpy as np

EPS = 1e-5


def layernorm_forward(a, gamma, beta):
    mu = a.mean(axis=1, keepdims=True)
    var = a.var(axis=1, keepdims=True)
    inv = 1.0 / np.sqrt(var + EPS)
    xhat = (a - mu) * inv
    return gamma * xhat + beta, (xhat, inv, gamma)


def layernorm_backward(dout, cache):
    xhat, inv, gamma = cache
    n = dout.shape[1]
    dgamma = np.sum(dout * xhat, axis=0)
    dbeta = np.sum(dout, axis=0)
    dxhat = dout * gamma
    da = inv / n * (n * dxhat - np.sum(dxhat, axis=1, keepdims=True) - xhat * np.sum(dxhat * xhat, axis=1, keepdims=True))
    return da, dgamma, dbeta


def ln_rnn_forward(x, h0, Wx, Wh, gamma, beta):
    N, T, D = x.shape
    H = h0.shape[1]
    h = np.zeros((N, T, H))
    caches = []
    prev_h = h0
    for t in range(T):
        a = x[:, t].dot(Wx) + prev_h.dot(Wh)
        s, ln_cache = layernorm_forward(a, gamma, beta)
        next_h = np.tanh(s)
        caches.append((x[:, t], prev_h, next_h, Wx, Wh, ln_cache))
        h[:, t] = next_h
        prev_h = next_h
    return h, caches


def ln_rnn_backward(dh, caches):
    N, T, H = dh.shape
    x0, _, _, Wx, Wh, _ = caches[0]
    D = x0.shape[1]
    dx = np.zeros((N, T, D))
    dWx, dWh = np.zeros((D, H)), np.zeros((H, H))
    dgamma, dbeta = np.zeros(H), np.zeros(H)
    dprev_h = np.zeros((N, H))
    for t in reversed(range(T)):
        xt, prev_h, next_h, Wx, Wh, ln_cache = caches[t]
        dnext_h = dh[:, t] + dprev_h
        ds = dnext_h * (1 - next_h ** 2)
        da, dg, dbt = layernorm_backward(ds, ln_cache)
        dx[:, t] = da.dot(Wx.T)
        dprev_h = da.dot(Wh.T)
        dWx += xt.T.dot(da)
        dWh += prev_h.T.dot(da)
        dgamma += dg
        dbeta += dbt
    return dx, dprev_h, dWx, dWh, dgamma, dbeta


# -- how it is called -----------------------------------------------------------------------------------------

def inputs():
    rng = np.random.default_rng(117)
    N, T, D, H = 2, 4, 3, 5
    return {"x": rng.normal(size=(N, T, D)), "h0": rng.normal(size=(N, H)), "Wx": rng.normal(size=(D, H)),
            "Wh": rng.normal(size=(H, H)) * 0.6, "gamma": 1 + rng.normal(size=H) * 0.3, "beta": rng.normal(size=H) * 0.3,
            "dh": rng.normal(size=(N, T, H))}


def loss_of(module, args):
    h, caches = module.ln_rnn_forward(*[args[k] for k in ["x", "h0", "Wx", "Wh", "gamma", "beta"]])
    return (np.sum(h * args["dh"]))


def gradients_of(module, args):
    h, caches = module.ln_rnn_forward(*[args[k] for k in ["x", "h0", "Wx", "Wh", "gamma", "beta"]])
    return dict(zip(["dx", "dh0", "dWx", "dWh", "dgamma", "dbeta"], module.ln_rnn_backward(args["dh"], caches)))

class _Module:
    """This file's functions and variables."""

    def __getattr__(self, name):
        return globals()[name]

    def __setattr__(self, name, value):
        globals()[name] = value


PATHS = {
    "x": ["x"],
    "h0": ["h0"],
    "Wx": ["Wx"],
    "Wh": ["Wh"],
    "gamma": ["gamma"],
    "beta": ["beta"],
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
