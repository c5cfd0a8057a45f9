import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class PeepholeLSTM:
    """LSTM with peephole connections (Gers & Schmidhuber), x: (T, N, D)"""

    def __init__(self, params):
        self.params = params
        self.grads = {}
        self.cache = []

    def step(self, x, h, c):
        p = self.params
        i = sigmoid(x @ p['Wi'] + h @ p['Ui'] + c * p['pi'] + p['bi'])
        f = sigmoid(x @ p['Wf'] + h @ p['Uf'] + c * p['pf'] + p['bf'])
        g = np.tanh(x @ p['Wg'] + h @ p['Ug'] + p['bg'])
        c_new = f * c + i * g
        o = sigmoid(x @ p['Wo'] + h @ p['Uo'] + c_new * p['po'] + p['bo'])
        tc = np.tanh(c_new)
        h_new = o * tc
        self.cache.append((x, h, c, i, f, g, o, c_new, tc))
        return h_new, c_new

    def forward(self, x, h0, c0):
        self.cache = []
        h, c = h0, c0
        out = []
        for x_t in x:
            h, c = self.step(x_t, h, c)
            out.append(h)
        return np.array(out)

    def loss(self, x, h0, c0, y):
        out = self.forward(x, h0, c0)
        diff = out - y
        return 0.5 * np.sum(diff ** 2) / x.shape[1], diff / x.shape[1]

    def backward(self, dout):
        p = self.params
        self.grads = {k: np.zeros_like(v) for k, v in p.items()}
        dx = []
        dh_next = np.zeros_like(dout[0])
        dc_next = np.zeros_like(dout[0])
        for t in range(len(self.cache) - 1, -1, -1):
            x, h, c, i, f, g, o, c_new, tc = self.cache[t]
            dh = dout[t] + dh_next
            do = dh * tc * o * (1 - o)
            dc = dc_next + dh * o * (1 - tc ** 2) + do * p['po']
            di = dc * g * i * (1 - i)
            df = dc * c * f * (1 - f)
            dg = dc * i * (1 - g ** 2)
            dc_next = dc * f + di * p['pi'] + df * p['pf']
            self.grads['pi'] += (di * c).sum(axis=0)
            self.grads['pf'] += (df * c).sum(axis=0)
            self.grads['po'] += (do * c_new).sum(axis=0)
            dh_next, dx_t = 0, 0
            for k, d in zip('ifgo', (di, df, dg, do)):
                self.grads['W' + k] += x.T @ d
                self.grads['U' + k] += h.T @ d
                self.grads['b' + k] += d.sum(axis=0)
                dh_next = dh_next + d @ p['U' + k].T
                dx_t = dx_t + d @ p['W' + k].T
            dx.insert(0, dx_t)
        return np.array(dx), dh_next, dc_next


def inputs():
    r = np.random.RandomState(72)
    T, N, D, H = 4, 3, 2, 3
    p = {}
    for k in 'ifgo':
        p['W' + k], p['U' + k], p['b' + k] = r.randn(D, H) * .7, r.randn(H, H) * .6, r.randn(H) * .3
        if k != 'g':
            p['p' + k] = r.randn(H) * .8
    return dict(x=r.randn(T, N, D), h0=r.randn(N, H) * .5, c0=r.randn(N, H) * .8, y=r.randn(T, N, H), params=p)


def loss_of(module, args):
    return module.PeepholeLSTM(args['params']).loss(args['x'], args['h0'], args['c0'], args['y'])[0]


def gradients_of(module, args):
    net = module.PeepholeLSTM(args['params'])
    _, dout = net.loss(args['x'], args['h0'], args['c0'], args['y'])
    dx, dh0, dc0 = net.backward(dout)
    return dict({'d' + k: v for k, v in net.grads.items()}, dx=dx, dh0=dh0, dc0=dc0)


PATHS = {
    "x": ["x"],
    "h0": ["h0"],
    "c0": ["c0"],
    "Wi": ["params", "Wi"],
    "Ui": ["params", "Ui"],
    "bi": ["params", "bi"],
    "Wf": ["params", "Wf"],
    "Uf": ["params", "Uf"],
    "bf": ["params", "bf"],
    "Wg": ["params", "Wg"],
    "Ug": ["params", "Ug"],
    "bg": ["params", "bg"],
    "Wo": ["params", "Wo"],
    "Uo": ["params", "Uo"],
    "bo": ["params", "bo"],
    "pi": ["params", "pi"],
    "pf": ["params", "pf"],
    "po": ["params", "po"],
}
