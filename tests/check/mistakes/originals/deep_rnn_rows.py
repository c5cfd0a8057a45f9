"""Deep RNN of two layers, examples in rows."""

import numpy as np

INPUTS = {
    "x": ("T", "m", "n_x"),
    "h1_0": ("m", "n_h"), "h2_0": ("m", "n_h"),
    "W1": ("n_x", "n_h"), "V1": ("n_h", "n_h"), "b1": ("n_h",),
    "W2": ("n_h", "n_h"), "V2": ("n_h", "n_h"), "b2": ("n_h",),
}


def forward(x, h1_0, h2_0, W1, V1, b1, W2, V2, b2):
    T = x.shape[0]
    h1, h2 = [h1_0], [h2_0]
    for t in range(T):
        h1.append(np.tanh(x[t] @ W1 + h1[t] @ V1 + b1))
        h2.append(np.tanh(h1[t + 1] @ W2 + h2[t] @ V2 + b2))
    return {"y": np.stack(h2[1:])}, (x, h1, h2, W1, V1, W2, V2)


def backward(upstream, cache):
    (x, h1, h2, W1, V1, W2, V2) = cache
    dy = upstream["y"]
    T, m, n_h = dy.shape

    dW1, dV1, dW2, dV2 = (np.zeros(w.shape) for w in (W1, V1, W2, V2))
    db1 = np.zeros(n_h)
    db2 = np.zeros(n_h)
    dx = np.zeros(x.shape)
    dh1_next = np.zeros((m, n_h))
    dh2_next = np.zeros((m, n_h))

    for t in reversed(range(T)):
        # layer 2
        dh2 = dy[t] + dh2_next
        dz2 = dh2 * (1 - h2[t + 1] ** 2)
        dW2 += h1[t + 1].T @ dz2
        dV2 += h2[t].T @ dz2
        db2 += dz2.sum(axis=0)
        dh2_next = dz2 @ V2.T

        # layer 1
        dh1 = dz2 @ W2.T + dh1_next
        dz1 = dh1 * (1 - h1[t + 1] ** 2)
        dW1 += x[t].T @ dz1
        dV1 += h1[t].T @ dz1
        db1 += dz1.sum(axis=0)
        dx[t] = dz1 @ W1.T
        dh1_next = dz1 @ V1.T

    return {"dx": dx, "dh1_0": dh1_next, "dh2_0": dh2_next, "dW1": dW1, "dV1": dV1, "db1": db1,
            "dW2": dW2, "dV2": dV2, "db2": db2}
