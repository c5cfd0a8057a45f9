"""Comprehensions in place of loops wherever that can be: predictions, losses, the mean of them."""

import autograd_seq.numpy as np


def run(xs, h, W, U, b):
    states = [h]
    for x in xs:
        states += [np.tanh(W @ x + U @ states[-1] + b)]
    return states[1:]


def log_softmax(z):
    z = z - z.max(axis=0)
    return z - np.log(np.exp(z).sum(axis=0))


def loss(parameters, xs, h0, labels):
    W, U, b, V = (parameters[key] for key in ("W", "U", "b", "V"))
    hs = run(xs, h0, W, U, b)
    logits = [V @ h for h in hs]
    losses = [-np.sum(y * log_softmax(z)) for z, y in zip(logits, labels)]
    return sum(losses) / len(losses)


def example(T, m, seed):
    """Parameters, and arguments of the loss; an array for every step, in a list."""
    rng = np.random.default_rng(seed)
    n_x, n_h, n_y = 3, 4, 2
    parameters = {
        "W": rng.standard_normal((n_h, n_x)),
        "U": rng.standard_normal((n_h, n_h)) / 2,
        "b": rng.standard_normal((n_h, 1)),
        "V": rng.standard_normal((n_y, n_h)),
    }
    xs = [rng.standard_normal((n_x, m)) for _ in range(T)]
    labels = [np.eye(n_y)[rng.integers(n_y, size=m)].T for _ in range(T)]
    return parameters, {"xs": xs, "h0": rng.standard_normal((n_h, m)), "labels": labels}
