import numpy as np


class PeepholeLSTM(object):

    def __init__(self, weights):
        # W*: (D+H, H), p*: (H,) peepholes, b*: (H,)
        for name, value in weights.items():
            setattr(self, name, value)
        self.names = list(weights)

    @staticmethod
    def sig(z):
        return 1.0 / (1.0 + np.exp(-z))

    def forward(self, X):
        N, T, D = X.shape
        H = self.bi.shape[0]
        h, c = np.zeros((N, H)), np.zeros((N, H))
        self.steps = []
        out = np.zeros((N, T, self.bo2.shape[0]))
        for t in range(T):
            v = np.concatenate((X[:, t], h), axis=1)
            i = self.sig(v.dot(self.Wi) + c * self.pi + self.bi)
            f = self.sig(v.dot(self.Wf) + c * self.pf + self.bf)
            z = np.tanh(v.dot(self.Wz) + self.bz)
            c_old, c = c, f * c + i * z
            o = self.sig(v.dot(self.Wo) + c * self.po + self.bo)   # looks at the new cell
            h = o * np.tanh(c)
            out[:, t] = h.dot(self.V) + self.bo2
            self.steps.append((v, i, f, z, o, c_old, c, h))
        return out

    def mse(self, out, target):
        return np.mean((out - target) ** 2)

    def backward(self, X, out, target):
        N, T, D = X.shape
        g = dict((k, np.zeros_like(getattr(self, k))) for k in self.names)
        dX = np.zeros_like(X)
        dout = 2.0 * (out - target) / out.size
        dh_next = np.zeros((N, self.bi.shape[0]))
        dc_next = np.zeros_like(dh_next)
        for t in range(T - 1, -1, -1):
            v, i, f, z, o, c_old, c, h = self.steps[t]
            g['V'] += h.T.dot(dout[:, t])
            g['bo2'] += dout[:, t].sum(0)
            dh = dout[:, t].dot(self.V.T) + dh_next
            do = dh * np.tanh(c) * o * (1 - o)
            dc = dc_next + dh * o * (1 - np.tanh(c) ** 2) + do * self.po
            di = dc * z * i * (1 - i)
            df = dc * c_old * f * (1 - f)
            dz = dc * i * (1 - z ** 2)
            g['pi'] += (di * c_old).sum(0)
            g['pf'] += (df * c_old).sum(0)
            g['po'] += (do * c).sum(0)
            dv = 0
            for k, d in zip('ifzo', (di, df, dz, do)):
                g['W' + k] += v.T.dot(d)
                g['b' + k] += d.sum(0)
                dv = dv + d.dot(getattr(self, 'W' + k).T)
            dX[:, t] = dv[:, :D]
            dh_next = dv[:, D:]
            dc_next = dc * f + di * self.pi + df * self.pf
        return g, dX


def inputs():
    r = np.random.RandomState(1010)
    N, T, D, H, O = 3, 6, 2, 4, 5
    w = {}
    for k in 'ifzo':
        w['W' + k], w['b' + k] = r.randn(D + H, H) * .7, r.randn(H) * .4
    for k in 'ifo':
        w['p' + k] = r.randn(H) * .8
    w['V'], w['bo2'] = r.randn(H, O), r.randn(O) * .3
    return dict(X=r.randn(N, T, D), target=r.randn(N, T, O) * 2, weights=w)


def loss_of(module, args):
    net = module.PeepholeLSTM(args['weights'])
    return net.mse(net.forward(args['X']), args['target'])


def gradients_of(module, args):
    net = module.PeepholeLSTM(args['weights'])
    out = net.forward(args['X'])
    g, dX = net.backward(args['X'], out, args['target'])
    res = {'d' + k: v for k, v in g.items()}
    res['dX'] = dX
    return res


PATHS = {
    "Wi": ["weights", "Wi"],
    "bi": ["weights", "bi"],
    "Wf": ["weights", "Wf"],
    "bf": ["weights", "bf"],
    "Wz": ["weights", "Wz"],
    "bz": ["weights", "bz"],
    "Wo": ["weights", "Wo"],
    "bo": ["weights", "bo"],
    "pi": ["weights", "pi"],
    "pf": ["weights", "pf"],
    "po": ["weights", "po"],
    "V": ["weights", "V"],
    "bo2": ["weights", "bo2"],
    "X": ["X"],
}
