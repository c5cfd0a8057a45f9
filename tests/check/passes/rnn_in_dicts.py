"""Min-char-rnn: states in dicts by time step, inputs and targets as indices."""

import numpy as np


def forward(Wxh, Whh, Why, bh, by, ids, targets):
    xs, hs, ps, loss = {}, {-1: np.zeros((Whh.shape[0], 1))}, {}, 0.0
    for t in range(len(ids)):
        xs[t] = np.zeros((Wxh.shape[1], 1))
        xs[t][ids[t]] = 1
        hs[t] = np.tanh(Wxh @ xs[t] + Whh @ hs[t - 1] + bh)
        y = Why @ hs[t] + by
        ps[t] = np.exp(y) / np.sum(np.exp(y))
        loss = loss - np.log(ps[t][targets[t], 0])
    return {"loss": loss}, (xs, hs, ps, targets, Wxh, Whh, Why)


def backward(up, cache):
    xs, hs, ps, targets, Wxh, Whh, Why = cache
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros((Whh.shape[0], 1)), np.zeros((Why.shape[0], 1))
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(targets))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dy *= up["loss"]
        dWhy += dy @ hs[t].T
        dby += dy
        dh = Why.T @ dy + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += dhraw @ xs[t].T
        dWhh += dhraw @ hs[t - 1].T
        dhnext = Whh.T @ dhraw
    return {"dWxh": dWxh, "dWhh": dWhh, "dWhy": dWhy, "dbh": dbh, "dby": dby}


def inputs(rng):
    return {
        "Wxh": rng.standard_normal((3, 4)) * 0.01,
        "Whh": rng.standard_normal((3, 3)) * 0.01,
        "Why": rng.standard_normal((4, 3)) * 0.01,
        "bh": np.zeros((3, 1)),
        "by": np.zeros((4, 1)),
        "ids": [2, 0, 2, 1],
        "targets": [0, 2, 1, 1],
    }


WRONG = ("dhraw @ hs[t - 1].T", "dhraw @ hs[t].T")
