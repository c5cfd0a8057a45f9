"""The course's RNN: one cell a step, hidden states and predictions filled into arrays."""

import autograd_seq.numpy as np


def softmax(x):
    e_x = np.exp(x - np.max(x, axis=0))
    return e_x / e_x.sum(axis=0)


def rnn_cell_forward(xt, a_prev, parameters):
    Wax = parameters["Wax"]
    Waa = parameters["Waa"]
    Wya = parameters["Wya"]
    ba = parameters["ba"]
    by = parameters["by"]

    a_next = np.tanh(np.dot(Waa, a_prev) + np.dot(Wax, xt) + ba)
    yt_pred = softmax(np.dot(Wya, a_next) + by)

    cache = (a_next, a_prev, xt, parameters)
    return a_next, yt_pred, cache


def rnn_forward(x, a0, parameters):
    caches = []

    n_x, m, T_x = x.shape
    n_y, n_a = parameters["Wya"].shape

    a = np.zeros((n_a, m, T_x))
    y_pred = np.zeros((n_y, m, T_x))

    a_next = a0
    for t in range(T_x):
        a_next, yt_pred, cache = rnn_cell_forward(x[:, :, t], a_next, parameters)
        a[:, :, t] = a_next
        y_pred[:, :, t] = yt_pred
        caches.append(cache)

    return a, y_pred, (caches, x)


def loss(parameters, x, a0, y):
    a, y_pred, caches = rnn_forward(x, a0, parameters)
    J = 0
    for t in range(x.shape[2]):
        J = J - np.sum(y[:, :, t] * np.log(y_pred[:, :, t]))
    return J


def example(T, m, seed):
    """Parameters, and arguments of the loss."""
    rng = np.random.default_rng(seed)
    n_x, n_a, n_y = 3, 5, 2
    parameters = {
        "Wax": rng.standard_normal((n_a, n_x)),
        "Waa": rng.standard_normal((n_a, n_a)) / 2,
        "Wya": rng.standard_normal((n_y, n_a)),
        "ba": rng.standard_normal((n_a, 1)),
        "by": rng.standard_normal((n_y, 1)),
    }
    y = np.eye(n_y)[rng.integers(n_y, size=(m, T))].transpose(2, 0, 1)
    return parameters, {"x": rng.standard_normal((n_x, m, T)), "a0": rng.standard_normal((n_a, m)), "y": y}
