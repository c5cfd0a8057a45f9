"""All that is kept is kept in float32."""

import numpy as np


def forward(x, W):
    T, n = len(x), W.shape[0] // 4
    gates = np.empty((T, W.shape[0], x.shape[2]), dtype="f")
    c = np.zeros((T + 1, n, x.shape[2]), dtype="f")
    h = np.zeros((T + 1, n, x.shape[2]), dtype="f")
    for t in range(T):
        z = W @ np.concatenate([h[t], x[t]])
        gates[t, : 3 * n] = 1 / (1 + np.exp(-z[: 3 * n]))
        gates[t, 3 * n :] = np.tanh(z[3 * n :])
        i, f, o, g = gates[t, :n], gates[t, n : 2 * n], gates[t, 2 * n : 3 * n], gates[t, 3 * n :]
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * np.tanh(c[t + 1])
    return {"h": h[1:]}, (x, W, gates, c, h)


def backward(up, cache):
    x, W, gates, c, h = cache
    n = c.shape[1]
    dx, dW = np.zeros(x.shape), np.zeros(W.shape)
    dh, dc = np.zeros(c[0].shape), np.zeros(c[0].shape)
    for t in reversed(range(len(x))):
        i, f, o, g = gates[t, :n], gates[t, n : 2 * n], gates[t, 2 * n : 3 * n], gates[t, 3 * n :]
        dh = dh + up["h"][t]
        tc = np.tanh(c[t + 1])
        dc = dc + dh * o * (1 - tc**2)
        dz = np.concatenate([dc * g * i * (1 - i), dc * c[t] * f * (1 - f), dh * tc * o * (1 - o), dc * i * (1 - g**2)])
        dW += dz @ np.concatenate([h[t], x[t]]).T
        both = W.T @ dz
        dh, dx[t], dc = both[:n], both[n:], dc * f
    return {"dx": dx, "dW": dW}


def inputs(rng):
    return {"x": rng.standard_normal((4, 3, 2)), "W": rng.standard_normal((8, 5))}


WRONG = ("dc * c[t] * f", "dc * c[t + 1] * f")
