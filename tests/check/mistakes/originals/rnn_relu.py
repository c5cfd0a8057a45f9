"""RNN with ReLU, examples in rows."""

import numpy as np

INPUTS = {"x": ("T", "m", "n_x"), "h0": ("m", "n_h"), "Wx": ("n_x", "n_h"), "Wh": ("n_h", "n_h"), "b": ("n_h",)}


def relu(z):
    return np.maximum(0, z)


def forward(x, h0, Wx, Wh, b):
    hs = [h0]
    zs = []
    for t in range(x.shape[0]):
        z = x[t].dot(Wx) + hs[-1].dot(Wh) + b
        zs.append(z)
        hs.append(relu(z))
    return {"h": np.stack(hs[1:])}, (x, hs, zs, Wx, Wh)


def backward(upstream, cache):
    x, hs, zs, Wx, Wh = cache
    dh_all = upstream["h"]
    grads = dict(dWx=np.zeros_like(Wx), dWh=np.zeros_like(Wh), db=np.zeros(Wh.shape[0]), dx=np.zeros_like(x))
    dh_next = np.zeros_like(hs[0])

    for t in reversed(range(len(zs))):
        dz = dh_all[t] + dh_next
        dz[zs[t] <= 0] = 0
        grads["dWx"] += x[t].T.dot(dz)
        grads["dWh"] += hs[t].T.dot(dz)
        grads["db"] += dz.sum(axis=0)
        grads["dx"][t] = dz.dot(Wx.T)
        dh_next = dz.dot(Wh.T)

    grads["dh0"] = dh_next
    return grads
