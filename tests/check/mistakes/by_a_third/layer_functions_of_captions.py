import numpy as np

# captioning with a vanilla rnn, layer functions as in the assignment


def embed_forward(x, W):
    return W[x], (x, W)


def embed_backward(dout, cache):
    x, W = cache
    dW = np.zeros_like(W)
    np.add.at(dW, x, dout)
    return dW


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    dsum = dnext_h * (1 - next_h ** 2)
    return dsum.dot(Wx.T), dsum.dot(Wh.T), x.T.dot(dsum), prev_h.T.dot(dsum), dsum.sum(axis=0)


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    h = np.zeros((N, T, h0.shape[1]))
    cache, prev = [], h0
    for t in range(T):
        h[:, t, :], c = rnn_step_forward(x[:, t, :], prev, Wx, Wh, b)
        prev = h[:, t, :]
        cache.append(c)
    return h, cache


def rnn_backward(dh, cache):
    N, T, H = dh.shape
    x, _, Wx, Wh, _ = cache[0]
    dx = np.zeros((N, T, x.shape[1]))
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(H)
    dprev = np.zeros((N, H))
    for t in range(T - 1, -1, -1):
        dx[:, t, :], dprev, dWx_t, dWh_t, db_t = rnn_step_backward(dh[:, t, :] + dprev, cache[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return dx, dprev, dWx, dWh, db


def temporal_softmax_loss(s, y, mask):
    N, T, V = s.shape
    probs = np.exp(s - s.max(axis=2, keepdims=True))
    probs /= probs.sum(axis=2, keepdims=True)
    n, t = np.arange(N)[:, None], np.arange(T)
    loss = -np.sum(mask * np.log(probs[n, t, y])) / N
    dx = probs.copy()
    dx[n, t, y] -= 1
    dx /= N
    dx *= mask[:, :, None]
    return loss, dx


def caption_loss(features, captions, mask, P):
    cap_in, cap_out = captions[:, :-1], captions[:, 1:]
    h0 = features.dot(P['W_proj']) + P['b_proj']
    emb, emb_cache = embed_forward(cap_in, P['W_embed'])
    h, rnn_cache = rnn_forward(emb, h0, P['Wx'], P['Wh'], P['b'])
    scores = h.dot(P['W_vocab']) + P['b_vocab']
    loss, dscores = temporal_softmax_loss(scores, cap_out, mask)
    grads = {}
    grads['b_vocab'] = dscores.sum(axis=(0, 1))
    grads['W_vocab'] = h.reshape(-1, h.shape[2]).T.dot(dscores.reshape(-1, dscores.shape[2]))
    dh = dscores.dot(P['W_vocab'].T)
    demb, dh0, grads['Wx'], grads['Wh'], grads['b'] = rnn_backward(dh, rnn_cache)
    grads['W_embed'] = embed_backward(demb, emb_cache)
    grads['W_proj'] = features.T.dot(dh0)
    grads['b_proj'] = dh0.sum(axis=0)
    return loss, grads


def inputs():
    r = np.random.RandomState(606)
    N, T, D, H, V, F = 2, 4, 3, 5, 7, 6
    P = dict(W_proj=r.randn(F, H) * .4, b_proj=r.randn(H) * .3, W_embed=r.randn(V, D) * .8,
             Wx=r.randn(D, H) * .6, Wh=r.randn(H, H) * .5, b=r.randn(H) * .3,
             W_vocab=r.randn(H, V) * .8, b_vocab=r.randn(V) * .2)
    captions = np.array([[1, 3, 5, 3, 2], [1, 4, 3, 2, 0]])
    mask = np.array([[1., 1, 1, 1], [1, 1, 1, 0]])
    return dict(features=r.randn(N, F), captions=captions, mask=mask, P=P)


def loss_of(module, args):
    return module.caption_loss(args['features'], args['captions'], args['mask'], args['P'])[0]


def gradients_of(module, args):
    g = module.caption_loss(args['features'], args['captions'], args['mask'], args['P'])[1]
    return {'d' + k: v for k, v in g.items()}


PATHS = {
    "W_proj": ["P", "W_proj"],
    "b_proj": ["P", "b_proj"],
    "W_embed": ["P", "W_embed"],
    "Wx": ["P", "Wx"],
    "Wh": ["P", "Wh"],
    "b": ["P", "b"],
    "W_vocab": ["P", "W_vocab"],
    "b_vocab": ["P", "b_vocab"],
}
