"""Deep RNN: tanh below, ReLU above."""

import numpy as np

INPUTS = {
    "x": ("n_x", "m", "T"), "W1": ("n_a", "n_a + n_x"), "b1": ("n_a", 1), "W2": ("n_h", "n_h + n_a"), "b2": ("n_h", 1),
    "p0": ("n_a", "m"), "q0": ("n_h", "m"),
}


def forward(x, W1, b1, W2, b2, p0, q0):
    p, q = p0, q0
    steps, tops = [], []
    for t in range(x.shape[2]):
        s1 = np.vstack([p, x[:, :, t]])
        p = np.tanh(W1 @ s1 + b1)
        s2 = np.vstack([q, p])
        q = np.maximum(0, W2 @ s2 + b2)
        steps.append((s1, p, s2, q))
        tops.append(q)
    return {"q": np.stack(tops, axis=2)}, (steps, x, W1, W2)


def backward(upstream, cache):
    steps, x, W1, W2 = cache
    n_a, n_h = W1.shape[0], W2.shape[0]
    dx = np.zeros(x.shape)
    dW1, dW2 = np.zeros(W1.shape), np.zeros(W2.shape)
    db1, db2 = np.zeros((n_a, 1)), np.zeros((n_h, 1))
    dp_next, dq_next = 0, 0
    for t in reversed(range(len(steps))):
        s1, p, s2, q = steps[t]
        dq = upstream["q"][..., t] + dq_next
        dz2 = dq * (q > 0)
        ds2 = W2.T @ dz2
        dq_next = ds2[:n_h]
        dp = ds2[n_h:] + dp_next
        dz1 = dp * (1 - p ** 2)
        ds1 = W1.T @ dz1
        dp_next = ds1[:n_a]
        dx[:, :, t] = ds1[n_a:]
        dW1 += dz1 @ s1.T
        dW2 += dz2 @ s2.T
        db1 += dz1.sum(axis=1, keepdims=True)
        db2 += dz2.sum(axis=1, keepdims=True)
    return {"dx": dx, "dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2, "dp0": dp_next, "dq0": dq_next}
