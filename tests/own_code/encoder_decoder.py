"""An encoder reads one sequence, a decoder is told another, one step late (teacher forcing)."""

import autograd_seq.numpy as np


def softmax(z):
    z = z - np.max(z, axis=0, keepdims=True)
    e = np.exp(z)
    return e / np.sum(e, axis=0, keepdims=True)


def encode(xs, W, U, b):
    h = np.zeros((U.shape[0], xs[0].shape[1]))
    for x in xs:
        h = np.tanh(W @ x + U @ h + b)
    return h


def decode(s, ys, W, U, b, V, c):
    y_prev = np.zeros(ys[0].shape)
    predictions = []
    for y in ys:
        s = np.tanh(W @ y_prev + U @ s + b)
        predictions.append(softmax(V @ s + c))
        y_prev = y  # what should have been said, not what was
    return predictions


def loss(parameters, xs, ys):
    p = parameters
    summary = encode(xs, p["We"], p["Ue"], p["be"])
    predictions = decode(summary, ys, p["Wd"], p["Ud"], p["bd"], p["V"], p["c"])
    total = 0
    for prediction, y in zip(predictions, ys):
        total -= np.sum(y * np.log(prediction))
    return total


def example(T, m, seed):
    """Parameters, and arguments of the loss; both sequences have T steps."""
    rng = np.random.default_rng(seed)
    n_x, n_h, n_y = 3, 4, 2
    parameters = {
        "We": rng.standard_normal((n_h, n_x)),
        "Ue": rng.standard_normal((n_h, n_h)) / 2,
        "be": rng.standard_normal((n_h, 1)),
        "Wd": rng.standard_normal((n_h, n_y)),
        "Ud": rng.standard_normal((n_h, n_h)) / 2,
        "bd": rng.standard_normal((n_h, 1)),
        "V": rng.standard_normal((n_y, n_h)),
        "c": rng.standard_normal((n_y, 1)),
    }
    xs = [rng.standard_normal((n_x, m)) for _ in range(T)]
    ys = [np.eye(n_y)[rng.integers(n_y, size=m)].T for _ in range(T)]
    return parameters, {"xs": xs, "ys": ys}
