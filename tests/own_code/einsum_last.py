"""Products as einsum, the examples first and time last."""

import autograd_seq.numpy as np


def loss(parameters, x, y):
    W, U, b, V = parameters["W"], parameters["U"], parameters["b"], parameters["V"]
    N, D, T = x.shape
    s = np.zeros((N, U.shape[0]))
    error = 0
    for t in range(T):
        pre = np.einsum("nd,hd->nh", x[..., t], W) + np.einsum("nk,hk->nh", s, U) + b
        s = np.maximum(pre, 0)
        out = np.einsum("nh,kh->nk", s, V)
        error = error + np.sum((out - y[..., t]) ** 2)
    return error / N


def example(T, m, seed):
    """Parameters, and arguments of the loss."""
    rng = np.random.default_rng(seed)
    D, H, K = 3, 4, 2
    parameters = {
        "W": rng.standard_normal((H, D)),
        "U": rng.standard_normal((H, H)) / 2,
        "b": rng.standard_normal(H),
        "V": rng.standard_normal((K, H)),
    }
    return parameters, {"x": rng.standard_normal((m, D, T)), "y": rng.standard_normal((m, K, T))}
