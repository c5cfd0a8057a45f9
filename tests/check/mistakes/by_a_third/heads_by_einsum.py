import numpy as np

# K independent heads with an update gate each, then the heads are mixed
# t time, b batch, d input, k/j heads, e/f units of a head


def heads_forward(x, h0, w):
    T = x.shape[0]
    h, tape = h0, []
    ys = np.zeros((T,) + h0.shape)
    for t in range(T):
        c = np.tanh(np.einsum('bd,kde->bke', x[t], w['Wc']) + np.einsum('bkf,kfe->bke', h, w['Rc']) + w['bc'])
        u = 1 / (1 + np.exp(-(np.einsum('bd,kde->bke', x[t], w['Wu']) + np.einsum('bkf,kfe->bke', h, w['Ru']) + w['bu'])))
        h_new = h + u * (c - h)
        ys[t] = np.einsum('bke,kj->bje', h_new, w['M'])
        tape.append((h, c, u, h_new))
        h = h_new
    return ys, h, tape


def heads_backward(dys, dh_last, x, tape, w):
    g = {k: np.zeros_like(v) for k, v in w.items()}
    dx = np.zeros_like(x)
    dh = dh_last
    for t in reversed(range(len(tape))):
        h, c, u, h_new = tape[t]
        dh = dh + np.einsum('bje,kj->bke', dys[t], w['M'])
        g['M'] += np.einsum('bke,bje->kj', h_new, dys[t])
        dc = dh * u * (1 - c ** 2)
        du = dh * (c - h) * u * (1 - u)
        g['Wc'] += np.einsum('bd,bke->kde', x[t], dc)
        g['Wu'] += np.einsum('bd,bke->kde', x[t], du)
        g['Rc'] += np.einsum('bkf,bke->kfe', h, dc)
        g['Ru'] += np.einsum('bkf,bke->kfe', h, du)
        g['bc'] += dc.sum(axis=0)
        g['bu'] += du.sum(axis=0)
        dx[t] += np.einsum('bke,kde->bd', dc, w['Wc'])
        dx[t] += np.einsum('bke,kde->bd', du, w['Wu'])
        dh = dh * (1 - u) + np.einsum('bke,kfe->bkf', dc, w['Rc']) + np.einsum('bke,kfe->bkf', du, w['Ru'])
    g['h0'] = dh
    return g, dx


def inputs():
    r = np.random.RandomState(1515)
    T, b, d, K, e = 6, 4, 5, 2, 3
    w = {}
    for k in 'cu':
        w['W' + k], w['R' + k], w['b' + k] = r.randn(K, d, e) * .5, r.randn(K, e, e) * .7, r.randn(K, e) * .3
    w['M'] = r.randn(K, K)
    return dict(x=r.randn(T, b, d), h0=r.randn(b, K, e) * .7, w=w, dys=r.randn(T, b, K, e), dh_last=r.randn(b, K, e))


def loss_of(module, args):
    ys, h, _ = module.heads_forward(args['x'], args['h0'], args['w'])
    return np.sum(ys * args['dys']) + np.sum(h * args['dh_last'])


def gradients_of(module, args):
    _, _, tape = module.heads_forward(args['x'], args['h0'], args['w'])
    g, dx = module.heads_backward(args['dys'], args['dh_last'], args['x'], tape, args['w'])
    out = {'d' + k: v for k, v in g.items()}
    out['dx'] = dx
    return out


PATHS = {
    "Wc": ["w", "Wc"],
    "Rc": ["w", "Rc"],
    "bc": ["w", "bc"],
    "Wu": ["w", "Wu"],
    "Ru": ["w", "Ru"],
    "bu": ["w", "bu"],
    "M": ["w", "M"],
    "h0": ["h0"],
    "x": ["x"],
}
