import numpy as np


class Embedding:
    def __init__(self, E):
        self.p = {'E': E}

    def forward(self, ids):
        self.ids = ids
        return self.p['E'][ids]

    def backward(self, dout):
        self.g = {'E': np.zeros_like(self.p['E'])}
        np.add.at(self.g['E'], self.ids, dout)


class LayerNorm:
    def __init__(self, gamma, beta):
        self.p = {'gamma': gamma, 'beta': beta}

    def forward(self, x):
        xc = x - x.mean(-1, keepdims=True)
        self.inv = 1 / np.sqrt((xc ** 2).mean(-1, keepdims=True) + 1e-5)
        self.xhat = xc * self.inv
        return self.p['gamma'] * self.xhat + self.p['beta']

    def backward(self, dout):
        self.g = {'gamma': (dout * self.xhat).sum((0, 1)), 'beta': dout.sum((0, 1))}
        dxhat = dout * self.p['gamma']
        return self.inv * (dxhat - dxhat.mean(-1, keepdims=True) - self.xhat * (dxhat * self.xhat).mean(-1, keepdims=True))


class ResidualRNN:
    """h_t = tanh(x_t W + h_{t-1} U + b), output x_t + h_t"""

    def __init__(self, W, U, b):
        self.p = {'W': W, 'U': U, 'b': b}

    def forward(self, x):
        self.x = x
        self.h = np.zeros((x.shape[0], x.shape[1] + 1, self.p['U'].shape[0]))
        for t in range(x.shape[1]):
            self.h[:, t + 1] = np.tanh(x[:, t] @ self.p['W'] + self.h[:, t] @ self.p['U'] + self.p['b'])
        return x + self.h[:, 1:]

    def backward(self, dout):
        self.g = {k: np.zeros_like(v) for k, v in self.p.items()}
        dx = dout.copy()
        dnext = np.zeros_like(self.h[:, 0])
        for t in range(self.x.shape[1])[::-1]:
            dpre = (dout[:, t] + dnext) * (1 - self.h[:, t + 1] ** 2)
            self.g['W'] += self.x[:, t].T @ dpre
            self.g['U'] += self.h[:, t].T @ dpre
            self.g['b'] += dpre.sum(0)
            dx[:, t] += dpre @ self.p['W'].T
            dnext = dpre @ self.p['U'].T
        return dx


class Linear:
    def __init__(self, W, b):
        self.p = {'W': W, 'b': b}

    def forward(self, x):
        self.x = x
        return x @ self.p['W'] + self.p['b']

    def backward(self, dout):
        flat = dout.reshape(-1, dout.shape[-1])
        self.g = {'W': self.x.reshape(-1, self.x.shape[-1]).T @ flat, 'b': flat.sum(0)}
        return dout @ self.p['W'].T


def train_step(layers, ids, target):
    out = ids
    for layer in layers:
        out = layer.forward(out)
    loss = ((out - target) ** 2).mean()
    dout = 2 * (out - target) / out.size
    for layer in layers[::-1]:
        dout = layer.backward(dout)
    return loss, [layer.g for layer in layers]


def inputs():
    r = np.random.RandomState(77)
    V, H, O = 4, 4, 2
    rnn = lambda: dict(W=r.randn(H, H) * .6, U=r.randn(H, H) * .6, b=r.randn(H) * .3)
    ln = lambda: dict(gamma=1 + .4 * r.randn(H), beta=r.randn(H) * .3)
    params = [dict(E=r.randn(V, H)), rnn(), ln(), rnn(), ln(), dict(W=r.randn(H, O), b=r.randn(O) * .2)]
    return dict(params=params, ids=np.array([[0, 2, 2, 1], [3, 0, 1, 0]]), target=r.randn(2, 4, O) * 2)


def _run(m, args):
    kinds = [m.Embedding, m.ResidualRNN, m.LayerNorm, m.ResidualRNN, m.LayerNorm, m.Linear]
    layers = [k(**p) for k, p in zip(kinds, args['params'])]
    return m.train_step(layers, args['ids'], args['target'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    g = _run(module, args)[1]
    return {'d%s%d' % (k, n): v for n, layer in enumerate(g) for k, v in layer.items()}


PATHS = {
    "E0": ["params", 0, "E"],
    "W1": ["params", 1, "W"],
    "U1": ["params", 1, "U"],
    "b1": ["params", 1, "b"],
    "W3": ["params", 3, "W"],
    "U3": ["params", 3, "U"],
    "b3": ["params", 3, "b"],
    "gamma2": ["params", 2, "gamma"],
    "beta2": ["params", 2, "beta"],
    "gamma4": ["params", 4, "gamma"],
    "beta4": ["params", 4, "beta"],
    "W5": ["params", 5, "W"],
    "b5": ["params", 5, "b"],
}
