import numpy as np

BETA = 1.0

def _s(z):
    return np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))), np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))))

def janet_fwd(xs, c0, U, Wc, b, V, R, d):
    # s: forget pre-activation, g: candidate; h == c in JANET
    cs, fs, us, gs = [c0], [], [], []
    for x in xs:
        c = cs[-1]
        s = c @ U + x @ Wc + b
        g = np.tanh(c @ V + x @ R + d)
        f, u = _s(s), 1 - _s(s - BETA)
        cs.append(f * c + u * g)
        fs.append(f)
        us.append(u)
        gs.append(g)
    return cs, fs, us, gs

def bce(logit, y):
    return np.mean(np.maximum(logit, 0) - logit * y + np.log1p(np.exp(-np.abs(logit))))

def janet_loss(xs, y, c0, U, Wc, b, V, R, d, w):
    cs = janet_fwd(xs, c0, U, Wc, b, V, R, d)[0]
    return bce(cs[-1] @ w, y)

def janet_bwd(xs, y, c0, U, Wc, b, V, R, d, w):
    cs, fs, us, gs = janet_fwd(xs, c0, U, Wc, b, V, R, d)
    logit = cs[-1] @ w
    dl = (_s(logit) - y) / len(y)
    dw = cs[-1].T @ dl
    dc = np.outer(dl, w)
    dU, dWc, db = np.zeros_like(U), np.zeros_like(Wc), np.zeros_like(b)
    dV, dR, dd = np.zeros_like(V), np.zeros_like(R), np.zeros_like(d)
    dxs = []
    for x, c, f, u, g in zip(reversed(xs), reversed(cs[:-1]), reversed(fs), reversed(us), reversed(gs)):
        ds = dc * c * f * (1 - f)
        ds = ds - dc * g * u * (1 - u)
        dg = dc * u * (1 - g ** 2)
        dU += c.T @ ds
        dWc += x.T @ ds
        db += ds.sum(0)
        dV += c.T @ dg
        dR += x.T @ dg
        dd += dg.sum(0)
        dxs.insert(0, ds @ Wc.T + dg @ R.T)
        dc = dc * f + ds @ U.T + dg @ V.T
    return dxs, dc, dU, dWc, db, dV, dR, dd, dw


# -- what it is called with --------------------------------------------------------------------------------------


P = ["c0", "U", "Wc", "b", "V", "R", "d", "w"]


def inputs():
    r = np.random.RandomState(808)
    T, n, k, m = 4, 3, 5, 2
    return dict(xs=[r.randn(m, n) for _ in range(T)], y=np.array([1., 0.]), c0=r.randn(m, k), U=r.randn(k, k) * .6,
                Wc=r.randn(n, k) * .7, b=r.randn(k) * .4, V=r.randn(k, k) * .6, R=r.randn(n, k) * .7, d=r.randn(k) * .4,
                w=r.randn(k))


def loss_of(module, a):
    return module.janet_loss(a["xs"], a["y"], *[a[p] for p in P])


def gradients_of(module, a):
    o = module.janet_bwd(a["xs"], a["y"], *[a[p] for p in P])
    out = {"dxs%d" % t: v for t, v in enumerate(o[0])}
    out.update(zip(["dc0", "dU", "dWc", "db", "dV", "dR", "dd", "dw"], o[1:]))
    return out

PATHS = {
    "c0": ["c0"],
    "U": ["U"],
    "Wc": ["Wc"],
    "b": ["b"],
    "V": ["V"],
    "R": ["R"],
    "d": ["d"],
    "w": ["w"],
    "xs0": ["xs", 0],
    "xs1": ["xs", 1],
    "xs2": ["xs", 2],
    "xs3": ["xs", 3],
}
