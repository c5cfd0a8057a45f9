"""RNN with a classifier of the last state."""

import numpy as np

INPUTS = {
    "x": ("n_x", "m", "T"), "a0": ("n_a", "m"),
    "Wax": ("n_a", "n_x"), "Waa": ("n_a", "n_a"), "ba": ("n_a", 1),
    "Wy": (1, "n_a"), "by": (1, 1),
}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def labels(m):
    return (np.arange(m) % 2).reshape(1, m)


def forward(x, a0, Wax, Waa, ba, Wy, by):
    n_x, m, T = x.shape
    a = [a0]
    for t in range(T):
        a.append(np.tanh(np.dot(Wax, x[:, :, t]) + np.dot(Waa, a[-1]) + ba))
    yhat = sigmoid(np.dot(Wy, a[-1]) + by)
    y = labels(m)
    # binary cross entropy
    cost = -1 / m * np.sum(y * np.log(yhat) + (1 - y) * np.log(1 - yhat))
    return {"cost": np.asarray(cost)}, {"x": x, "a": a, "yhat": yhat, "y": y, "Wax": Wax, "Waa": Waa, "Wy": Wy}


def backward(upstream, cache):
    x, a = cache["x"], cache["a"]
    Wax, Waa, Wy = cache["Wax"], cache["Waa"], cache["Wy"]
    n_x, m, T = x.shape

    dzy = upstream["cost"] * (cache["yhat"] - cache["y"]) / m
    dWy = np.dot(dzy, a[-1].T)
    dby = np.sum(dzy, axis=1, keepdims=True)
    dlast = np.dot(Wy.T, dzy)

    dx = np.zeros(x.shape)
    dWax = np.zeros(Wax.shape)
    dWaa = np.zeros(Waa.shape)
    dba = np.zeros((Waa.shape[0], 1))
    dh_next = np.zeros(a[0].shape)

    for t in reversed(range(T)):
        dh = (dlast if t == T - 1 else 0) + dh_next
        dz = dh * (1 - a[t + 1] ** 2)
        dWax += np.dot(dz, x[:, :, t].T)
        dWaa += np.dot(dz, a[t].T)
        dba += np.sum(dz, axis=1, keepdims=True)
        dx[:, :, t] = np.dot(Wax.T, dz)
        dh_next = np.dot(Waa.T, dz)

    return {"dx": dx, "da0": dh_next, "dWax": dWax, "dWaa": dWaa, "dba": dba, "dWy": dWy, "dby": dby}
