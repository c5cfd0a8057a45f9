import numpy as np

# multi-label tagging of clinical events, LSTM over padded visits
# B patients, T visits (padded), F features, H hidden, L labels


def lstm_fwd(X, mask, W, U, b, h_init, c_init):
    B, T, F = X.shape
    H = U.shape[0]
    hs = np.zeros((B, T, H))
    cs = np.zeros((B, T, H))
    gates = np.zeros((B, T, 4 * H))      # i, f, g, o after the nonlinearity
    c_cand = np.zeros((B, T, H))         # cell before masking
    h = np.tile(h_init, (B, 1))          # learnable initial state, the same for everybody
    c = np.tile(c_init, (B, 1))
    for t in range(T):
        a = X[:, t].dot(W) + h.dot(U) + b
        a[:, :2*H] = 1 / (1 + np.exp(-a[:, :2*H]))
        a[:, 2*H:3*H] = np.tanh(a[:, 2*H:3*H])
        a[:, 3*H:] = 1 / (1 + np.exp(-a[:, 3*H:]))
        i, f, g, o = np.split(a, 4, axis=1)
        cc = f * c + i * g
        hh = o * np.tanh(cc)
        mt = mask[:, t, None]
        c = mt * cc + (1 - mt) * c
        h = mt * hh + (1 - mt) * h
        hs[:, t], cs[:, t], gates[:, t], c_cand[:, t] = h, c, a, cc
    return hs, cs, gates, c_cand


def lstm_bwd(dhs, X, mask, W, U, h_init, c_init, hs, cs, gates, c_cand):
    B, T, F = X.shape
    H = U.shape[0]
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros(4 * H)
    dX = np.zeros_like(X)
    dh = np.zeros((B, H))
    dc = np.zeros((B, H))
    for t in range(T - 1, -1, -1):
        h_prev = hs[:, t-1] if t > 0 else np.tile(h_init, (B, 1))
        c_prev = cs[:, t-1] if t > 0 else np.tile(c_init, (B, 1))
        mt = mask[:, t, None]
        dh = dh + dhs[:, t]
        dhh, dcc = mt * dh, mt * dc
        i, f, g, o = np.split(gates[:, t], 4, axis=1)
        tc = np.tanh(c_cand[:, t])
        dcc = dcc + dhh * o * (1 - tc ** 2)
        da = np.concatenate([dcc * g * i * (1 - i),
                             dcc * c_prev * f * (1 - f),
                             dcc * i * (1 - g ** 2),
                             dhh * tc * o * (1 - o)], axis=1)
        dW += X[:, t].T.dot(da)
        dU += h_prev.T.dot(da)
        db += da.sum(axis=0)
        dX[:, t] = da.dot(W.T)
        dh = (1 - mt) * dh + da.dot(U.T)
        dc = (1 - mt) * dc + dcc * f
    return dX, dW, dU, db, dh.sum(axis=0), dc.sum(axis=0)


def multilabel_bce(logits, Y, mask, pos_weight):
    """weighted BCE from logits, mean over the real visits"""
    n = mask.sum()
    p = 1 / (1 + np.exp(-logits))
    ll = pos_weight * Y * np.log(p) + (1 - Y) * np.log(1 - p)
    loss = -(mask[:, :, None] * ll).sum() / n
    dlogits = -(pos_weight * Y * (1 - p) - (1 - Y) * p)
    dlogits = dlogits * mask[:, :, None] / n
    return loss, dlogits


def loss_and_grads(model, X, Y, mask, pos_weight):
    hs, cs, gates, c_cand = lstm_fwd(X, mask, model['W'], model['U'], model['b'], model['h_init'], model['c_init'])
    logits = hs.dot(model['W_lab']) + model['b_lab']
    loss, dlogits = multilabel_bce(logits, Y, mask, pos_weight)
    grads = dict()
    B, T, H = hs.shape
    L = Y.shape[2]
    grads['W_lab'] = hs.reshape(B*T, H).T.dot(dlogits.reshape(B*T, L))
    grads['b_lab'] = dlogits.sum(axis=(0, 1))
    dhs = dlogits.dot(model['W_lab'].T)
    grads['X'], grads['W'], grads['U'], grads['b'], grads['h_init'], grads['c_init'] = lstm_bwd(
        dhs, X, mask, model['W'], model['U'], model['h_init'], model['c_init'], hs, cs, gates, c_cand)
    return loss, grads


def inputs():
    r = np.random.RandomState(23)
    B, T, F, H, L = 3, 4, 3, 3, 2
    model = dict(W=r.randn(F, 4 * H) * .7, U=r.randn(H, 4 * H) * .7, b=r.randn(4 * H) * .3, h_init=r.randn(H) * .6, c_init=r.randn(H) * .6,
                 W_lab=r.randn(H, L), b_lab=r.randn(L) * .2)
    mask = np.array([[1, 1, 1, 1], [1, 0, 1, 1], [1, 1, 0, 0]], float)
    return dict(model=model, X=r.randn(B, T, F), Y=r.randint(0, 2, (B, T, L)).astype(float), mask=mask, pos_weight=np.array([2., 1.4]))


def _run(module, a):
    return module.loss_and_grads(a['model'], a['X'], a['Y'], a['mask'], a['pos_weight'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    return {'d' + k: v for k, v in _run(module, args)[1].items()}


PATHS = {
    "W": ["model", "W"],
    "U": ["model", "U"],
    "b": ["model", "b"],
    "h_init": ["model", "h_init"],
    "c_init": ["model", "c_init"],
    "W_lab": ["model", "W_lab"],
    "b_lab": ["model", "b_lab"],
    "X": ["X"],
}
