"""Embeddings with indices (np.add.at), class with loss() and grad()."""

import numpy as np


class SentimentRNN:
    """ids (m, T) -> embeddings -> tanh RNN -> mean over time -> logistic output."""

    def __init__(self, E, Wx, Wh, bh, w, b0):
        self.E, self.Wx, self.Wh, self.bh, self.w, self.b0 = E, Wx, Wh, bh, w, b0

    def loss(self, ids, y):
        self.ids, self.y = ids, y
        m, T = ids.shape
        self.emb = self.E[ids]                                    # (m, T, d)
        self.h = np.zeros((T + 1, m, self.Wh.shape[0]))
        for t in range(T):
            self.h[t + 1] = np.tanh(self.emb[:, t] @ self.Wx + self.h[t] @ self.Wh + self.bh)
        self.pool = self.h[1:].mean(axis=0)                       # (m, n)
        self.yhat = 1 / (1 + np.exp(-(self.pool @ self.w + self.b0)))
        return -np.mean(y * np.log(self.yhat) + (1 - y) * np.log(1 - self.yhat))

    def grad(self):
        m, T = self.ids.shape
        dlogit = (self.yhat - self.y) / m
        dw = self.pool.T @ dlogit
        db0 = dlogit.sum()
        dpool = np.outer(dlogit, self.w)

        dE = np.zeros_like(self.E)
        dWx, dWh, dbh = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.bh)
        demb = np.zeros_like(self.emb)
        dh = np.zeros_like(dpool)
        for t in range(T, 0, -1):
            dh = dh + dpool / T
            da = dh * (1 - self.h[t] ** 2)
            dWx += self.emb[:, t - 1].T @ da
            dWh += self.h[t - 1].T @ da
            dbh += da.sum(axis=0)
            demb[:, t - 1] = da @ self.Wx.T
            dh = da @ self.Wh.T
        np.add.at(dE, self.ids, demb)
        return dict(E=dE, Wx=dWx, Wh=dWh, bh=dbh, w=dw, b0=db0)


# -- how it is called -----------------------------------------------------------------------------------------

NAMES = ["E", "Wx", "Wh", "bh", "w", "b0"]


def inputs():
    rng = np.random.default_rng(118)
    V, d, n, m, T = 7, 3, 4, 5, 6
    return {"E": rng.normal(size=(V, d)), "Wx": rng.normal(size=(d, n)) * 0.8, "Wh": rng.normal(size=(n, n)) * 0.5,
            "bh": rng.normal(size=n) * 0.3, "w": rng.normal(size=n) * 2, "b0": np.array(0.3),
            "ids": rng.integers(0, V, size=(m, T)), "y": np.array([1.0, 0.0, 0.0, 1.0, 1.0])}


def loss_of(module, args):
    return (module.SentimentRNN(*[args[k] for k in NAMES]).loss(args["ids"], args["y"]))


def gradients_of(module, args):
    net = module.SentimentRNN(*[args[k] for k in NAMES])
    net.loss(args["ids"], args["y"])
    return {"d" + k: v for k, v in net.grad().items()}

class _Module:
    """This file's functions and variables."""

    def __getattr__(self, name):
        return globals()[name]

    def __setattr__(self, name, value):
        globals()[name] = value


PATHS = {
    "E": ["E"],
    "Wx": ["Wx"],
    "Wh": ["Wh"],
    "bh": ["bh"],
    "w": ["w"],
    "b0": ["b0"],
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
