"""An Elman network as a class that keeps a list of caches; the loss is computed by whoever uses it."""

import autograd_seq.numpy as np


class ElmanRNN:
    def __init__(self, params):
        self.params = params
        self.caches = []

    def step(self, x, h_prev):
        p = self.params
        h = np.tanh(np.dot(x, p["Wxh"]) + np.dot(h_prev, p["Whh"]) + p["bh"])
        y = np.dot(h, p["Why"]) + p["by"]
        self.caches.append({"x": x, "h_prev": h_prev, "h": h, "y": y})
        return h, y

    def forward(self, X):
        N, T, D = X.shape
        h = np.zeros((N, self.params["Whh"].shape[0]))
        Y = []
        for t in range(T):
            h, y = self.step(X[:, t], h)
            Y.append(y)
        return Y


def mse(Y, targets):
    total = 0
    for t, y in enumerate(Y):
        diff = y - targets[:, t]
        total = total + (diff * diff).sum()
    return total / len(Y)


def loss(parameters, X, targets):
    rnn = ElmanRNN(parameters)
    Y = rnn.forward(X)
    return mse(Y, targets)


def example(T, m, seed):
    """Parameters, and arguments of the loss; the batch is the first axis, time the second."""
    rng = np.random.default_rng(seed)
    D, H, K = 3, 4, 2
    parameters = {
        "Wxh": rng.standard_normal((D, H)),
        "Whh": rng.standard_normal((H, H)) / 2,
        "Why": rng.standard_normal((H, K)),
        "bh": rng.standard_normal(H),
        "by": rng.standard_normal(K),
    }
    return parameters, {"X": rng.standard_normal((m, T, D)), "targets": rng.standard_normal((m, T, K))}
