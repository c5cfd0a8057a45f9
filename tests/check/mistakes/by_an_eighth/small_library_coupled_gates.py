# mini library for my name classifier (which language is the surname from?)
# layers with forward(x) / backward(dout), gradients in layer.grads
import numpy as np


class Embedding:
    def __init__(self, W):
        self.params, self.grads = [W], [np.zeros_like(W)]

    def forward(self, idx):
        self.idx = idx
        return self.params[0][idx]

    def backward(self, dout):
        dW = self.grads[0]
        dW[...] = 0
        np.add.at(dW, self.idx, dout)
        return None


class CoupledLSTM:
    """input gate is 1 - forget gate; returns all the states"""
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]

    def forward(self, xs):
        Wx, Wh, b = self.params
        N, T, D = xs.shape
        H = Wh.shape[0]
        self.xs, self.cache = xs, []
        hs = np.empty((N, T, H))
        h, c = np.zeros((N, H)), np.zeros((N, H))
        for t in range(T):
            A = xs[:, t, :] @ Wx + h @ Wh + b
            f = 1 / (1 + np.exp(-A[:, :H]))
            o = 1 / (1 + np.exp(-A[:, H:2*H]))
            g = np.tanh(A[:, 2*H:])
            c_next = f * c + (1 - f) * g
            h_next = o * np.tanh(c_next)
            self.cache.append((h, c, f, o, g, c_next))
            h, c = h_next, c_next
            hs[:, t, :] = h
        return hs

    def backward(self, dhs):
        Wx, Wh, b = self.params
        dWx, dWh, db = 0, 0, 0
        dxs = np.empty_like(self.xs)
        dh, dc = 0, 0
        for t in reversed(range(self.xs.shape[1])):
            h_prev, c_prev, f, o, g, c_next = self.cache[t]
            dh = dh + dhs[:, t, :]
            th = np.tanh(c_next)
            dc = dc + dh * o * (1 - th ** 2)
            df = dc * (c_prev - g) * f * (1 - f)
            do = dh * th * o * (1 - o)
            dg = dc * (1 - f) * (1 - g ** 2)
            dA = np.hstack((df, do, dg))
            dWx += self.xs[:, t, :].T @ dA
            dWh += h_prev.T @ dA
            db += dA.sum(axis=0)
            dxs[:, t, :] = dA @ Wx.T
            dh = dA @ Wh.T
            dc = dc * f
        self.grads = [dWx, dWh, db]
        return dxs


class Dropout:
    def __init__(self, keep, p):
        self.mask = keep / (1 - p)      # keep: 0/1, the same for all times

    def forward(self, x):
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


class SoftmaxLast:
    """affine + softmax on the last state"""
    def __init__(self, W, b):
        self.params, self.grads = [W, b], [None, None]

    def forward(self, hs, t):
        W, b = self.params
        self.hs, self.t = hs, t
        s = hs[:, -1] @ W + b
        self.p = np.exp(s - s.max(axis=1, keepdims=True))
        self.p /= self.p.sum(axis=1, keepdims=True)
        return -np.log(self.p[np.arange(len(t)), t]).mean()

    def backward(self):
        n = len(self.t)
        ds = self.p.copy()
        ds[np.arange(n), self.t] -= 1
        ds /= n
        self.grads = [self.hs[:, -1].T @ ds, ds.sum(axis=0)]
        dhs = np.zeros_like(self.hs)
        dhs[:, -1] = ds @ self.params[0].T
        return dhs


class Model:
    def __init__(self, emb, lstm1, drop, lstm2, out):
        self.layers = [Embedding(*emb), CoupledLSTM(*lstm1), Dropout(*drop), CoupledLSTM(*lstm2)]
        self.last = SoftmaxLast(*out)

    def loss(self, idx, t):
        x = idx
        for layer in self.layers:
            x = layer.forward(x)
        return self.last.forward(x, t)

    def backward(self):
        d = self.last.backward()
        for layer in reversed(self.layers):
            d = layer.backward(d)
        return [self.layers[k].grads for k in (0, 1, 3)] + [self.last.grads]


def inputs():
    r = np.random.RandomState(116)
    V, D, H, K, N = 5, 3, 3, 3, 3
    w = dict(E=r.randn(V, D), Wx1=r.randn(D, 3 * H), Wh1=r.randn(H, 3 * H) * .7, b1=r.randn(3 * H) * .4,
             Wx2=r.randn(H, 3 * H), Wh2=r.randn(H, 3 * H) * .7, b2=r.randn(3 * H) * .4, W=r.randn(H, K) * 1.5, b=r.randn(K) * .3)
    keep = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1]], float)[:, None, :]
    return dict(w=w, keep=keep, idx=np.array([[1, 4, 2, 0], [3, 3, 0, 2], [4, 1, 1, 3]]), t=np.array([2, 0, 1]))


def _model(module, args):
    w = args['w']
    m = module.Model([w['E']], [w['Wx1'], w['Wh1'], w['b1']], [args['keep'], .3], [w['Wx2'], w['Wh2'], w['b2']], [w['W'], w['b']])
    return m, m.loss(args['idx'], args['t'])


def loss_of(module, args):
    return _model(module, args)[1]


def gradients_of(module, args):
    m, _ = _model(module, args)
    (dE,), (a, b, c), (d, e, f), (g, h) = m.backward()
    return dict(dE=dE, dWx1=a, dWh1=b, db1=c, dWx2=d, dWh2=e, db2=f, dW=g, db=h)


PATHS = {
    "E": ["w", "E"],
    "Wx1": ["w", "Wx1"],
    "Wh1": ["w", "Wh1"],
    "b1": ["w", "b1"],
    "Wx2": ["w", "Wx2"],
    "Wh2": ["w", "Wh2"],
    "b2": ["w", "b2"],
    "W": ["w", "W"],
    "b": ["w", "b"],
}
