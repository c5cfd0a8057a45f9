"""Continuous-time RNN with irregular sampling, integrated by Heun's method, trained time constants."""
import numpy as np


def field(p, h, x):
    """dh/dt = (-h + tanh(W h + U x + b)) * exp(-ltau)"""
    act = np.tanh(h @ p["W"].T + x @ p["U"].T + p["b"])
    rate = np.exp(-p["ltau"])
    return (act - h) * rate, (h, x, act, rate)


def field_vjp(p, dk, saved, g):
    h, x, act, rate = saved
    dpre = dk * rate * (1 - act ** 2)
    g["W"] += dpre.T @ h
    g["U"] += dpre.T @ x
    g["b"] += dpre.sum(0)
    g["ltau"] += -(dk * (act - h) * rate).sum(0)
    return dpre @ p["W"] - dk * rate, dpre @ p["U"]


def solve(p, h, xs, dts):
    saved, path = [], []
    for x, dt in zip(xs, dts):
        d = dt[:, None]
        k1, s1 = field(p, h, x)
        k2, s2 = field(p, h + d * k1, x)
        h = h + 0.5 * d * (k1 + k2)
        saved.append((d, k1, k2, s1, s2))
        path.append(h)
    return np.array(path), saved


def value(p, h0, xs, dts, ys, seen):
    path, saved = solve(p, h0, xs, dts)
    err = (path @ p["r"] - ys) * seen
    return 0.5 * (err ** 2).sum() / seen.sum(), path, saved, err


def value_and_grad(p, h0, xs, dts, ys, seen):
    val, path, saved, err = value(p, h0, xs, dts, ys, seen)
    g = {k: np.zeros_like(a) for k, a in p.items()}
    dpred = err / seen.sum()
    g["r"] = np.tensordot(dpred, path, axes=2)
    dxs = np.zeros_like(xs)
    ddts = np.zeros_like(dts)
    dh = np.zeros_like(h0)
    for t in range(len(xs) - 1, -1, -1):
        d, k1, k2, s1, s2 = saved[t]
        dh = dh + dpred[t][:, None] * p["r"]
        dk2 = 0.5 * d * dh
        dk1 = 0.5 * d * dh
        ddts[t] += 0.5 * (dh * (k1 + k2)).sum(1)
        dmid, dx2 = field_vjp(p, dk2, s2, g)
        dk1 = dk1 + d * dmid
        ddts[t] += (dmid * k1).sum(1)
        dstart, dx1 = field_vjp(p, dk1, s1, g)
        dxs[t] = dx1 + dx2
        dh = dh + dmid + dstart
    return val, g, dh, dxs, ddts


def inputs():
    r = np.random.RandomState(141)
    p = dict(W=r.randn(4, 4), U=r.randn(4, 2), b=r.randn(4), ltau=.4 * r.randn(4), r=r.randn(4))
    seen = np.ones((6, 3))
    seen[1, 0] = seen[3, 2] = seen[5, 1] = 0
    return dict(p=p, h0=r.randn(3, 4), xs=r.randn(6, 3, 2), dts=.2 + .5 * r.rand(6, 3), ys=r.randn(6, 3), seen=seen)


def loss_of(module, args):
    return float(module.value(**args)[0])


def gradients_of(module, args):
    _, g, dh, dxs, ddts = module.value_and_grad(**args)
    return dict({"d" + k: v for k, v in g.items()}, dh0=dh, dxs=dxs, ddts=ddts)


PATHS = dict({k: ["p", k] for k in ("W", "U", "b", "ltau", "r")}, h0=["h0"], xs=["xs"], dts=["dts"])
