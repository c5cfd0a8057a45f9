# Layer-normalised RNN from scratch (blog post, part 3). Shapes: X (N, T, D), everything else row-wise.
import numpy as np

EPS = 1e-3


def layernorm(a, gain, shift):
    mu = a.mean(axis=1, keepdims=True)
    var = a.var(axis=1, keepdims=True)
    inv = 1.0 / np.sqrt(var + EPS)
    norm = (a - mu) * inv
    return gain * norm + shift, (norm, inv, gain)


def layernorm_grad(dy, cache):
    norm, inv, gain = cache
    dgain = (dy * norm).sum(axis=0)
    dshift = dy.sum(axis=0)
    dn = dy * gain
    da = inv * (dn - dn.mean(axis=1, keepdims=True) - norm * (dn * norm).mean(axis=1, keepdims=True))
    return da, dgain, dshift


class LNRNN:
    def __init__(self, theta):
        self.theta = theta

    def forward(self, X, Y):
        """mean squared error over samples, steps and outputs"""
        th = self.theta
        N, T, _ = X.shape
        self.X, self.Y = X, Y
        H = th['Wh'].shape[0]
        self.H = [np.zeros((N, H))]
        self.ln, self.pred = [], []
        for t in range(T):
            a = X[:, t] @ th['Wx'] + self.H[-1] @ th['Wh']
            y, c = layernorm(a, th['gain'], th['shift'])
            self.ln.append(c)
            self.H.append(np.tanh(y))
            self.pred.append(self.H[-1] @ th['Wo'] + X[:, t] @ th['Ws'] + th['bo'])   # with skip from the input
        self.pred = np.stack(self.pred, axis=1)
        return ((self.pred - Y) ** 2).mean()

    def backward(self):
        th, X = self.theta, self.X
        N, T, _ = X.shape
        g = {k: np.zeros_like(v) for k, v in th.items()}
        dpred = 2 * (self.pred - self.Y) / self.pred.size
        dX = np.zeros_like(X)
        dh = np.zeros_like(self.H[0])
        for t in reversed(range(T)):
            g['Wo'] += self.H[t + 1].T @ dpred[:, t]
            g['Ws'] += X[:, t].T @ dpred[:, t]
            g['bo'] += dpred[:, t].sum(axis=0)
            dh = dh + dpred[:, t] @ th['Wo'].T
            dy = dh * (1 - self.H[t + 1] ** 2)
            da, dgain, dshift = layernorm_grad(dy, self.ln[t])
            g['gain'] += dgain
            g['shift'] += dshift
            g['Wx'] += X[:, t].T @ da
            g['Wh'] += self.H[t].T @ da
            dX[:, t] = da @ th['Wx'].T + dpred[:, t] @ th['Ws'].T
            dh = da @ th['Wh'].T
        return g, dX


def inputs():
    r = np.random.RandomState(118)
    N, T, D, H, K = 3, 4, 3, 5, 2
    th = dict(Wx=r.randn(D, H) * .8, Wh=r.randn(H, H) * .6, gain=1 + .3 * r.randn(H), shift=r.randn(H) * .3, Wo=r.randn(H, K),
              Ws=r.randn(D, K) * .5, bo=r.randn(K) * .3)
    return dict(th=th, X=r.randn(N, T, D), Y=r.randn(N, T, K))


def loss_of(module, args):
    return module.LNRNN(args['th']).forward(args['X'], args['Y'])


def gradients_of(module, args):
    n = module.LNRNN(args['th'])
    n.forward(args['X'], args['Y'])
    g, dX = n.backward()
    out = {'d' + k: v for k, v in g.items()}
    out['dX'] = dX
    return out


PATHS = {
    "Wx": ["th", "Wx"],
    "Wh": ["th", "Wh"],
    "gain": ["th", "gain"],
    "shift": ["th", "shift"],
    "Wo": ["th", "Wo"],
    "Ws": ["th", "Ws"],
    "bo": ["th", "bo"],
    "X": ["X"],
}
