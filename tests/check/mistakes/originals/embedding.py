"""An embedding, an RNN and a readout; words repeat."""

import numpy as np

VOCAB = 5
SENTENCE = np.array([1, 4, 0, 2, 1, 3, 3])

INPUTS = {"E": (5, "n_x"), "h0": ("m", "n_h"), "W": ("n_x", "n_h"), "U": ("n_h", "n_h"), "b": ("n_h",),
          "Wy": ("n_h", 5), "by": (5,)}


def batch_ids(m):
    # every second sentence is shifted by one word -> words repeat inside a column
    return (SENTENCE[:, None] + (np.arange(m)[None, :] // 2)) % VOCAB


def forward(E, h0, W, U, b, Wy, by):
    ids = batch_ids(h0.shape[0])
    h = h0
    hs = [h0]
    logits = []
    for t in range(len(ids)):
        h = np.tanh(E[ids[t]] @ W + h @ U + b)
        hs.append(h)
        logits.append(h @ Wy + by)
    return {"logits": np.stack(logits)}, (ids, hs, E, W, U, Wy)


def backward(upstream, cache):
    ids, hs, E, W, U, Wy = cache
    dlog = upstream["logits"]
    dE, dW, dU, dWy = map(np.zeros_like, (E, W, U, Wy))
    db = np.zeros(W.shape[1])
    dby = dlog.sum(axis=(0, 1))
    dh = np.zeros_like(hs[0])
    for t in range(len(ids) - 1, -1, -1):
        dWy += hs[t + 1].T @ dlog[t]
        dh = dh + dlog[t] @ Wy.T
        dz = dh * (1 - hs[t + 1] ** 2)
        np.add.at(dE, ids[t], dz @ W.T)
        dW += E[ids[t]].T @ dz
        dU += hs[t].T @ dz
        db += dz.sum(axis=0)
        dh = dz @ U.T
    return {"dE": dE, "dh0": dh, "dW": dW, "dU": dU, "db": db, "dWy": dWy, "dby": dby}
