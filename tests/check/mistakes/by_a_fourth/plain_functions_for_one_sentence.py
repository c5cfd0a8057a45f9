import numpy as np


def forward_pass(x, label, P):
    """Sentiment of ONE sentence x (T, D): RNN, then attention over all hidden states"""
    T = len(x)
    h = np.zeros((T + 1, len(P['bh'])))      # h[-1] is the zero start state :)
    for t in range(T):
        h[t] = np.tanh(P['Wx'] @ x[t] + P['Wh'] @ h[t - 1] + P['bh'])
    H = h[:T]
    U = np.tanh(H @ P['A'].T + P['a'])
    score = U @ P['v']
    alpha = np.exp(score - score.max())
    alpha = alpha / alpha.sum()
    ctx = alpha @ H
    p = 1 / (1 + np.exp(-(P['w'] @ ctx + P['b'])))
    loss = -(label * np.log(p) + (1 - label) * np.log(1 - p))
    return loss[0], (x, label, h, U, alpha, ctx, p)


def attention_backward(dctx, H, U, alpha, P, g):
    dalpha = H @ dctx
    dscore = alpha * (dalpha - alpha @ dalpha)
    g['v'] = U.T @ dscore
    dU = np.outer(dscore, P['v']) * (1 - U ** 2)
    g['A'] = dU.T @ H
    g['a'] = dU.sum(axis=0)
    dH = np.outer(alpha, dctx)
    dH += dU @ P['A']
    return dH


def backward_pass(cache, P):
    x, label, h, U, alpha, ctx, p = cache
    T = len(x)
    g = {}
    dlogit = p - label
    g['b'] = dlogit
    g['w'] = dlogit * ctx
    dH = attention_backward(dlogit * P['w'], h[:T], U, alpha, P, g)
    for k in ('Wx', 'Wh', 'bh'):
        g[k] = np.zeros_like(P[k])
    g['x'] = np.zeros_like(x)
    dh_next = np.zeros_like(h[0])
    for t in range(T - 1, -1, -1):
        dh = dH[t] + dh_next
        dz = dh * (1 - h[t] ** 2)
        g['Wx'] += np.outer(dz, x[t])
        g['Wh'] += np.outer(dz, h[t - 1])
        g['bh'] += dz
        g['x'][t] = P['Wx'].T @ dz
        dh_next = P['Wh'].T @ dz
    return g


def inputs():
    r = np.random.RandomState(79)
    T, D, H, M = 5, 3, 4, 3
    P = dict(Wx=r.randn(H, D) * .6, Wh=r.randn(H, H) * .6, bh=r.randn(H) * .2, A=r.randn(M, H), a=r.randn(M) * .3, v=r.randn(M) * 1.5,
             w=r.randn(H), b=r.randn(1) * .2)
    return dict(x=r.randn(T, D), label=1, P=P)


def loss_of(module, args):
    return module.forward_pass(args['x'], args['label'], args['P'])[0]


def gradients_of(module, args):
    _, cache = module.forward_pass(args['x'], args['label'], args['P'])
    return {'d' + k: v for k, v in module.backward_pass(cache, args['P']).items()}


PATHS = {
    "x": ["x"],
    "Wx": ["P", "Wx"],
    "Wh": ["P", "Wh"],
    "bh": ["P", "bh"],
    "A": ["P", "A"],
    "a": ["P", "a"],
    "v": ["P", "v"],
    "w": ["P", "w"],
    "b": ["P", "b"],
}
