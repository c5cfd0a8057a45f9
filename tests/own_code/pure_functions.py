"""Functions alone: a step takes weights, state and input as tuples, and returns the new state and an output."""

import autograd_seq.numpy as np


def σ(z):
    return 1 / (1 + np.exp(-z))


def step(θ, state, x):
    W, b = θ
    h, c = state
    n = len(h)
    γ = W @ np.concatenate([h, x]) + b
    i, f, o, g = σ(γ[:n]), σ(γ[n : 2 * n]), σ(γ[2 * n : 3 * n]), np.tanh(γ[3 * n :])
    c = f * c + i * g
    h = o * np.tanh(c)
    return (h, c), h


def unroll(θ, state, xs):
    outputs = []
    for x in xs:
        state, output = step(θ, state, x)
        outputs.append(output)
    return state, outputs


def loss(parameters, xs, state, target):
    (h, c), outputs = unroll((parameters["W"], parameters["b"]), state, xs)
    误差 = parameters["权重"] @ h - target
    return np.sum(误差**2) / 2


def example(T, m, seed):
    """Parameters, and arguments of the loss; the state is a tuple of h and c."""
    rng = np.random.default_rng(seed)
    n_x, n_h = 3, 4
    parameters = {
        "W": rng.standard_normal((4 * n_h, n_h + n_x)) / 2,
        "b": rng.standard_normal((4 * n_h, 1)),
        "权重": rng.standard_normal((2, n_h)),
    }
    state = (rng.standard_normal((n_h, m)), rng.standard_normal((n_h, m)))
    xs = [rng.standard_normal((n_x, m)) for _ in range(T)]
    return parameters, {"xs": xs, "state": state, "target": rng.standard_normal((2, m))}
