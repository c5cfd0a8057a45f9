"""A GRU whose values of all steps lie in dicts, counted from 1, as the notes count."""

import autograd_seq.numpy as np


def sigmoid(a):
    return np.where(a >= 0, 1 / (1 + np.exp(-np.abs(a))), np.exp(-np.abs(a)) / (1 + np.exp(-np.abs(a))))


def loss(parameters, x, h0, y):
    T = len(x)
    z, r, n, h, o = {}, {}, {}, {0: h0}, {}
    L = {}
    for t in range(1, T + 1):
        z[t] = sigmoid(parameters["Wz"] @ x[t - 1] + parameters["Uz"] @ h[t - 1])
        r[t] = sigmoid(parameters["Wr"] @ x[t - 1] + parameters["Ur"] @ h[t - 1])
        n[t] = np.tanh(parameters["Wn"] @ x[t - 1] + r[t] * (parameters["Un"] @ h[t - 1]))
        h[t] = (1 - z[t]) * n[t] + z[t] * h[t - 1]
        o[t] = parameters["Wo"] @ h[t]
        L[t] = 0.5 * np.sum((o[t] - y[t - 1]) ** 2)
    return sum(L.values())


def example(T, m, seed):
    """Parameters, and arguments of the loss; an array for every step, in a list."""
    rng = np.random.default_rng(seed)
    n_x, n_h, n_y = 3, 4, 2
    parameters = {f"W{gate}": rng.standard_normal((n_h, n_x)) for gate in "zrn"}
    parameters |= {f"U{gate}": rng.standard_normal((n_h, n_h)) / 2 for gate in "zrn"}
    parameters["Wo"] = rng.standard_normal((n_y, n_h))
    x, y = ([rng.standard_normal((n, m)) for _ in range(T)] for n in (n_x, n_y))
    return parameters, {"x": x, "h0": rng.standard_normal((n_h, m)), "y": y}
