"""GRU over a sequence, examples in rows: the gates' adjoints in lists."""

import numpy as np

INPUTS = {
    "x": ("T", "m", "n_x"), "h0": ("m", "n_h"),
    "Wz": ("n_x", "n_h"), "Uz": ("n_h", "n_h"), "bz": ("n_h",),
    "Wr": ("n_x", "n_h"), "Ur": ("n_h", "n_h"), "br": ("n_h",),
    "Wn": ("n_x", "n_h"), "Un": ("n_h", "n_h"), "bn": ("n_h",),
}


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def forward(x, h0, Wz, Uz, bz, Wr, Ur, br, Wn, Un, bn):
    hs, gates = [h0], []
    for t in range(x.shape[0]):
        h = hs[-1]
        z = sigmoid(x[t] @ Wz + h @ Uz + bz)
        r = sigmoid(x[t] @ Wr + h @ Ur + br)
        n = np.tanh(x[t] @ Wn + (r * h) @ Un + bn)
        hs.append(z * h + (1 - z) * n)
        gates.append((z, r, n))
    return {"h": np.stack(hs[1:])}, (x, hs, gates, Wz, Uz, Wr, Ur, Wn, Un)


def backward(upstream, cache):
    x, hs, gates, Wz, Uz, Wr, Ur, Wn, Un = cache
    T = len(x)
    A_z, A_r, A_n = [None] * T, [None] * T, [None] * T
    err = np.zeros_like(hs[0])
    for t in range(T - 1, -1, -1):
        z, r, n = gates[t]
        err = err + upstream["h"][t]
        A_n[t] = err * (1 - z) * (1 - n ** 2)
        A_z[t] = err * (hs[t] - n) * z * (1 - z)
        A_r[t] = (A_n[t] @ Un.T) * hs[t] * r * (1 - r)
        err = err * z + A_z[t] @ Uz.T + A_r[t] @ Ur.T + (A_n[t] @ Un.T) * r
    grads = {"dh0": err}
    grads["dx"] = np.stack([A_z[t] @ Wz.T + A_r[t] @ Wr.T + A_n[t] @ Wn.T for t in range(T)])
    for s, A in (("z", A_z), ("r", A_r), ("n", A_n)):
        grads["dW" + s] = sum(x[t].T @ A[t] for t in range(T))
        grads["db" + s] = sum(A[t].sum(axis=0) for t in range(T))
    grads["dUz"] = sum(hs[t].T @ A_z[t] for t in range(T))
    grads["dUr"] = sum(hs[t].T @ A_r[t] for t in range(T))
    grads["dUn"] = sum((gates[t][1] * hs[t]).T @ A_n[t] for t in range(T))
    return grads
