import numpy as np

# two layer LSTM regressor, time major (T, B, .), everything kept in big arrays
# layer 2 sees h1, output sees h1 + h2 (residual), initial h and c of both layers are learned


def sig(x):
    return 1. / (1. + np.exp(-x))


class TwoLayerLSTM:

    def __init__(self, params):
        self.p = dict(params)

    def _layer_forward(self, k, X):
        W, U, b = self.p['W%d' % k], self.p['U%d' % k], self.p['b%d' % k]
        T, B, _ = X.shape
        H = U.shape[0]
        gates = np.zeros((T, B, 4 * H))
        Hs = np.zeros((T + 1, B, H))
        Cs = np.zeros((T + 1, B, H))
        Hs[0] = self.p['h0_%d' % k]
        Cs[0] = self.p['c0_%d' % k]
        for t in range(T):
            a = X[t].dot(W) + Hs[t].dot(U) + b
            gates[t, :, :3 * H] = sig(a[:, :3 * H])
            gates[t, :, 3 * H:] = np.tanh(a[:, 3 * H:])
            i, f, o, g = (gates[t, :, j * H:(j + 1) * H] for j in range(4))
            Cs[t + 1] = f * Cs[t] + i * g
            Hs[t + 1] = o * np.tanh(Cs[t + 1])
        return Hs, Cs, gates

    def _layer_backward(self, k, X, Hs, Cs, gates, dHs, grads):
        W, U = self.p['W%d' % k], self.p['U%d' % k]
        T, B, _ = X.shape
        H = U.shape[0]
        dX = np.zeros_like(X)
        dgates = np.zeros_like(gates)
        dC = np.zeros((B, H))
        dH_next = np.zeros((B, H))
        for t in range(T - 1, -1, -1):
            i, f, o, g = (gates[t, :, j * H:(j + 1) * H] for j in range(4))
            dH = dHs[t]
            dH += dH_next
            tc = np.tanh(Cs[t + 1])
            dgates[t, :, 2 * H:3 * H] = dH * tc * o * (1 - o)
            dC = dC + dH * o * (1 - tc ** 2)
            dgates[t, :, :H] = dC * g * i * (1 - i)
            dgates[t, :, H:2 * H] = dC * Cs[t] * f * (1 - f)
            dgates[t, :, 3 * H:] = dC * i * (1 - g ** 2)
            dC = dC * f
            dX[t] = dgates[t].dot(W.T)
            dH_next = dgates[t].dot(U.T)
        grads['W%d' % k] = np.tensordot(X, dgates, ([0, 1], [0, 1]))
        grads['U%d' % k] = np.tensordot(Hs[:-1], dgates, ([0, 1], [0, 1]))
        grads['b%d' % k] = dgates.sum((0, 1))
        grads['h0_%d' % k] = dH_next.sum(0)
        grads['c0_%d' % k] = dC.sum(0)
        return dX

    def loss(self, X, Y):
        T, B, _ = X.shape
        H1, C1, G1 = self._layer_forward(1, X)
        H2, C2, G2 = self._layer_forward(2, H1[1:])
        top = H1[1:] + H2[1:]
        pred = top.dot(self.p['V']) + self.p['d']
        err = pred - Y
        loss = 0.5 * np.sum(err ** 2) / B

        grads = {}
        dpred = err / B
        grads['V'] = np.tensordot(top, dpred, ([0, 1], [0, 1]))
        grads['d'] = dpred.sum(axis=(0, 1))
        dtop = dpred.dot(self.p['V'].T)
        dH1 = dtop.copy()
        dH1 += self._layer_backward(2, H1[1:], H2, C2, G2, dtop, grads)
        grads['X'] = self._layer_backward(1, X, H1, C1, G1, dH1, grads)
        return loss, grads


def inputs():
    r = np.random.RandomState(61)
    T, B, D, H, O = 4, 3, 3, 3, 2
    p = {}
    for k, n in ((1, D), (2, H)):
        p['W%d' % k] = r.randn(n, 4 * H) * .6
        p['U%d' % k] = r.randn(H, 4 * H) * .6
        p['b%d' % k] = r.randn(4 * H) * .3
        p['h0_%d' % k] = r.randn(H) * .6
        p['c0_%d' % k] = r.randn(H) * .8
    p['V'] = r.randn(H, O)
    p['d'] = r.randn(O) * .3
    return dict(params=p, X=r.randn(T, B, D), Y=r.randn(T, B, O) * 1.5)


def loss_of(module, a):
    return module.TwoLayerLSTM(a['params']).loss(a['X'], a['Y'])[0]


def gradients_of(module, a):
    g = module.TwoLayerLSTM(a['params']).loss(a['X'], a['Y'])[1]
    return {'d' + k: v for k, v in g.items()}


PATHS = {
    "W1": ["params", "W1"],
    "U1": ["params", "U1"],
    "b1": ["params", "b1"],
    "h0_1": ["params", "h0_1"],
    "c0_1": ["params", "c0_1"],
    "W2": ["params", "W2"],
    "U2": ["params", "U2"],
    "b2": ["params", "b2"],
    "h0_2": ["params", "h0_2"],
    "c0_2": ["params", "c0_2"],
    "V": ["params", "V"],
    "d": ["params", "d"],
    "X": ["X"],
}
