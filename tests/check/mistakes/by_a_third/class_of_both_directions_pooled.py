import numpy as np


class BiRNNAttention:
    # both directions -> additive attention pooling -> one sigmoid output
    def __init__(self, P):
        self.P = P
        self.G = {}

    def run(self, X, k):
        P, m, T = self.P, X.shape[0], X.shape[1]
        H = np.zeros((m, T + 1, P['U' + k].shape[0]))
        for t in range(T):
            H[:, t + 1] = np.tanh(X[:, t] @ P['W' + k] + H[:, t] @ P['U' + k] + P['b' + k])
        return H

    def forward(self, X):
        P = self.P
        Hf, Hb = self.run(X, 'f'), self.run(X[:, ::-1], 'b')
        A = np.concatenate([Hf[:, 1:], Hb[:, 1:][:, ::-1]], axis=2)
        u = np.tanh(A @ P['Wa'] + P['ba'])
        s = u @ P['v']
        e = np.exp(s - s.max(axis=1, keepdims=True))
        alpha = e / e.sum(axis=1, keepdims=True)
        ctx = (alpha[:, :, None] * A).sum(axis=1)
        yhat = 1 / (1 + np.exp(-(ctx @ P['wo'] + P['bo'])))
        self.cache = (X, Hf, Hb, A, u, alpha, ctx, yhat)
        return yhat

    def loss(self, yhat, y):
        return -np.mean(y * np.log(yhat) + (1 - y) * np.log(1 - yhat))

    def run_back(self, X, H, dH, k):
        P, G = self.P, self.G
        G['W' + k], G['U' + k], G['b' + k] = np.zeros_like(P['W' + k]), np.zeros_like(P['U' + k]), np.zeros_like(P['b' + k])
        dX = np.zeros(X.shape)
        carry = np.zeros_like(dH[:, 0])
        for t in range(X.shape[1] - 1, -1, -1):
            dz = (dH[:, t] + carry) * (1 - H[:, t + 1] ** 2)
            G['W' + k] += X[:, t].T @ dz
            G['U' + k] += H[:, t].T @ dz
            G['b' + k] += dz.sum(axis=0)
            dX[:, t] = dz @ P['W' + k].T
            carry = dz @ P['U' + k].T
        return dX

    def backward(self, y):
        P, G = self.P, self.G
        X, Hf, Hb, A, u, alpha, ctx, yhat = self.cache
        n = Hf.shape[2]
        dlogit = (yhat - y) / len(y)
        G['wo'] = ctx.T @ dlogit
        G['bo'] = dlogit.sum(keepdims=True)
        dctx = np.outer(dlogit, P['wo'])
        dalpha = (dctx[:, None, :] * A).sum(axis=2)
        dA = alpha[:, :, None] * dctx[:, None, :]
        ds = alpha * (dalpha - (alpha * dalpha).sum(axis=1, keepdims=True))
        G['v'] = (ds[:, :, None] * u).sum(axis=(0, 1))
        du = ds[:, :, None] * P['v'] * (1 - u ** 2)
        G['Wa'] = np.tensordot(A, du, axes=([0, 1], [0, 1]))
        G['ba'] = du.sum(axis=(0, 1))
        dA += du @ P['Wa'].T
        dX = self.run_back(X, Hf, dA[:, :, :n], 'f')
        dX += self.run_back(X[:, ::-1], Hb, dA[:, ::-1, n:], 'b')[:, ::-1]
        return dX


def inputs():
    r = np.random.RandomState(808)
    m, T, D, H, K = 4, 5, 2, 3, 7
    P = {}
    for k in 'fb':
        P['W' + k], P['U' + k], P['b' + k] = r.randn(D, H) * .8, r.randn(H, H) * .6, r.randn(H) * .3
    P.update(Wa=r.randn(2 * H, K) * .7, ba=r.randn(K) * .3, v=r.randn(K) * .9, wo=r.randn(2 * H) * .9, bo=r.randn(1) * .3)
    return dict(X=r.randn(m, T, D), y=np.array([1., 0, 0, 1]), P=P)


def loss_of(module, args):
    net = module.BiRNNAttention(args['P'])
    return net.loss(net.forward(args['X']), args['y'])


def gradients_of(module, args):
    net = module.BiRNNAttention(args['P'])
    net.forward(args['X'])
    dX = net.backward(args['y'])
    out = {'d' + k: v for k, v in net.G.items()}
    out['dX'] = dX
    return out


PATHS = {
    "Wf": ["P", "Wf"],
    "Uf": ["P", "Uf"],
    "bf": ["P", "bf"],
    "Wb": ["P", "Wb"],
    "Ub": ["P", "Ub"],
    "bb": ["P", "bb"],
    "Wa": ["P", "Wa"],
    "ba": ["P", "ba"],
    "v": ["P", "v"],
    "wo": ["P", "wo"],
    "bo": ["P", "bo"],
    "X": ["X"],
}
