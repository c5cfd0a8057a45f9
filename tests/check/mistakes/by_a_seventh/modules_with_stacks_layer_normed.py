"""Residual recurrent blocks with layer normalization. Each module keeps what it needs for backward on a stack."""
import numpy as np


class Module:
    def __init__(self, **params):
        self.p = params
        self.g = {k: np.zeros_like(v) for k, v in params.items()}
        self.stack = []


class LayerNorm(Module):
    EPS = 1e-3

    def forward(self, a):
        mu = a.mean(-1, keepdims=True)
        inv = 1.0 / np.sqrt(a.var(-1, keepdims=True) + self.EPS)
        xhat = (a - mu) * inv
        self.stack.append((xhat, inv))
        return self.p['gain'] * xhat + self.p['shift']

    def backward(self, dy):
        xhat, inv = self.stack.pop()
        self.g['gain'] += (dy * xhat).sum(0)
        self.g['shift'] += dy.sum(0)
        dxhat = dy * self.p['gain']
        return inv * (dxhat - dxhat.mean(-1, keepdims=True) - xhat * (dxhat * xhat).mean(-1, keepdims=True))


class RecurrentBlock(Module):
    """y_t = x_t + h_t,   h_t = tanh(LN(x_t W + h_{t-1} R))"""

    def __init__(self, W, R, gain, shift):
        super().__init__(W=W, R=R)
        self.norm = LayerNorm(gain=gain, shift=shift)

    def forward(self, xs):
        h = np.zeros((xs.shape[1], self.p['R'].shape[0]))
        ys = np.empty_like(xs)
        for t, x in enumerate(xs):
            h_old = h
            h = np.tanh(self.norm.forward(x @ self.p['W'] + h_old @ self.p['R']))
            self.stack.append((x, h_old, h))
            ys[t] = x + h
        return ys

    def backward(self, dys):
        dxs = np.empty_like(dys)
        carry = np.zeros_like(dys[0])
        for t in range(len(dys) - 1, -1, -1):
            x, h_old, h = self.stack.pop()
            dh = dys[t] + carry
            da = self.norm.backward(dh * (1 - h * h))
            self.g['W'] += x.T @ da
            self.g['R'] += h_old.T @ da
            carry = da @ self.p['R'].T
            dxs[t] = dys[t] + da @ self.p['W'].T
        return dxs


class Head(Module):
    def forward(self, xs):
        self.stack.append(xs)
        return xs @ self.p['V']

    def backward(self, do):
        xs = self.stack.pop()
        self.g['V'] += np.einsum('tnd,tnk->dk', xs, do)
        return do @ self.p['V'].T


def train_step(xs, target, blocks, V):
    net = [RecurrentBlock(**b) for b in blocks] + [Head(V=V)]
    out = xs
    for m in net:
        out = m.forward(out)
    err = out - target
    loss = (err ** 2).mean()
    d = 2 * err / err.size
    for m in reversed(net):
        d = m.backward(d)
    grads = [dict(m.g, **m.norm.g) for m in net[:-1]]
    return loss, grads, net[-1].g['V'], d


def inputs():
    r = np.random.RandomState(22)
    T, N, H, K = 4, 2, 4, 2
    blocks = [dict(W=r.randn(H, H) * .7, R=r.randn(H, H) * .7, gain=1 + r.randn(H) * .3, shift=r.randn(H) * .3) for _ in range(2)]
    return dict(xs=r.randn(T, N, H), target=r.randn(T, N, K), blocks=blocks, V=r.randn(H, K))


def _run(module, a):
    return module.train_step(a['xs'], a['target'], a['blocks'], a['V'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    _, g, dV, dxs = _run(module, args)
    out = {'d%s%d' % (k, i): g[i][k] for i in (0, 1) for k in g[i]}
    out.update(dV=dV, dxs=dxs)
    return out


PATHS = {
    "W0": ["blocks", 0, "W"],
    "R0": ["blocks", 0, "R"],
    "gain0": ["blocks", 0, "gain"],
    "shift0": ["blocks", 0, "shift"],
    "W1": ["blocks", 1, "W"],
    "R1": ["blocks", 1, "R"],
    "gain1": ["blocks", 1, "gain"],
    "shift1": ["blocks", 1, "shift"],
    "V": ["V"],
    "xs": ["xs"],
}
