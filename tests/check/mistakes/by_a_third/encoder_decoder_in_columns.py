import numpy as np


def softmax_cols(s):
    e = np.exp(s - s.max(axis=0))
    return e / e.sum(axis=0)


def encode(X, th):
    # X: list of (d_in, m)
    h = [np.zeros((th['Ue'].shape[0], X[0].shape[1]))]
    for x in X:
        h.append(np.tanh(th['We'] @ x + th['Ue'] @ h[-1] + th['be']))
    return h


def decode(h, Y, th):
    """teacher forcing: the input at step t is Y[t-1]; attention over the encoder's states"""
    keys = np.stack(h[1:])                    # (S, n, m)
    s, loss, mem = h[-1], 0.0, []
    y_in = np.zeros_like(Y[0])
    for y in Y:
        s_prev = s
        s = np.tanh(th['Wd'] @ y_in + th['Ud'] @ s_prev + th['bd'])
        q = th['Q'] @ s
        al = softmax_cols((keys * q).sum(axis=1))       # (S, m)
        ctx = (al[:, None, :] * keys).sum(axis=0)
        o = np.tanh(th['C'] @ np.vstack([ctx, s]))
        err = th['V'] @ o + th['bv'] - y
        loss += 0.5 * np.sum(err ** 2) / y.shape[1]
        mem.append((y_in, s_prev, s, q, al, ctx, o, err))
        y_in = y
    return loss, mem


def backprop(X, h, mem, th):
    g = {k: np.zeros_like(v) for k, v in th.items()}
    keys = np.stack(h[1:])
    dkeys = np.zeros_like(keys)
    n, m = h[0].shape
    ds_next = np.zeros((n, m))
    for y_in, s_prev, s, q, al, ctx, o, err in reversed(mem):
        de = err / m
        g['V'] += de @ o.T
        g['bv'] += de.sum(axis=1, keepdims=True)
        do = (th['V'].T @ de) * (1 - o ** 2)
        g['C'] += do @ np.vstack([ctx, s]).T
        dcat = th['C'].T @ do
        dctx, ds = dcat[:n], dcat[n:] + ds_next
        dal = (keys * dctx).sum(axis=1)
        dscore = al * (dal - (al * dal).sum(axis=0))
        dq = (dscore[:, None, :] * keys).sum(axis=0)
        dkeys += al[:, None, :] * dctx
        dkeys += dscore[:, None, :] * q
        g['Q'] += dq @ s.T
        ds = ds + th['Q'].T @ dq
        dz = ds * (1 - s ** 2)
        g['Wd'] += dz @ y_in.T
        g['Ud'] += dz @ s_prev.T
        g['bd'] += dz.sum(axis=1, keepdims=True)
        ds_next = th['Ud'].T @ dz
    dh = ds_next
    dX = [None] * len(X)
    for t in range(len(X), 0, -1):
        dz = (dh + dkeys[t - 1]) * (1 - h[t] ** 2)
        g['We'] += dz @ X[t - 1].T
        g['Ue'] += dz @ h[t - 1].T
        g['be'] += dz.sum(axis=1, keepdims=True)
        dX[t - 1] = th['We'].T @ dz
        dh = th['Ue'].T @ dz
    return g, dX


def inputs():
    r = np.random.RandomState(909)
    S, T, d, n, k, p, m = 5, 4, 3, 6, 7, 8, 2
    th = dict(We=r.randn(n, d) * .6, Ue=r.randn(n, n) * .5, be=r.randn(n, 1) * .3,
              Wd=r.randn(n, k) * .4, Ud=r.randn(n, n) * .5, bd=r.randn(n, 1) * .3, Q=r.randn(n, n) * .6,
              C=r.randn(p, 2 * n) * .4, V=r.randn(k, p) * .5, bv=r.randn(k, 1) * .3)
    return dict(X=[r.randn(d, m) for _ in range(S)], Y=[r.randn(k, m) for _ in range(T)], th=th)


def loss_of(module, args):
    return module.decode(module.encode(args['X'], args['th']), args['Y'], args['th'])[0]


def gradients_of(module, args):
    h = module.encode(args['X'], args['th'])
    _, mem = module.decode(h, args['Y'], args['th'])
    g, dX = module.backprop(args['X'], h, mem, args['th'])
    out = {'d' + k: v for k, v in g.items()}
    out.update({'dX%d' % t: v for t, v in enumerate(dX)})
    return out


PATHS = {
    "We": ["th", "We"],
    "Ue": ["th", "Ue"],
    "be": ["th", "be"],
    "Wd": ["th", "Wd"],
    "Ud": ["th", "Ud"],
    "bd": ["th", "bd"],
    "Q": ["th", "Q"],
    "C": ["th", "C"],
    "V": ["th", "V"],
    "bv": ["th", "bv"],
    "X0": ["X", 0],
    "X1": ["X", 1],
    "X2": ["X", 2],
    "X3": ["X", 3],
    "X4": ["X", 4],
}
