"""Functional style: each primitive returns its value and a pullback."""
import numpy as np


def linear(W, x):
    def pull(dy):
        return np.outer(dy, x), W.T @ dy
    return W @ x, pull


def tanh(a):
    y = np.tanh(a)
    return y, lambda dy: dy * (1 - y * y)


def softplus(a):
    return np.log1p(np.exp(-abs(a))) + np.maximum(a, 0), lambda dy: dy / (1 + np.exp(-a))


def gaussian_nll(mu, var, target):
    r = target - mu
    val = np.sum(0.5 * np.log(var) + 0.5 * r ** 2 / var)

    def pull(d):
        return -d * r / var, d * (0.5 / var - 0.5 * r ** 2 / var ** 2)
    return val, pull


def step(params, h, x, y):
    U, V, b, M, S = (params[k] for k in ("U", "V", "b", "M", "S"))
    uh, pull_u = linear(U, h)
    vx, pull_v = linear(V, x)
    new, pull_tanh = tanh(uh + vx + b)
    mu, pull_m = linear(M, new)
    s, pull_s = linear(S, new)
    var, pull_sp = softplus(s)
    var = var + 0.1
    nll, pull_nll = gaussian_nll(mu, var, y)

    def pull(dnew, dnll):
        dmu, dvar = pull_nll(dnll)
        dM, d1 = pull_m(dmu)
        dS, d2 = pull_s(pull_sp(dvar))
        da = pull_tanh(dnew + d1 + d2)
        dU, dh = pull_u(da)
        dV, dx = pull_v(da)
        return dict(U=dU, V=dV, b=da, M=dM, S=dS), dh, dx
    return new, nll, pull


def unroll(params, h, xs, ys):
    pulls, total = [], 0.0
    n = len(xs)
    for x, y in zip(xs, ys):
        h, nll, pull = step(params, h, x, y)
        total += nll / n
        pulls.append(pull)

    def pullback(dtotal=1.0):
        acc = {k: np.zeros_like(v) for k, v in params.items()}
        dh = np.zeros_like(h)
        dxs = []
        for pull in reversed(pulls):
            g, dh, dx = pull(dh, dtotal / n)
            for k in acc:
                acc[k] += g[k]
            dxs.append(dx)
        return acc, dh, np.stack(dxs[::-1])
    return total, pullback


def inputs():
    r = np.random.RandomState(21)
    p = dict(U=0.6 * r.randn(4, 4), V=r.randn(4, 3), b=r.randn(4), M=r.randn(2, 4), S=r.randn(2, 4))
    return dict(params=p, h0=r.randn(4), xs=r.randn(6, 3), ys=r.randn(6, 2))


def loss_of(module, args):
    return float(module.unroll(args["params"], args["h0"], args["xs"], args["ys"])[0])


def gradients_of(module, args):
    _, back = module.unroll(args["params"], args["h0"], args["xs"], args["ys"])
    g, dh0, dxs = back()
    out = {"d" + k: v for k, v in g.items()}
    out["dh0"], out["dxs"] = dh0, dxs
    return out


PATHS = {k: ["params", k] for k in ("U", "V", "b", "M", "S")}
PATHS["h0"] = ["h0"]
PATHS["xs"] = ["xs"]
