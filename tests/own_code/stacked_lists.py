"""Two layers, one above the other at every step: weights and states in lists over the layers."""

import autograd_seq.numpy as np


def forward(xs, h_init, W_in, W_rec, bias):
    n_layers = len(W_rec)
    h = list(h_init)
    top = []
    for x in xs:
        below = x
        for layer in range(n_layers):
            h[layer] = np.tanh(np.dot(W_in[layer], below) + np.dot(W_rec[layer], h[layer]) + bias[layer])
            below = h[layer]
        top.append(below)
    return top


def loss(parameters, xs, h_init, targets):
    W_in = [parameters["W_in1"], parameters["W_in2"]]
    W_rec = [parameters["W_rec1"], parameters["W_rec2"]]
    bias = [parameters["b1"], parameters["b2"]]
    top = forward(xs, h_init, W_in, W_rec, bias)
    J = sum(np.sum((h - target) ** 2) for h, target in zip(top, targets))
    return J / xs[0].shape[1]


def example(T, m, seed):
    """Parameters, and arguments of the loss; a list has an array for every step."""
    rng = np.random.default_rng(seed)
    n_x, n_h = 3, 4
    parameters = {
        "W_in1": rng.standard_normal((n_h, n_x)),
        "W_in2": rng.standard_normal((n_h, n_h)),
        "W_rec1": rng.standard_normal((n_h, n_h)) / 2,
        "W_rec2": rng.standard_normal((n_h, n_h)) / 2,
        "b1": rng.standard_normal((n_h, 1)),
        "b2": rng.standard_normal((n_h, 1)),
    }
    xs, targets = ([rng.standard_normal((n, m)) for _ in range(T)] for n in (n_x, n_h))
    return parameters, {"xs": xs, "h_init": [np.zeros((n_h, m)), np.zeros((n_h, m))], "targets": targets}
