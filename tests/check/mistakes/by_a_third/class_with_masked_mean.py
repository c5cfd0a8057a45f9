import numpy as np


class VarLenRegressor:
    """reads sequences of various lengths; predicts from the last valid state and the mean of the valid states"""

    def __init__(self, params):
        self.params = params
        self.cache = None

    def forward(self, X, lens):
        p = self.params
        N, T, _ = X.shape
        mask = (np.arange(T)[None, :] < lens[:, None]).astype(float)
        H = np.zeros((N, T + 1, p['b'].size))
        C = np.zeros((N, T, p['b'].size))
        H[:, 0] = p['h_init']
        for t in range(T):
            mt = mask[:, t:t+1]
            C[:, t] = np.tanh(X[:, t].dot(p['Wx']) + H[:, t].dot(p['Wh']) + p['b'])
            H[:, t + 1] = mt * C[:, t] + (1 - mt) * H[:, t]   # padding: keep the state
        avg = (H[:, 1:] * mask[:, :, None]).sum(axis=1) / lens[:, None]
        feat = np.concatenate([H[:, T], avg], axis=1)
        pred = feat.dot(p['V']) + p['c']
        self.cache = X, lens, mask, H, C, feat, pred
        return pred

    def loss(self, pred, y):
        return 0.5 * np.mean(np.sum((pred - y) ** 2, axis=1))

    def backward(self, y):
        p = self.params
        X, lens, mask, H, C, feat, pred = self.cache
        N, T, _ = X.shape
        grads = {k: np.zeros_like(v) for k, v in p.items()}
        dX = np.zeros_like(X)
        dpred = (pred - y) / N
        grads['V'] = feat.T.dot(dpred)
        grads['c'] = dpred.sum(axis=0)
        dfeat = dpred.dot(p['V'].T)
        dh, davg = np.split(dfeat, 2, axis=1)
        for t in reversed(range(T)):
            mt = mask[:, t:t+1]
            dh = dh + mt * davg / lens[:, None]
            dz = mt * dh * (1 - C[:, t] ** 2)
            grads['Wx'] += X[:, t].T.dot(dz)
            grads['Wh'] += H[:, t].T.dot(dz)
            grads['b'] += dz.sum(axis=0)
            dX[:, t] = dz.dot(p['Wx'].T)
            dh = (1 - mt) * dh + dz.dot(p['Wh'].T)
        grads['h_init'] = dh.sum(axis=0)
        return grads, dX


def inputs():
    r = np.random.RandomState(505)
    N, T, D, H, O = 4, 6, 3, 5, 2
    p = dict(Wx=r.randn(D, H) * .6, Wh=r.randn(H, H) * .5, b=r.randn(H) * .3, h_init=r.randn(H) * .5,
             V=r.randn(2 * H, O) * .7, c=r.randn(O) * .3)
    return dict(X=r.randn(N, T, D), lens=np.array([6, 3, 5, 2]), y=r.randn(N, O) * 2, params=p)


def loss_of(module, args):
    net = module.VarLenRegressor(args['params'])
    return net.loss(net.forward(args['X'], args['lens']), args['y'])


def gradients_of(module, args):
    net = module.VarLenRegressor(args['params'])
    net.forward(args['X'], args['lens'])
    g, dX = net.backward(args['y'])
    out = {'d' + k: v for k, v in g.items()}
    out['dX'] = dX
    return out


PATHS = {
    "Wx": ["params", "Wx"],
    "Wh": ["params", "Wh"],
    "b": ["params", "b"],
    "h_init": ["params", "h_init"],
    "V": ["params", "V"],
    "c": ["params", "c"],
    "X": ["X"],
}
