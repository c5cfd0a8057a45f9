"""GRU without a reset gate over a sequence."""

import numpy as np

INPUTS = {
    "x": ("n_x", "m", "T"), "c0": ("n_a", "m"),
    "Wu": ("n_a", "n_a + n_x"), "bu": ("n_a", 1), "Wc": ("n_a", "n_a + n_x"), "bc": ("n_a", 1),
}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def forward(x, c0, Wu, bu, Wc, bc):
    c = c0
    steps = []
    states = []
    for t in range(x.shape[2]):
        stacked = np.concatenate([c, x[:, :, t]])
        u = sigmoid(np.dot(Wu, stacked) + bu)
        h = np.tanh(np.dot(Wc, stacked) + bc)
        steps.append((c, stacked, u, h))
        c = u * h + (1 - u) * c
        states.append(c)
    return {"c": np.stack(states, axis=2)}, (steps, x.shape, Wu, Wc)


def backward(upstream, cache):
    steps, shape, Wu, Wc = cache
    dout = upstream["c"]
    n_a = dout.shape[0]
    dx = np.zeros(shape)
    dWu, dWc = np.zeros_like(Wu), np.zeros_like(Wc)
    dbu, dbc = np.zeros((n_a, 1)), np.zeros((n_a, 1))
    dnext = np.zeros(dout.shape[:2])
    for t in range(len(steps) - 1, -1, -1):
        c, stacked, u, h = steps[t]
        dc = dout[:, :, t] + dnext
        dzu = dc * (h - c) * u * (1 - u)
        dzh = dc * u * (1 - h * h)
        dWu += np.dot(dzu, stacked.T)
        dWc += np.dot(dzh, stacked.T)
        dbu += np.sum(dzu, axis=1, keepdims=True)
        dbc += np.sum(dzh, axis=1, keepdims=True)
        dstacked = np.dot(Wu.T, dzu) + np.dot(Wc.T, dzh)
        dx[:, :, t] = dstacked[n_a:]
        dnext = dstacked[:n_a] + dc * (1 - u)
    return {"dx": dx, "dc0": dnext, "dWu": dWu, "dbu": dbu, "dWc": dWc, "dbc": dbc}
