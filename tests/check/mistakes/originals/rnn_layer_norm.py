"""RNN with layer normalisation, examples in rows."""

import numpy as np

INPUTS = {"x": ("T", "m", "n_x"), "h0": ("m", "n_h"), "W": ("n_x", "n_h"), "U": ("n_h", "n_h"),
          "gain": ("n_h",), "bias": ("n_h",)}
EPS = 1e-5


def layer_norm(a):
    mu = a.mean(axis=1, keepdims=True)
    std = np.sqrt(((a - mu) ** 2).mean(axis=1, keepdims=True) + EPS)
    return (a - mu) / std, std


def layer_norm_back(dahat, ahat, std):
    da = (dahat - dahat.mean(axis=1, keepdims=True)
          - ahat * (dahat * ahat).mean(axis=1, keepdims=True)) / std
    return da


def forward(x, h0, W, U, gain, bias):
    h = h0
    tape = []
    hs = []
    for xt in x:
        a = xt @ W + h @ U
        ahat, std = layer_norm(a)
        h_new = np.tanh(gain * ahat + bias)
        tape.append((xt, h, h_new, ahat, std))
        hs.append(h_new)
        h = h_new
    return {"hs": np.stack(hs)}, (tape, W, U, gain)


def backward(upstream, cache):
    tape, W, U, gain = cache
    dW, dU = np.zeros_like(W), np.zeros_like(U)
    dgain, dbias = np.zeros_like(gain), np.zeros_like(gain)
    dxs = []
    dh = 0
    for (xt, h_prev, h, ahat, std), up in zip(tape[::-1], upstream["hs"][::-1]):
        dh = dh + up
        dv = dh * (1 - h ** 2)
        dgain += (dv * ahat).sum(axis=0)
        dbias += dv.sum(axis=0)
        da = layer_norm_back(dv * gain, ahat, std)
        dW += xt.T @ da
        dU += h_prev.T @ da
        dxs.append(da @ W.T)
        dh = da @ U.T
    return {"dx": np.stack(dxs[::-1]), "dh0": dh, "dW": dW, "dU": dU, "dgain": dgain, "dbias": dbias}
