"""GRU over a sequence."""

import numpy as np

INPUTS = {
    "x": ("n_x", "m", "T"),
    "c0": ("n_a", "m"),
    "Wu": ("n_a", "n_a+n_x"), "bu": ("n_a", 1),
    "Wr": ("n_a", "n_a+n_x"), "br": ("n_a", 1),
    "Wc": ("n_a", "n_a+n_x"), "bc": ("n_a", 1),
}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(x, c0, Wu, bu, Wr, br, Wc, bc):
    caches = []
    c_prev = c0
    c_all = []
    for t in range(x.shape[2]):
        xt = x[:, :, t]
        concat = np.concatenate((c_prev, xt), axis=0)
        gu = sigmoid(np.dot(Wu, concat) + bu)
        gr = sigmoid(np.dot(Wr, concat) + br)
        concat_r = np.concatenate((gr * c_prev, xt), axis=0)
        cct = np.tanh(np.dot(Wc, concat_r) + bc)
        c_next = gu * cct + (1 - gu) * c_prev
        caches.append((c_prev, concat, concat_r, gu, gr, cct))
        c_all.append(c_next)
        c_prev = c_next
    c = np.stack(c_all, axis=2)
    return {"c": c}, (caches, x, Wu, Wr, Wc)


def backward(upstream, cache):
    dc_all = upstream["c"]
    caches, x, Wu, Wr, Wc = cache
    n_a, m, T = dc_all.shape

    dx = np.zeros(x.shape)
    dWu, dWr, dWc = np.zeros(Wu.shape), np.zeros(Wr.shape), np.zeros(Wc.shape)
    dbu, dbr, dbc = np.zeros((n_a, 1)), np.zeros((n_a, 1)), np.zeros((n_a, 1))
    dc_prev = np.zeros((n_a, m))

    for t in reversed(range(T)):
        c_prev, concat, concat_r, gu, gr, cct = caches[t]
        dc = dc_all[:, :, t] + dc_prev

        dzu = dc * (cct - c_prev) * gu * (1 - gu)
        dzc = dc * gu * (1 - cct ** 2)
        dcat_c = np.dot(Wc.T, dzc)
        dzr = dcat_c[:n_a] * c_prev * gr * (1 - gr)
        dcat = np.dot(Wu.T, dzu) + np.dot(Wr.T, dzr)

        dc_prev = dc * (1 - gu) + dcat_c[:n_a] * gr
        dc_prev = dc_prev + dcat[:n_a]
        dx[:, :, t] = dcat[n_a:] + dcat_c[n_a:]

        dWu += np.dot(dzu, concat.T)
        dWr += np.dot(dzr, concat.T)
        dWc += np.dot(dzc, concat_r.T)
        dbu += np.sum(dzu, axis=1, keepdims=True)
        dbr += np.sum(dzr, axis=1, keepdims=True)
        dbc += np.sum(dzc, axis=1, keepdims=True)

    return {"dx": dx, "dc0": dc_prev, "dWu": dWu, "dbu": dbu, "dWr": dWr, "dbr": dbr, "dWc": dWc, "dbc": dbc}
