"""bidirectional tagger, two functions. p: dict of weights, x: [T, N, D], y: [T, N] ints, m: [T, N] 0/1"""
import numpy as np


def fwd(p, x, y, m):
    T, N, _ = x.shape
    H = p['Uf'].shape[0]
    f = np.zeros((T + 1, N, H))      # f[t+1] is the state after x[t]
    b = np.zeros((T + 1, N, H))      # b[t] is the state after x[t], coming from the right
    for t in range(T):
        s = np.tanh(x[t] @ p['Wf'] + f[t] @ p['Uf'] + p['cf'])
        k = m[t][:, None]
        f[t + 1] = k * s + (1 - k) * f[t]
    for t in range(T - 1, -1, -1):
        s = np.tanh(x[t] @ p['Wb'] + b[t + 1] @ p['Ub'] + p['cb'])
        k = m[t][:, None]
        b[t] = k * s + (1 - k) * b[t + 1]
    q = np.concatenate([f[1:], b[:-1]], axis=2)
    o = q @ p['V'] + p['d']
    o = o - o.max(axis=2, keepdims=True)
    lp = o - np.log(np.exp(o).sum(axis=2, keepdims=True))
    pick = np.take_along_axis(lp, y[:, :, None], axis=2)[:, :, 0]
    loss = -(pick * m).sum() / m.sum()
    return loss, (x, y, m, f, b, q, lp)


def bwd(p, cache):
    x, y, m, f, b, q, lp = cache
    T, N, _ = x.shape
    H = p['Uf'].shape[0]
    g = {k: np.zeros_like(v) for k, v in p.items()}
    do = np.exp(lp) - np.eye(lp.shape[2])[y]
    do = do * (m / m.sum())[:, :, None]
    g['V'] = np.tensordot(q, do, axes=([0, 1], [0, 1]))
    g['d'] = do.sum(axis=(0, 1))
    dq = do @ p['V'].T
    dx = np.zeros_like(x)
    # left to right chain, so walk it from the right
    nxt = np.zeros((N, H))
    for t in range(T - 1, -1, -1):
        k = m[t][:, None]
        dh = dq[t, :, :H] + nxt
        ds = k * dh * (1 - f[t + 1] ** 2)
        g['Wf'] += x[t].T @ ds
        g['Uf'] += f[t].T @ ds
        g['cf'] += ds.sum(axis=0)
        dx[t] += ds @ p['Wf'].T
        nxt = ds @ p['Uf'].T + (1 - k) * dh
    # right to left chain, walk it from the left
    nxt = np.zeros((N, H))
    for t in range(T):
        k = m[t][:, None]
        dh = dq[t, :, H:] + nxt
        ds = k * dh * (1 - b[t] ** 2)
        g['Wb'] += x[t].T @ ds
        g['Ub'] += b[t + 1].T @ ds
        g['cb'] += ds.sum(axis=0)
        dx[t] += ds @ p['Wb'].T
        nxt = ds @ p['Ub'].T + (1 - k) * dh
    return g, dx


def inputs():
    r = np.random.RandomState(105)
    T, N, D, H, K = 5, 3, 3, 4, 3
    p = dict(Wf=r.randn(D, H) * .8, Uf=r.randn(H, H) * .6, cf=r.randn(H) * .3,
             Wb=r.randn(D, H) * .8, Ub=r.randn(H, H) * .6, cb=r.randn(H) * .3, V=r.randn(2 * H, K) * .7, d=r.randn(K) * .3)
    m = np.array([[1, 1, 1], [1, 1, 0], [1, 1, 1], [1, 0, 1], [1, 0, 1]], float)
    return dict(p=p, x=r.randn(T, N, D), y=r.randint(0, K, (T, N)), m=m)


def loss_of(module, args):
    return module.fwd(args['p'], args['x'], args['y'], args['m'])[0]


def gradients_of(module, args):
    _, c = module.fwd(args['p'], args['x'], args['y'], args['m'])
    g, dx = module.bwd(args['p'], c)
    out = {'d' + k: v for k, v in g.items()}
    out['dx'] = dx
    return out


PATHS = {
    "Wf": ["p", "Wf"],
    "Uf": ["p", "Uf"],
    "cf": ["p", "cf"],
    "Wb": ["p", "Wb"],
    "Ub": ["p", "Ub"],
    "cb": ["p", "cb"],
    "V": ["p", "V"],
    "d": ["p", "d"],
    "x": ["x"],
}
