import numpy as np


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
    h, cache, prev_h = np.zeros((N, T, h0.shape[1])), [], h0
    for t in range(T):
        prev_h, step_cache = rnn_step_forward(x[:, t, :], prev_h, Wx, Wh, b)
        h[:, t, :] = prev_h
        cache.append(step_cache)
    return h, cache


def rnn_backward(dh, cache):
    x0, _, Wx, Wh, _ = cache[0]
    N, T, H = dh.shape
    dx = np.zeros((N, T, x0.shape[1]))
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(H)
    dprev_h = np.zeros((N, H))
    for t in reversed(range(T)):
        dx[:, t, :], dprev_h, dWx_t, dWh_t, db_t = rnn_step_backward(dh[:, t, :] + dprev_h, cache[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return dx, dprev_h, dWx, dWh, db


def word_embedding_backward(dout, x, W):
    dW = np.zeros_like(W)
    np.add.at(dW, x, dout)
    return dW


def temporal_softmax_loss(x, y, mask):
    N, T, V = x.shape
    x_flat, y_flat, m_flat = x.reshape(N * T, V), y.reshape(N * T), mask.reshape(N * T)
    probs = np.exp(x_flat - x_flat.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    loss = -np.sum(m_flat * np.log(probs[np.arange(N * T), y_flat])) / N
    dx_flat = probs.copy()
    dx_flat[np.arange(N * T), y_flat] -= 1
    dx_flat /= N
    dx_flat *= m_flat[:, None]
    return loss, dx_flat.reshape(N, T, V)


def captioning_loss(features, captions, p, null=0):
    captions_in, captions_out = captions[:, :-1], captions[:, 1:]
    mask = captions_out != null
    h0 = features.dot(p['W_proj']) + p['b_proj']
    emb = p['W_embed'][captions_in]
    h, cache = rnn_forward(emb, h0, p['Wx'], p['Wh'], p['b'])
    scores = h.dot(p['W_vocab']) + p['b_vocab']
    loss, dscores = temporal_softmax_loss(scores, captions_out, mask)
    grads = {}
    H, V = p['W_vocab'].shape
    grads['W_vocab'] = h.reshape(-1, H).T.dot(dscores.reshape(-1, V))
    grads['b_vocab'] = dscores.sum(axis=(0, 1))
    dh = dscores.dot(p['W_vocab'].T)
    demb, dh0, grads['Wx'], grads['Wh'], grads['b'] = rnn_backward(dh, cache)
    grads['W_embed'] = word_embedding_backward(demb, captions_in, p['W_embed'])
    grads['W_proj'] = features.T.dot(dh0)
    grads['b_proj'] = dh0.sum(axis=0)
    grads['features'] = dh0.dot(p['W_proj'].T)
    return loss, grads


def inputs():
    r = np.random.RandomState(71)
    N, T, D, H, V, F = 3, 4, 3, 4, 5, 3
    p = dict(W_proj=r.randn(F, H) * .5, b_proj=r.randn(H) * .2, W_embed=r.randn(V, D) * .7, Wx=r.randn(D, H) * .6,
             Wh=r.randn(H, H) * .6, b=r.randn(H) * .2, W_vocab=r.randn(H, V) * .8, b_vocab=r.randn(V) * .2)
    captions = np.array([[1, 3, 4, 3, 2], [1, 4, 2, 0, 0], [1, 3, 3, 2, 0]])
    return dict(features=r.randn(N, F), captions=captions, p=p)


def loss_of(module, args):
    return module.captioning_loss(args['features'], args['captions'], args['p'])[0]


def gradients_of(module, args):
    g = module.captioning_loss(args['features'], args['captions'], args['p'])[1]
    return {'d' + k: v for k, v in g.items()}


PATHS = {
    "features": ["features"],
    "W_proj": ["p", "W_proj"],
    "b_proj": ["p", "b_proj"],
    "W_embed": ["p", "W_embed"],
    "Wx": ["p", "Wx"],
    "Wh": ["p", "Wh"],
    "b": ["p", "b"],
    "W_vocab": ["p", "W_vocab"],
    "b_vocab": ["p", "b_vocab"],
}
