"""A GRU that reads its sequence from the end: a loop over reversed time, states in a list that is as long."""

import autograd_seq.numpy as np


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def gru_step(x, h, p):
    z = sigmoid(p["Wz"] @ x + p["Uz"] @ h + p["bz"])
    r = sigmoid(p["Wr"] @ x + p["Ur"] @ h + p["br"])
    h_tilde = np.tanh(p["Wh"] @ x + p["Uh"] @ (r * h) + p["bh"])
    return (1 - z) * h + z * h_tilde


def gru_backwards(X, h_end, p):
    T = X.shape[0]
    H = [None] * (T + 1)
    H[T] = h_end
    for t in reversed(range(T)):
        H[t] = gru_step(X[t], H[t + 1], p)
    return H[:T]


def loss(parameters, X, h_end, Y):
    H = gru_backwards(X, h_end, parameters)
    T = len(H)
    error = 0.0
    for t in range(T):
        y_hat = parameters["V"] @ H[t]
        error += np.mean((y_hat - Y[t]) ** 2)
    return error / T


def example(T, m, seed):
    """Parameters, and arguments of the loss; time is the first axis."""
    rng = np.random.default_rng(seed)
    n_x, n_h, n_y = 3, 4, 2
    parameters = {}
    for gate in "zrh":
        parameters[f"W{gate}"] = rng.standard_normal((n_h, n_x))
        parameters[f"U{gate}"] = rng.standard_normal((n_h, n_h)) / 2
        parameters[f"b{gate}"] = rng.standard_normal((n_h, 1))
    parameters["V"] = rng.standard_normal((n_y, n_h))
    X, Y = rng.standard_normal((T, n_x, m)), rng.standard_normal((T, n_y, m))
    return parameters, {"X": X, "h_end": rng.standard_normal((n_h, m)), "Y": Y}
