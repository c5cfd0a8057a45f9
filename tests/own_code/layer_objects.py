"""Layers as classes that keep what their backward pass would need."""

import autograd_seq.numpy as np


class Recurrent:
    def __init__(self, Wx, Wh, b):
        self.Wx, self.Wh, self.b = Wx, Wh, b
        self.cache = []

    def step(self, x, h_prev):
        h = np.tanh(x @ self.Wx + h_prev @ self.Wh + self.b)
        self.cache.append((x, h_prev, h))
        return h

    def forward(self, xs, h0):
        h = h0
        hs = []
        for x in xs:
            h = self.step(x, h)
            hs.append(h)
        return hs


class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, h):
        self.h = h
        return h @ self.W + self.b


class SquaredError:
    def forward(self, y, target):
        self.difference = y - target
        return np.sum(self.difference**2) / 2


class Network:
    def __init__(self, parameters):
        p = parameters
        self.recurrent = Recurrent(p["Wx"], p["Wh"], p["b"])
        self.affine = Affine(p["V"], p["c"])
        self.error = SquaredError()

    def forward(self, xs, h0, targets):
        hs = self.recurrent.forward(xs, h0)
        total = 0
        for h, target in zip(hs, targets):
            total = total + self.error.forward(self.affine.forward(h), target)
        return total / len(xs)


def loss(parameters, xs, h0, targets):
    return Network(parameters).forward(xs, h0, targets)


def example(T, m, seed):
    """Parameters, and arguments of the loss; examples are rows."""
    rng = np.random.default_rng(seed)
    n_x, n_h, n_y = 3, 4, 2
    parameters = {
        "Wx": rng.standard_normal((n_x, n_h)),
        "Wh": rng.standard_normal((n_h, n_h)) / 2,
        "b": rng.standard_normal(n_h),
        "V": rng.standard_normal((n_h, n_y)),
        "c": rng.standard_normal(n_y),
    }
    xs = [rng.standard_normal((m, n_x)) for _ in range(T)]
    targets = [rng.standard_normal((m, n_y)) for _ in range(T)]
    return parameters, {"xs": xs, "h0": np.zeros((m, n_h)), "targets": targets}
