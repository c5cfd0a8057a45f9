import numpy as np

"""Image captioning with a vanilla RNN, assignment layout: *_forward / *_backward pairs and one model class."""


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    da = dnext_h * (1 - next_h ** 2)
    dx = da.dot(Wx.T)
    dprev_h = da.dot(Wh.T)
    dWx = x.T.dot(da)
    dWh = prev_h.T.dot(da)
    db = da.sum(axis=0)
    return dx, dprev_h, dWx, dWh, db


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    h = np.zeros((N, T, h0.shape[1]))
    cache = []
    prev_h = h0
    for t in range(T):
        prev_h, c = rnn_step_forward(x[:, t], prev_h, Wx, Wh, b)
        h[:, t] = prev_h
        cache.append(c)
    return h, cache


def rnn_backward(dh, cache):
    N, T, H = dh.shape
    D = cache[0][0].shape[1]
    dx, dprev_h = np.zeros((N, T, D)), np.zeros((N, H))
    dWx, dWh, db = np.zeros((D, H)), np.zeros((H, H)), np.zeros(H)
    for t in reversed(range(T)):
        dx[:, t], dprev_h, dWx_t, dWh_t, db_t = rnn_step_backward(dh[:, t] + dprev_h, cache[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return dx, dprev_h, dWx, dWh, db


def word_embedding_forward(x, W):
    return W[x], (x, W.shape)


def word_embedding_backward(dout, cache):
    x, shape = cache
    dW = np.zeros(shape)
    np.add.at(dW, x, dout)
    return dW


def temporal_affine_forward(x, w, b):
    N, T, D = x.shape
    out = x.reshape(N * T, D).dot(w).reshape(N, T, -1) + b
    return out, (x, w)


def temporal_affine_backward(dout, cache):
    x, w = cache
    N, T, D = x.shape
    M = w.shape[1]
    dx = dout.reshape(N * T, M).dot(w.T).reshape(N, T, D)
    dw = x.reshape(N * T, D).T.dot(dout.reshape(N * T, M))
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
    def __init__(self, params, null=0):
        self.params = params
        self._null = null

    def loss(self, features, captions):
        captions_in, captions_out = captions[:, :-1], captions[:, 1:]
        mask = captions_out != self._null
        p, grads = self.params, {}
        h0 = features.dot(p['W_proj']) + p['b_proj']
        x, embed_cache = word_embedding_forward(captions_in, p['W_embed'])
        h, rnn_cache = rnn_forward(x, h0, p['Wx'], p['Wh'], p['b'])
        scores, out_cache = temporal_affine_forward(h, p['W_vocab'], p['b_vocab'])
        loss, dscores = temporal_softmax_loss(scores, captions_out, mask)
        dh, grads['W_vocab'], grads['b_vocab'] = temporal_affine_backward(dscores, out_cache)
        dx, dh0, grads['Wx'], grads['Wh'], grads['b'] = rnn_backward(dh, rnn_cache)
        grads['W_embed'] = word_embedding_backward(dx, embed_cache)
        grads['W_proj'] = features.T.dot(dh0)
        grads['b_proj'] = dh0.sum(axis=0)
        return loss, grads


def inputs():
    r = np.random.RandomState(103)
    F, V, W, H = 4, 6, 3, 4
    p = dict(W_proj=r.randn(F, H) * .5, b_proj=r.randn(H) * .3, W_embed=r.randn(V, W), Wx=r.randn(W, H) * .7,
             Wh=r.randn(H, H) * .6, b=r.randn(H) * .3, W_vocab=r.randn(H, V), b_vocab=r.randn(V) * .3)
    cap = np.array([[1, 4, 3, 4, 5, 2], [1, 3, 5, 2, 0, 0], [1, 5, 4, 4, 2, 0]])
    return dict(p=p, features=r.randn(3, F), captions=cap)


def _run(module, a):
    return module.CaptioningRNN(a['p']).loss(a['features'], a['captions'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    return {'d' + k: v for k, v in _run(module, args)[1].items()}


PATHS = {
    "W_proj": ["p", "W_proj"],
    "b_proj": ["p", "b_proj"],
    "W_embed": ["p", "W_embed"],
    "Wx": ["p", "Wx"],
    "Wh": ["p", "Wh"],
    "b": ["p", "b"],
    "W_vocab": ["p", "W_vocab"],
    "b_vocab": ["p", "b_vocab"],
}
