"""Closures: every step leaves a pull function, one back closure returned."""

import numpy as np

sigm = lambda v: 1.0 / (1.0 + np.exp(-v))


def lstm(xs, h0, c0, W, b):
    """Sum of the hidden states of an LSTM; returns (s, pull), pull gives gradients.

    xs is a list of (m, n_x); W is (n_x + n_h, 4 n_h) in the order i, f, o, g."""
    n = h0.shape[1]
    h, c = h0, c0
    total = np.zeros_like(h0)
    pulls = []
    for x in xs:
        hx = np.concatenate([x, h], axis=1)
        a = hx @ W + b
        i, f, o = sigm(a[:, :n]), sigm(a[:, n:2 * n]), sigm(a[:, 2 * n:3 * n])
        g = np.tanh(a[:, 3 * n:])
        c_old = c
        c = f * c_old + i * g
        tc = np.tanh(c)
        h = o * tc

        def pull(dh, dc, hx=hx, i=i, f=f, o=o, g=g, c_old=c_old, tc=tc):
            dc = dc + dh * o * (1 - tc * tc)
            da = np.concatenate([dc * g * i * (1 - i),
                                 dc * c_old * f * (1 - f),
                                 dh * tc * o * (1 - o),
                                 dc * i * (1 - g * g)], axis=1)
            dhx = da @ W.T
            k = hx.shape[1] - n
            return dhx[:, :k], dhx[:, k:], dc * f, hx.T @ da, da.sum(0)

        pulls.append(pull)
        total = total + h

    def back(dtotal):
        dW, db = np.zeros_like(W), np.zeros_like(b)
        dxs = []
        dhs = [dtotal] * len(xs)
        dh, dc = np.zeros_like(h0), np.zeros_like(c0)
        for dht, pull in zip(dhs, reversed(pulls)):
            dh = dh + dht
            dx, dh, dc, dWt, dbt = pull(dh, dc)
            dxs.append(dx)
            dW += dWt
            db += dbt
        return dxs[::-1], dh, dc, dW, db

    return total, back


# -- how it is called -----------------------------------------------------------------------------------------

def inputs():
    rng = np.random.default_rng(106)
    n_x, n_h, m, T = 2, 4, 3, 5
    return {"xs": [rng.normal(size=(m, n_x)) for _ in range(T)], "h0": rng.normal(size=(m, n_h)),
            "c0": rng.normal(size=(m, n_h)), "W": rng.normal(size=(n_x + n_h, 4 * n_h)) * 0.6,
            "b": rng.normal(size=4 * n_h) * 0.4, "dtotal": rng.normal(size=(m, n_h))}


def loss_of(module, args):
    total, back = module.lstm(args["xs"], args["h0"], args["c0"], args["W"], args["b"])
    return (np.sum(total * args["dtotal"]))


def gradients_of(module, args):
    total, back = module.lstm(args["xs"], args["h0"], args["c0"], args["W"], args["b"])
    dxs, dh0, dc0, dW, db = back(args["dtotal"])
    out = {"dx%d" % t: dx for t, dx in enumerate(dxs)}
    out.update(dh0=dh0, dc0=dc0, dW=dW, db=db)
    return out

class _Module:
    """This file's functions and variables."""

    def __getattr__(self, name):
        return globals()[name]

    def __setattr__(self, name, value):
        globals()[name] = value


PATHS = {
    "x0": ["xs", 0],
    "x1": ["xs", 1],
    "x2": ["xs", 2],
    "x3": ["xs", 3],
    "x4": ["xs", 4],
    "h0": ["h0"],
    "c0": ["c0"],
    "W": ["W"],
    "b": ["b"],
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
