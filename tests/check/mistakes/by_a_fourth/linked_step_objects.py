import numpy as np


class Step:
    """one time step; knows the step before it (None at the start)"""

    def __init__(self, net, x, target, prev):
        self.net, self.x, self.target, self.prev = net, x, target, prev
        if prev is None:
            self.h_prev = np.tile(net.h0, (len(x), 1))
        else:
            self.h_prev = prev.h
        self.h = np.maximum(0, x @ net.W + self.h_prev @ net.U + net.b)
        self.y = self.h @ net.V + net.c

    def loss(self):
        own = self.net.aux * np.mean(np.sum((self.y - self.target) ** 2, axis=1))
        return own if self.prev is None else own + self.prev.loss()

    def backward(self, dh):
        net = self.net
        dy = net.aux * 2 * (self.y - self.target) / len(self.y)
        net.grad['V'] += self.h.T @ dy
        net.grad['c'] += dy.sum(axis=0)
        dh = dh + dy @ net.V.T
        dpre = dh * (self.h > 0)
        net.grad['W'] += self.x.T @ dpre
        net.grad['U'] += self.h_prev.T @ dpre
        net.grad['b'] += dpre.sum(axis=0)
        dh_prev = dpre @ net.U.T
        if self.prev is None:
            net.grad['h0'] = dh_prev.sum(axis=0)
            return
        self.prev.backward(dh_prev)


class IRNN:
    """ReLU RNN with a small regression loss at each step and a classification at the end"""

    def __init__(self, W, U, b, h0, V, c, K, aux=0.3):
        self.W, self.U, self.b, self.h0 = W, U, b, h0
        self.V, self.c, self.K, self.aux = V, c, K, aux
        self.grad = {n: np.zeros_like(getattr(self, n)) for n in ('W', 'U', 'b', 'V', 'c')}

    def forward(self, xs, targets, labels):
        last = None
        for x, target in zip(xs, targets):
            last = Step(self, x, target, last)
        self.last, self.labels = last, labels
        s = last.h @ self.K
        e = np.exp(s - s.max(axis=1, keepdims=True))
        self.prob = e / e.sum(axis=1, keepdims=True)
        return last.loss() - np.log(self.prob[range(len(labels)), labels]).mean()

    def backward(self):
        ds = self.prob.copy()
        ds[range(len(ds)), self.labels] -= 1
        ds /= len(ds)
        self.grad['K'] = self.last.h.T @ ds
        self.last.backward(ds @ self.K.T)
        return self.grad


def inputs():
    r = np.random.RandomState(78)
    T, N, D, H, O, K = 4, 3, 2, 4, 2, 3
    p = dict(W=r.randn(D, H), U=np.eye(H) + .3 * r.randn(H, H), b=.4 + r.randn(H) * .3, h0=r.rand(H) + .2, V=r.randn(H, O) * .6,
             c=r.randn(O) * .3, K=r.randn(H, K) * .6)
    return dict(p=p, xs=r.randn(T, N, D), targets=r.randn(T, N, O), labels=np.array([1, 0, 2]))


def loss_of(module, args):
    return module.IRNN(**args['p']).forward(args['xs'], args['targets'], args['labels'])


def gradients_of(module, args):
    net = module.IRNN(**args['p'])
    net.forward(args['xs'], args['targets'], args['labels'])
    return {'d' + k: v for k, v in net.backward().items()}


PATHS = {
    "W": ["p", "W"],
    "U": ["p", "U"],
    "b": ["p", "b"],
    "h0": ["p", "h0"],
    "V": ["p", "V"],
    "c": ["p", "c"],
    "K": ["p", "K"],
}
