"""Min-char-rnn: one lossFun, module globals as parameters, dicts of steps."""

"""
Minimal character-level RNN, after the well-known gist.
"""
import numpy as np

# hyperparameters
hidden_size = 6
vocab_size = 4

# model parameters
Wxh = np.random.randn(hidden_size, vocab_size) * 0.01  # input to hidden
Whh = np.random.randn(hidden_size, hidden_size) * 0.01  # hidden to hidden
Why = np.random.randn(vocab_size, hidden_size) * 0.01  # hidden to output
bh = np.zeros((hidden_size, 1))  # hidden bias
by = np.zeros((vocab_size, 1))  # output bias


def lossFun(inputs, targets, hprev):
    """
    inputs,targets are both list of integers.
    hprev is Hx1 array of initial hidden state
    returns the loss, gradients on model parameters, and last hidden state
    """
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0
    # forward pass
    for t in range(len(inputs)):
        xs[t] = np.zeros((vocab_size, 1))  # encode in 1-of-k representation
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)  # hidden state
        ys[t] = np.dot(Why, hs[t]) + by  # unnormalized log probabilities for next chars
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))  # probabilities for next chars
        loss += -np.log(ps[t][targets[t], 0])  # softmax (cross-entropy loss)
    # backward pass: compute gradients going backwards
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1  # backprop into y
        dWhy += np.dot(dy, hs[t].T)
        dby += dy
        dh = np.dot(Why.T, dy) + dhnext  # backprop into h
        dhraw = (1 - hs[t] * hs[t]) * dh  # backprop through tanh nonlinearity
        dbh += dhraw
        dWxh += np.dot(dhraw, xs[t].T)
        dWhh += np.dot(dhraw, hs[t - 1].T)
        dhnext = np.dot(Whh.T, dhraw)
    for dparam in [dWxh, dWhh, dWhy, dbh, dby]:
        np.clip(dparam, -5, 5, out=dparam)  # clip to mitigate exploding gradients
    return loss, dWxh, dWhh, dWhy, dbh, dby, hs[len(inputs) - 1]


# -- how it is called -----------------------------------------------------------------------------------------

NAMES = ["Wxh", "Whh", "Why", "bh", "by"]


def inputs():
    rng = np.random.default_rng(103)
    H, V = 6, 4
    return {"Wxh": rng.normal(size=(H, V)) * 0.7, "Whh": rng.normal(size=(H, H)) * 0.5,
            "Why": rng.normal(size=(V, H)) * 0.7, "bh": rng.normal(size=(H, 1)) * 0.3,
            "by": rng.normal(size=(V, 1)) * 0.3,
            "inputs": [0, 2, 1, 3, 2], "targets": [2, 1, 3, 2, 0], "hprev": rng.normal(size=(H, 1)) * 0.5}


def _run(module, args):
    for k in NAMES:  # the parameters are the module's globals
        setattr(module, k, args[k])
    return module.lossFun(args["inputs"], args["targets"], args["hprev"])


def loss_of(module, args):
    return (_run(module, args)[0])


def gradients_of(module, args):
    r = _run(module, args)
    return {"d" + k: r[1 + i] for i, k in enumerate(NAMES)}

class _Module:
    """This file's functions and variables."""

    def __getattr__(self, name):
        return globals()[name]

    def __setattr__(self, name, value):
        globals()[name] = value


PATHS = {
    "Wxh": ["Wxh"],
    "Whh": ["Whh"],
    "Why": ["Why"],
    "bh": ["bh"],
    "by": ["by"],
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
