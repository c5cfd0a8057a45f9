"""Simple Recurrent Unit (Lei et al.), two layers, arrays are (time, batch, dim). Last state to classes."""
import numpy as np

sig = lambda a: 1 / (1 + np.exp(-a))


def sru_fwd(x, W, v, b, c0):
    # W: (3, d, d)   v: (2, d)   b: (2, d)
    T = x.shape[0]
    u = np.einsum("tbi,kij->ktbj", x, W)
    c = np.empty((T + 1,) + c0.shape)
    f = np.empty_like(x)
    r = np.empty_like(x)
    c[0] = c0
    for t in range(T):
        f[t] = sig(u[1, t] + v[0] * c[t] + b[0])
        r[t] = sig(u[2, t] + v[1] * c[t] + b[1])
        c[t + 1] = f[t] * c[t] + (1 - f[t]) * u[0, t]
    h = r * np.tanh(c[1:]) + (1 - r) * x
    return h, (x, W, v, u, c, f, r)


def sru_bwd(dh, cache):
    x, W, v, u, c, f, r = cache
    T = x.shape[0]
    du = np.zeros_like(u)
    dv, db = np.zeros_like(v), np.zeros_like(v)
    dc = np.zeros_like(c[0])
    g = np.tanh(c[1:])
    dx = dh * (1 - r)
    for t in reversed(range(T)):
        dr = dh[t] * (g[t] - x[t]) * r[t] * (1 - r[t])
        dc = dc + dh[t] * r[t] * (1 - g[t] ** 2)
        df = dc * (c[t] - u[0, t]) * f[t] * (1 - f[t])
        du[0, t] = dc * (1 - f[t])
        du[1, t] = df
        du[2, t] = dr
        dv[0] += (df * c[t]).sum(0)
        dv[1] += (dr * c[t]).sum(0)
        db[0] += df.sum(0)
        db[1] += dr.sum(0)
        dc = dc * f[t] + df * v[0] + dr * v[1]
    dW = np.einsum("tbi,ktbj->kij", x, du)
    dx += np.einsum("ktbj,kij->tbi", du, W)
    return dx, dW, dv, db, dc


def model(x, layers, head, labels):
    h, caches = x, []
    for L in layers:
        h, cache = sru_fwd(h, L["W"], L["v"], L["b"], L["c0"])
        caches.append(cache)
    logits = h[-1] @ head
    logits = logits - logits.max(1, keepdims=True)
    p = np.exp(logits)
    p /= p.sum(1, keepdims=True)
    n = len(labels)
    loss = -np.log(p[np.arange(n), labels]).mean()

    dlogits = p.copy()
    dlogits[np.arange(n), labels] -= 1
    dlogits /= n
    dhead = h[-1].T @ dlogits
    dh = np.zeros_like(h)
    dh[-1] = dlogits @ head.T
    grads = []
    for cache in caches[::-1]:
        dh, dW, dv, db, dc0 = sru_bwd(dh, cache)
        grads.insert(0, dict(W=dW, v=dv, b=db, c0=dc0))
    return loss, dh, grads, dhead


def inputs():
    r = np.random.RandomState(31)
    lay = lambda: dict(W=r.randn(3, 4, 4) * .7, v=r.randn(2, 4), b=r.randn(2, 4), c0=r.randn(5, 4))
    return dict(x=r.randn(6, 5, 4), layers=[lay(), lay()], head=r.randn(4, 3), labels=np.array([0, 2, 1, 1, 0]))


def loss_of(module, args):
    return float(module.model(**args)[0])


def gradients_of(module, args):
    _, dx, grads, dhead = module.model(**args)
    out = dict(dx=dx, dhead=dhead)
    for i, g in enumerate(grads):
        for k in g:
            out["d%s%d" % (k, i)] = g[k]
    return out


PATHS = dict(x=["x"], head=["head"])
for _i in (0, 1):
    for _k in ("W", "v", "b", "c0"):
        PATHS["%s%d" % (_k, _i)] = ["layers", _i, _k]
