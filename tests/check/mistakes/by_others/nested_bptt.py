"""Blog style class with nested-loop bptt(x, y)."""

import numpy as np


class RNNNumpy:
    """Word-level RNN with the nested-loop bptt of the blog posts."""

    def __init__(self, word_dim, hidden_dim, bptt_truncate, U, V, W):
        self.word_dim = word_dim
        self.hidden_dim = hidden_dim
        self.bptt_truncate = bptt_truncate
        self.U = U
        self.V = V
        self.W = W

    def forward_propagation(self, x):
        T = len(x)
        # During forward propagation we save all hidden states in s because need them later.
        # We add one additional element for the initial hidden, which we set to 0
        s = np.zeros((T + 1, self.hidden_dim))
        s[-1] = np.zeros(self.hidden_dim)
        o = np.zeros((T, self.word_dim))
        for t in np.arange(T):
            # Indexing U by x[t] is the same as multiplying U with a one-hot vector.
            s[t] = np.tanh(self.U[:, x[t]] + self.W.dot(s[t - 1]))
            e = np.exp(self.V.dot(s[t]))
            o[t] = e / e.sum()
        return [o, s]

    def calculate_total_loss(self, x, y):
        o, s = self.forward_propagation(x)
        return -np.sum(np.log(o[np.arange(len(y)), y]))

    def bptt(self, x, y):
        T = len(y)
        # Perform forward propagation
        o, s = self.forward_propagation(x)
        # We accumulate the gradients in these variables
        dLdU = np.zeros(self.U.shape)
        dLdV = np.zeros(self.V.shape)
        dLdW = np.zeros(self.W.shape)
        delta_o = o
        delta_o[np.arange(len(y)), y] -= 1.
        # For each output backwards...
        for t in np.arange(T)[::-1]:
            dLdV += np.outer(delta_o[t], s[t].T)
            # Initial delta calculation
            delta_t = self.V.T.dot(delta_o[t]) * (1 - (s[t] ** 2))
            # Backpropagation through time (for at most self.bptt_truncate steps)
            for bptt_step in np.arange(max(0, t - self.bptt_truncate), t + 1)[::-1]:
                dLdW += np.outer(delta_t, s[bptt_step - 1])
                dLdU[:, x[bptt_step]] += delta_t
                # Update delta for next step
                delta_t = self.W.T.dot(delta_t) * (1 - s[bptt_step - 1] ** 2)
        return [dLdU, dLdV, dLdW]


# -- how it is called -----------------------------------------------------------------------------------------

def inputs():
    rng = np.random.default_rng(120)
    V, H = 5, 3
    return {"word_dim": V, "hidden_dim": H, "bptt_truncate": 100, "U": rng.normal(size=(H, V)), "V": rng.normal(size=(V, H)),
            "W": rng.normal(size=(H, H)) * 0.7, "x": [0, 3, 1, 4, 1, 2], "y": [3, 1, 4, 1, 2, 0]}


def _net(module, args):
    return module.RNNNumpy(*[args[k] for k in ["word_dim", "hidden_dim", "bptt_truncate", "U", "V", "W"]])


def loss_of(module, args):
    return (_net(module, args).calculate_total_loss(args["x"], args["y"]))


def gradients_of(module, args):
    return dict(zip(["dU", "dV", "dW"], _net(module, args).bptt(args["x"], args["y"])))

class _Module:
    """This file's functions and variables."""

    def __getattr__(self, name):
        return globals()[name]

    def __setattr__(self, name, value):
        globals()[name] = value


PATHS = {
    "U": ["U"],
    "V": ["V"],
    "W": ["W"],
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
