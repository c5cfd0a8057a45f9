"""GRU over a sequence, examples in rows: the gates' adjoints in a dict."""

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
    X, H, gates, Wz, Uz, Wr, Ur, Wn, Un = cache
    grads = {}
    for name, W, U in (("z", Wz, Uz), ("r", Wr, Ur), ("n", Wn, Un)):
        grads["dW" + name] = np.zeros(W.shape)
        grads["dU" + name] = np.zeros(U.shape)
        grads["db" + name] = np.zeros(U.shape[0])
    grads["dx"] = np.zeros(X.shape)
    G = 0
    for t in range(len(X) - 1, -1, -1):
        z, r, n = gates[t]
        G = upstream["h"][t] + G
        delta = {}
        delta["n"] = G * (1 - z) * (1 - n * n)
        delta["z"] = G * (H[t] - n) * z * (1 - z)
        inner = np.dot(delta["n"], Un.T)
        delta["r"] = inner * H[t] * r * (1 - r)
        for name in "zrn":
            grads["dW" + name] += np.dot(X[t].T, delta[name])
            grads["db" + name] += np.sum(delta[name], axis=0)
        grads["dUz"] += np.dot(H[t].T, delta["z"])
        grads["dUr"] += np.dot(H[t].T, delta["r"])
        grads["dUn"] += np.dot((r * H[t]).T, delta["n"])
        grads["dx"][t] = np.dot(delta["z"], Wz.T) + np.dot(delta["r"], Wr.T) + np.dot(delta["n"], Wn.T)
        G = G * z + inner * r + np.dot(delta["z"], Uz.T) + np.dot(delta["r"], Ur.T)
    grads["dh0"] = G
    return grads
