import numpy as np

"""
Layers for the captioning assignment. Shapes follow the handout:
N minibatch, T time steps, D word vector size, H hidden size, V vocabulary.
"""


def affine_forward(x, w, b):
    return x.dot(w) + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    return dout.dot(w.T), x.T.dot(dout), np.sum(dout, axis=0)


def word_embedding_forward(x, W):
    return W[x], (x, W.shape)


def word_embedding_backward(dout, cache):
    x, shape = cache
    dW = np.zeros(shape)
    np.add.at(dW, x, dout)
    return dW


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    dscores = dnext_h * (1 - next_h ** 2)
    dx = dscores.dot(Wx.T)
    dprev_h = dscores.dot(Wh.T)
    dWx = x.T.dot(dscores)
    dWh = prev_h.T.dot(dscores)
    db = np.sum(dscores, axis=0)
    return dx, dprev_h, dWx, dWh, db


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    h = np.zeros((N, T, h0.shape[1]))
    cache = []
    prev_h = h0
    for t in range(T):
        prev_h, step_cache = rnn_step_forward(x[:, t, :], prev_h, Wx, Wh, b)
        h[:, t, :] = prev_h
        cache.append(step_cache)
    return h, cache


def rnn_backward(dh, cache):
    N, T, H = dh.shape
    D = cache[0][0].shape[1]
    dx = np.zeros((N, T, D))
    dWx, dWh, db = np.zeros((D, H)), np.zeros((H, H)), np.zeros(H)
    dprev_h = np.zeros((N, H))
    for t in reversed(range(T)):
        dx_t, dprev_h, dWx_t, dWh_t, db_t = rnn_step_backward(dh[:, t, :] + dprev_h, cache[t])
        dx[:, t, :] = dx_t
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return dx, dprev_h, dWx, dWh, db


def temporal_affine_forward(x, w, b):
    N, T, D = x.shape
    out = x.reshape(N * T, D).dot(w).reshape(N, T, -1) + b
    return out, (x, w)


def temporal_affine_backward(dout, cache):
    x, w = cache
    N, T, D = x.shape
    M = w.shape[1]
    dx = dout.reshape(N * T, M).dot(w.T).reshape(N, T, D)
    dw = dout.reshape(N * T, M).T.dot(x.reshape(N * T, D)).T
    db = dout.sum(axis=(0, 1))
    return dx, dw, db


def temporal_softmax_loss(x, y, mask):
    N, T, V = x.shape
    x_flat, y_flat, mask_flat = x.reshape(N * T, V), y.reshape(N * T), mask.reshape(N * T)
    probs = np.exp(x_flat - np.max(x_flat, axis=1, keepdims=True))
    probs /= np.sum(probs, axis=1, keepdims=True)
    loss = -np.sum(mask_flat * np.log(probs[np.arange(N * T), y_flat])) / N
    dx_flat = probs.copy()
    dx_flat[np.arange(N * T), y_flat] -= 1
    dx_flat /= N
    dx_flat *= mask_flat[:, None]
    return loss, dx_flat.reshape(N, T, V)


class CaptioningRNN(object):
    def __init__(self, params, null_idx=0):
        self.params = params
        self._null = null_idx

    def loss(self, features, captions):
        p = self.params
        captions_in, captions_out = captions[:, :-1], captions[:, 1:]
        mask = (captions_out != self._null)
        h0, proj_cache = affine_forward(features, p['W_proj'], p['b_proj'])
        vecs, embed_cache = word_embedding_forward(captions_in, p['W_embed'])
        h, rnn_cache = rnn_forward(vecs, h0, p['Wx'], p['Wh'], p['b'])
        scores, vocab_cache = temporal_affine_forward(h, p['W_vocab'], p['b_vocab'])
        loss, dscores = temporal_softmax_loss(scores, captions_out, mask)
        grads = {}
        dh, grads['W_vocab'], grads['b_vocab'] = temporal_affine_backward(dscores, vocab_cache)
        dvecs, dh0, grads['Wx'], grads['Wh'], grads['b'] = rnn_backward(dh, rnn_cache)
        grads['W_embed'] = word_embedding_backward(dvecs, embed_cache)
        _, grads['W_proj'], grads['b_proj'] = affine_backward(dh0, proj_cache)
        return loss, grads


def inputs():
    r = np.random.RandomState(11)
    D, H, V, F = 3, 4, 5, 3
    params = dict(W_proj=r.randn(F, H) * .6, b_proj=r.randn(H) * .2, W_embed=r.randn(V, D), Wx=r.randn(D, H) * .7,
                  Wh=r.randn(H, H) * .6, b=r.randn(H) * .2, W_vocab=r.randn(H, V) * .9, b_vocab=r.randn(V) * .2)
    captions = np.array([[1, 3, 4, 3, 2], [1, 4, 2, 0, 0], [1, 3, 3, 2, 0]])
    return dict(params=params, features=r.randn(3, F), captions=captions)


def _run(module, a):
    return module.CaptioningRNN(a['params']).loss(a['features'], a['captions'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    return {'d' + k: v for k, v in _run(module, args)[1].items()}


PATHS = {
    "W_proj": ["params", "W_proj"],
    "b_proj": ["params", "b_proj"],
    "W_embed": ["params", "W_embed"],
    "Wx": ["params", "Wx"],
    "Wh": ["params", "Wh"],
    "b": ["params", "b"],
    "W_vocab": ["params", "W_vocab"],
    "b_vocab": ["params", "b_vocab"],
}
