"""Batch first, sequences of several lengths: a mask keeps the state where a sequence has ended."""

import autograd_seq.numpy as np


def length_mask(lengths, T):
    return (np.arange(T)[None, :] < lengths[:, None]).astype(float)  # (N, T)


def rnn_forward(x, mask, Wx, Wh, b):
    N, T, D = x.shape
    H = Wh.shape[0]
    h = np.zeros((N, H))
    hs = np.zeros((N, T, H))
    for t in range(T):
        m_t = mask[:, t : t + 1]
        h_new = np.tanh(x[:, t, :] @ Wx + h @ Wh + b)
        h = m_t * h_new + (1 - m_t) * h
        hs[:, t, :] = h
    return hs


def loss(parameters, x, mask, target):
    Wx, Wh, b = parameters["Wx"], parameters["Wh"], parameters["b"]
    hs = rnn_forward(x, mask, Wx, Wh, b)
    score = hs[:, -1, :] @ parameters["v"]
    return np.mean((score - target) ** 2)


def example(T, m, seed):
    """Parameters, and arguments of the loss."""
    rng = np.random.default_rng(seed)
    D, H = 3, 4
    parameters = {
        "Wx": rng.standard_normal((D, H)),
        "Wh": rng.standard_normal((H, H)) / 2,
        "b": rng.standard_normal(H),
        "v": rng.standard_normal(H),
    }
    lengths = rng.integers(1, T + 1, size=m)
    x, mask = rng.standard_normal((m, T, D)), length_mask(lengths, T)
    return parameters, {"x": x, "mask": mask, "target": rng.standard_normal(m)}
