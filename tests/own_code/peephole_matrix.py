"""A peephole LSTM in matrix form: one product for all gates, cut into four, and diagonal looks at the cell."""

import autograd_seq.numpy as np


def sigm(z):
    return 1 / (1 + np.exp(-z))


def cell(x, h_prev, c_prev, W, b, p):
    H = h_prev.shape[0]
    A = W @ np.vstack([x, h_prev]) + b
    i = sigm(A[:H] + p[:, 0:1] * c_prev)
    f = sigm(A[H : 2 * H] + p[:, 1:2] * c_prev)
    g = np.tanh(A[2 * H : 3 * H])
    c = f * c_prev + i * g
    o = sigm(A[3 * H :] + p[:, 2:3] * c)
    return o * np.tanh(c), c


def loss(parameters, X, h0, c0, Y):
    W, b, p, V = parameters["W"], parameters["b"], parameters["p"], parameters["V"]
    h, c = h0, c0
    J = 0
    t = 0
    while t < X.shape[2]:
        h, c = cell(X[:, :, t], h, c, W, b, p)
        e = V @ h - Y[:, :, t]
        J = J + np.sum(e * e)
        t += 1
    return J / 2


def example(T, m, seed):
    """Parameters, and arguments of the loss."""
    rng = np.random.default_rng(seed)
    n_x, H, n_y = 3, 4, 2
    parameters = {
        "W": rng.standard_normal((4 * H, n_x + H)) / 2,
        "b": rng.standard_normal((4 * H, 1)),
        "p": rng.standard_normal((H, 3)),
        "V": rng.standard_normal((n_y, H)),
    }
    X, Y = rng.standard_normal((n_x, m, T)), rng.standard_normal((n_y, m, T))
    return parameters, {"X": X, "h0": rng.standard_normal((H, m)), "c0": rng.standard_normal((H, m)), "Y": Y}
