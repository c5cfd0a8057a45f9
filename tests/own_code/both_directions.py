"""A bidirectional RNN: the same function over x and over ``x[:, :, ::-1]``, its states turned round again."""

import autograd_seq.numpy as np


def rnn(x, W, U, b):
    n_h = U.shape[0]
    n_x, m, T = x.shape
    h = np.zeros((n_h, m, T + 1))
    for t in range(T):
        h[:, :, t + 1] = np.tanh(np.dot(W, x[:, :, t]) + np.dot(U, h[:, :, t]) + b)
    return h[:, :, 1:]


def loss(parameters, x, y):
    p = parameters
    ahead = rnn(x, p["Wf"], p["Uf"], p["bf"])
    back = rnn(x[:, :, ::-1], p["Wb"], p["Ub"], p["bb"])[:, :, ::-1]
    J = 0
    for t in range(x.shape[2]):
        both = np.concatenate([ahead[:, :, t], back[:, :, t]], axis=0)
        y_hat = np.dot(p["V"], both) + p["c"]
        J = J + np.sum((y_hat - y[:, :, t]) ** 2)
    return J


def example(T, m, seed):
    """Parameters, and arguments of the loss."""
    rng = np.random.default_rng(seed)
    n_x, n_h, n_y = 3, 4, 2
    parameters = {}
    for direction in "fb":
        parameters[f"W{direction}"] = rng.standard_normal((n_h, n_x))
        parameters[f"U{direction}"] = rng.standard_normal((n_h, n_h)) / 2
        parameters[f"b{direction}"] = rng.standard_normal((n_h, 1))
    parameters |= {"V": rng.standard_normal((n_y, 2 * n_h)), "c": rng.standard_normal((n_y, 1))}
    return parameters, {"x": rng.standard_normal((n_x, m, T)), "y": rng.standard_normal((n_y, m, T))}
