import numpy as np


def S(x): return 1 / (1 + np.exp(-x))
def dS(y): return y * (1 - y)


def fwd(x, W, R, p, b):
    """peephole LSTM (Gers). x: T,N,D. W, R, b: dict over 'ifzo'; p: dict over 'ifo'"""
    T, N, D = x.shape
    H = b['z'].size
    st = dict(i=[], f=[], z=[], o=[], c=[np.zeros((N, H))], y=[np.zeros((N, H))])
    for t in range(T):
        c, y = st['c'][-1], st['y'][-1]
        a = {k: x[t] @ W[k].T + y @ R[k].T + b[k] for k in 'ifzo'}
        i = S(a['i'] + p['i'] * c)
        f = S(a['f'] + p['f'] * c)
        z = np.tanh(a['z'])
        cn = i * z + f * c
        o = S(a['o'] + p['o'] * cn)
        for k, v in zip('ifzocy', (i, f, z, o, cn, o * np.tanh(cn))):
            st[k].append(v)
    return np.array(st['y'][1:]), st


def bwd(dY, x, st, W, R, p, b):
    T, N, D = x.shape
    gW = {k: np.zeros_like(W[k]) for k in W}
    gR = {k: np.zeros_like(R[k]) for k in R}
    gp = {k: np.zeros_like(p[k]) for k in p}
    gb = {k: np.zeros_like(b[k]) for k in b}
    gx = np.zeros_like(x)
    dy_next = 0.
    dc_next = 0.
    for t in range(T - 1, -1, -1):
        i, f, z, o = (st[k][t] for k in 'ifzo')
        c_old, c, y_old = st['c'][t], st['c'][t + 1], st['y'][t]
        dy = dY[t] + dy_next
        d = {}
        d['o'] = dy * np.tanh(c) * dS(o)
        dc = dy * o * (1 - np.tanh(c) ** 2) + d['o'] * p['o'] + dc_next
        d['f'] = dc * c_old * dS(f)
        d['i'] = dc * z * dS(i)
        d['z'] = dc * i * (1 - z ** 2)
        dc_next = dc * f + d['f'] * p['f'] + d['i'] * p['i']
        dy_next = sum(d[k] @ R[k] for k in 'ifzo')
        gx[t] = sum(d[k] @ W[k] for k in 'ifzo')
        for k in 'ifzo':
            gW[k] += d[k].T @ x[t]
            gR[k] += d[k].T @ y_old
            gb[k] += d[k].sum(0)
        gp['i'] += (d['i'] * c_old).sum(0)
        gp['f'] += (d['f'] * c_old).sum(0)
        gp['o'] += (d['o'] * c).sum(0)
    return gx, gW, gR, gp, gb


# -- what it is called with --------------------------------------------------------------------------------------


def inputs():
    r = np.random.RandomState(2020)
    T, N, D, H = 5, 2, 3, 4
    return dict(x=r.randn(T, N, D), W={k: r.randn(H, D) * .7 for k in "ifzo"}, R={k: r.randn(H, H) * .6 for k in "ifzo"},
                p={k: r.randn(H) for k in "ifo"}, b={k: r.randn(H) * .4 for k in "ifzo"}, dY=r.randn(T, N, H))


P = ["W", "R", "p", "b"]


def loss_of(module, a):
    return np.sum(module.fwd(a["x"], *[a[k] for k in P])[0] * a["dY"])


def gradients_of(module, a):
    y, st = module.fwd(a["x"], *[a[k] for k in P])
    gx, *gs = module.bwd(a["dY"], a["x"], st, *[a[k] for k in P])
    out = {"dx": gx}
    for n, g in zip(P, gs):
        for k in g:
            out["d" + n + k] = g[k]
    return out

PATHS = {
    "Wi": ["W", "i"],
    "Wf": ["W", "f"],
    "Wz": ["W", "z"],
    "Wo": ["W", "o"],
    "Ri": ["R", "i"],
    "Rf": ["R", "f"],
    "Rz": ["R", "z"],
    "Ro": ["R", "o"],
    "bi": ["b", "i"],
    "bf": ["b", "f"],
    "bz": ["b", "z"],
    "bo": ["b", "o"],
    "pi": ["p", "i"],
    "pf": ["p", "f"],
    "po": ["p", "o"],
    "x": ["x"],
}
