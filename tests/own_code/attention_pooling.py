"""Attention over all states of an RNN: scores, their softmax over time, and the mean that they weigh."""

import autograd_seq.numpy as np


def loss(parameters, x, target):
    W, U, b = parameters["W"], parameters["U"], parameters["b"]
    w, V = parameters["w"], parameters["V"]
    T, n_x, m = x.shape

    h = np.zeros((U.shape[0], m))
    states = []
    for t in range(T):
        h = np.tanh(W @ x[t] + U @ h + b)
        states.append(h)

    scores = np.stack([np.dot(w, h) for h in states])  # (T, 1, m)
    weights = np.exp(scores - np.max(scores, axis=0))
    weights = weights / np.sum(weights, axis=0)
    context = 0
    for t in range(T):
        context = context + weights[t] * states[t]

    prediction = V @ context
    return np.sum((prediction - target) ** 2) / m


def example(T, m, seed):
    """Parameters, and arguments of the loss; time is the first axis."""
    rng = np.random.default_rng(seed)
    n_x, n_h, n_y = 3, 4, 2
    parameters = {
        "W": rng.standard_normal((n_h, n_x)),
        "U": rng.standard_normal((n_h, n_h)) / 2,
        "b": rng.standard_normal((n_h, 1)),
        "w": rng.standard_normal((1, n_h)),
        "V": rng.standard_normal((n_y, n_h)),
    }
    return parameters, {"x": rng.standard_normal((T, n_x, m)), "target": rng.standard_normal((n_y, m))}
