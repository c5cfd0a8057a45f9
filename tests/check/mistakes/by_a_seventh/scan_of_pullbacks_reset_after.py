"""tiny functional nn: every op returns (value, pullback); a pullback maps a cotangent to cotangents"""
import numpy as np
from functools import reduce


def linear(w, x):
    return x @ w, lambda ct: (x.T @ ct, ct @ w.T)


def sigmoid(a):
    s = 1 / (1 + np.exp(-a))
    return s, lambda ct: ct * s * (1 - s)


def tanh(a):
    s = np.tanh(a)
    return s, lambda ct: ct * (1 - s * s)


def add_trees(a, b):
    return {k: a[k] + b[k] for k in a}


def gru_cell(p):
    """reset-after GRU; the three gates are stacked as (r, z, n) in the last axis"""
    def step(h, x):
        n_h = h.shape[-1]
        cut = lambda m: (m[:, :n_h], m[:, n_h:2 * n_h], m[:, 2 * n_h:])
        gx, pull_x = linear(p['wi'], x)
        gh, pull_h = linear(p['wh'], h)
        (xr, xz, xn), (hr, hz, hn) = cut(gx + p['bi']), cut(gh + p['bh'])
        r, pull_r = sigmoid(xr + hr)
        z, pull_z = sigmoid(xz + hz)
        n, pull_n = tanh(xn + r * hn)
        out = (1 - z) * n + z * h

        def pullback(ct):
            ct_n = pull_n(ct * (1 - z))
            ct_z = pull_z(ct * (h - n))
            ct_r = pull_r(ct_n * hn)
            ct_gx = np.concatenate([ct_r, ct_z, ct_n], axis=1)
            ct_gh = np.concatenate([ct_r, ct_z, ct_n * r], axis=1)
            dwi, dx = pull_x(ct_gx)
            dwh, dh = pull_h(ct_gh)
            return dict(wi=dwi, wh=dwh, bi=ct_gx.sum(0), bh=ct_gh.sum(0)), dh + ct * z, dx
        return out, pullback
    return step


def scan(step, h, xs):
    """run step over the leading axis of xs"""
    outs, pulls = [], []
    for x in xs:
        h, pull = step(h, x)
        outs.append(h)
        pulls.append(pull)

    def pullback(cts):
        dp, dxs, ct = [], [], np.zeros_like(h)
        for c, pull in zip(cts[::-1], pulls[::-1]):
            g, ct, dx = pull(ct + c)
            dp.append(g)
            dxs.append(dx)
        return reduce(add_trees, dp), ct, np.stack(dxs[::-1])
    return np.stack(outs), pullback


def softmax_xent(logits, labels):
    """mean over time and batch"""
    m = logits - logits.max(-1, keepdims=True)
    logp = m - np.log(np.exp(m).sum(-1, keepdims=True))
    onehot = np.eye(logits.shape[-1])[labels]
    loss = -(onehot * logp).sum(-1).mean()
    return loss, lambda ct: ct * (np.exp(logp) - onehot) / labels.size


def value_and_grad(params, h0, xs, labels):
    hs, pull_scan = scan(gru_cell(params['cell']), h0, xs)
    logits = hs @ params['out']['w'] + params['out']['b']
    loss, pull_loss = softmax_xent(logits, labels)
    ct = pull_loss(1.0)
    dw = np.einsum('tbh,tbk->hk', hs, ct)
    db = ct.sum((0, 1))
    dcell, dh0, dxs = pull_scan(ct @ params['out']['w'].T)
    return loss, dict(cell=dcell, out=dict(w=dw, b=db), h0=dh0, xs=dxs)


def inputs():
    r = np.random.RandomState(16)
    T, B, D, H, K = 4, 2, 3, 3, 4
    cell = dict(wi=r.randn(D, 3 * H) * .7, wh=r.randn(H, 3 * H) * .7, bi=r.randn(3 * H) * .3, bh=r.randn(3 * H) * .3)
    return dict(params=dict(cell=cell, out=dict(w=r.randn(H, K), b=r.randn(K) * .2)), h0=r.randn(B, H) * .5, xs=r.randn(T, B, D), labels=r.randint(0, K, (T, B)))


def _run(module, a):
    return module.value_and_grad(a['params'], a['h0'], a['xs'], a['labels'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    g = _run(module, args)[1]
    return dict(dwi=g['cell']['wi'], dwh=g['cell']['wh'], dbi=g['cell']['bi'], dbh=g['cell']['bh'], dw=g['out']['w'], db=g['out']['b'], dh0=g['h0'], dxs=g['xs'])


PATHS = {
    "wi": ["params", "cell", "wi"],
    "wh": ["params", "cell", "wh"],
    "bi": ["params", "cell", "bi"],
    "bh": ["params", "cell", "bh"],
    "w": ["params", "out", "w"],
    "b": ["params", "out", "b"],
    "h0": ["h0"],
    "xs": ["xs"],
}
