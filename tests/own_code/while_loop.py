"""A while loop, states written over, everything in plain variables."""

import autograd_seq.numpy as np


def forward(x, Wx, Wh, b, w, c):
    n, T = x.shape
    h = np.zeros(Wh.shape[0])
    s = 0.0
    t = 0
    while t < T:
        h = np.tanh(Wx @ x[:, t] + Wh @ h + b)
        t += 1
        s += w @ h + c
    return s / T


def loss(parameters, x, target):
    prediction = forward(x, **parameters)
    return (prediction - target) ** 2


def example(T, m, seed):
    """Parameters, and arguments of the loss; one sequence, whatever m is."""
    rng = np.random.default_rng(seed)
    parameters = {
        "Wx": rng.standard_normal((4, 3)),
        "Wh": rng.standard_normal((4, 4)) / 2,
        "b": rng.standard_normal(4),
        "w": rng.standard_normal(4),
        "c": rng.standard_normal(1),
    }
    return parameters, {"x": rng.standard_normal((3, T)), "target": rng.standard_normal(1)}
