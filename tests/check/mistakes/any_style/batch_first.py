"""Batch first: (N, T, D), a function forward and backward for each layer, and a loss that leaves padding out."""

import numpy as np


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    cache = (x, prev_h, Wx, Wh, next_h)
    return next_h, cache


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    dscores = dnext_h * (1 - next_h ** 2)
    dx = dscores.dot(Wx.T)
    dprev_h = dscores.dot(Wh.T)
    dWx = x.T.dot(dscores)
    dWh = prev_h.T.dot(dscores)
    db = dscores.sum(axis=0)
    return dx, dprev_h, dWx, dWh, db


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    h, caches, prev_h = [], [], h0
    for t in range(T):
        prev_h, cache = rnn_step_forward(x[:, t, :], prev_h, Wx, Wh, b)
        h.append(prev_h)
        caches.append(cache)
    return np.stack(h, axis=1), caches


def rnn_backward(dh, caches):
    N, T, H = dh.shape
    D = caches[0][0].shape[1]
    dx = np.zeros((N, T, D))
    dWx, dWh, db = np.zeros((D, H)), np.zeros((H, H)), np.zeros(H)
    dprev = np.zeros((N, H))
    for t in reversed(range(T)):
        dcurrent = dh[:, t, :] + dprev
        dx[:, t, :], dprev, dWx_t, dWh_t, db_t = rnn_step_backward(dcurrent, caches[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return dx, dprev, dWx, dWh, db


def word_embedding_forward(ids, W):
    return W[ids], (ids, W.shape)


def word_embedding_backward(dout, cache):
    ids, shape = cache
    dW = np.zeros(shape)
    np.add.at(dW, ids, dout)
    return dW


def temporal_affine_forward(x, w, b):
    N, T, D = x.shape
    return x.reshape(N * T, D).dot(w).reshape(N, T, -1) + b, (x, w)


def temporal_affine_backward(dout, cache):
    x, w = cache
    N, T, D = x.shape
    M = w.shape[1]
    dx = dout.reshape(N * T, M).dot(w.T).reshape(N, T, D)
    dw = x.reshape(N * T, D).T.dot(dout.reshape(N * T, M))
    db = dout.sum(axis=(0, 1))
    return dx, dw, db


def temporal_softmax_loss(scores, y, mask):
    N, T, V = scores.shape
    flat, y_flat, mask_flat = scores.reshape(N * T, V), y.reshape(N * T), mask.reshape(N * T)
    probs = np.exp(flat)
    probs = probs / np.sum(probs, axis=1, keepdims=True)
    loss = -np.sum(mask_flat * np.log(probs[np.arange(N * T), y_flat])) / N
    return loss, (probs, y_flat, mask_flat, (N, T, V))


def temporal_softmax_backward(cache):
    probs, y_flat, mask_flat, (N, T, V) = cache
    dflat = probs.copy()
    dflat[np.arange(N * T), y_flat] -= 1
    dflat /= N
    dflat *= mask_flat[:, None]
    return dflat.reshape(N, T, V)


INPUTS = {
    "ids": np.array([[0, 2, 2, 5], [3, 1, 0, 5], [4, 4, 5, 5]]),
    "y": np.array([[2, 2, 5, 0], [1, 0, 5, 0], [4, 5, 0, 0]]),
    "mask": np.array([[1, 1, 1, 0], [1, 1, 1, 0], [1, 1, 0, 0]]) > 0,
    "W_embed": (6, 2),
    "h0": (3, 4),
    "Wx": (2, 4),
    "Wh": (4, 4),
    "b": (4,),
    "W_vocab": (4, 6),
    "b_vocab": (6,),
}


def forward(ids, y, mask, W_embed, h0, Wx, Wh, b, W_vocab, b_vocab):
    x, cache_embed = word_embedding_forward(ids, W_embed)
    h, cache_rnn = rnn_forward(x, h0, Wx, Wh, b)
    scores, cache_affine = temporal_affine_forward(h, W_vocab, b_vocab)
    loss, cache_loss = temporal_softmax_loss(scores, y, mask)
    return {"loss": loss}, (cache_embed, cache_rnn, cache_affine, cache_loss)


def backward(upstream, cache):
    cache_embed, cache_rnn, cache_affine, cache_loss = cache
    grads = {}
    dscores = temporal_softmax_backward(cache_loss) * upstream["loss"]
    dh, grads["dW_vocab"], grads["db_vocab"] = temporal_affine_backward(dscores, cache_affine)
    dx, grads["dh0"], grads["dWx"], grads["dWh"], grads["db"] = rnn_backward(dh, cache_rnn)
    grads["dW_embed"] = word_embedding_backward(dx, cache_embed)
    return grads
