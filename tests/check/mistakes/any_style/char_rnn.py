"""One lossFun that goes forward and backward, one character at a time, as short scripts have it."""

import numpy as np

hidden_size, vocab_size = 6, 5


def lossFun(inputs, targets, hprev, Wxh, Whh, Why, bh, by):
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0
    # forward pass
    for t in range(len(inputs)):
        xs[t] = np.zeros((vocab_size, 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)
        ys[t] = np.dot(Why, hs[t]) + by
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
        loss += -np.log(ps[t][targets[t], 0])
    # backward pass
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWhy += np.dot(dy, hs[t].T)
        dby += dy
        dh = np.dot(Why.T, dy) + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += np.dot(dhraw, xs[t].T)
        dWhh += np.dot(dhraw, hs[t - 1].T)
        dhnext = np.dot(Whh.T, dhraw)
    return loss, dWxh, dWhh, dWhy, dbh, dby, dhnext, hs[len(inputs) - 1]


INPUTS = {
    "hprev": (6, 1),
    "Wxh": (6, 5),
    "Whh": (6, 6),
    "Why": (5, 6),
    "bh": (6, 1),
    "by": (5, 1),
    "inputs": np.array([0, 3, 2, 2, 4]),
    "targets": np.array([3, 2, 2, 4, 1]),
}


def forward(inputs, targets, hprev, Wxh, Whh, Why, bh, by):
    loss, *grads, _ = lossFun(inputs, targets, hprev, Wxh, Whh, Why, bh, by)
    return {"loss": loss}, grads


def backward(upstream, cache):
    names = ["dWxh", "dWhh", "dWhy", "dbh", "dby", "dhprev"]
    return {name: g * upstream["loss"] for name, g in zip(names, cache)}
