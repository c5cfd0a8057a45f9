import numpy as np


class ClockworkRNN(object):

    def __init__(self, Wx, Wh, b, Wo, periods, group):
        self.Wx, self.Wh, self.b, self.Wo = Wx, Wh, b, Wo
        # a slow group may feed a fast one, never the other way round
        self.units_period = np.repeat(periods, group)[:, None]
        self.M = (self.units_period <= self.units_period.T).astype(float)

    def clock(self, t):
        return (t % self.units_period == 0).astype(float)

    def forward(self, X, Y):
        """X (T, d, n), Y (T, k, n)"""
        self.X = X
        h = np.zeros((self.Wh.shape[0], X.shape[2]))
        self.hs = [h]
        self.acts = []
        self.errs = []
        loss = 0
        for t in range(len(X)):
            on = self.clock(t)
            a = np.tanh(self.Wx.dot(X[t]) + (self.Wh * self.M).dot(h) + self.b)
            h = on * a + (1 - on) * h
            self.acts.append(a)
            self.hs.append(h)
            e = self.Wo.dot(h) - Y[t]
            self.errs.append(e)
            loss += np.mean(np.sum(e**2, axis=0))
        return loss

    def backward(self):
        dWx = np.zeros_like(self.Wx)
        dWh = np.zeros_like(self.Wh)
        db = np.zeros_like(self.b)
        dWo = np.zeros_like(self.Wo)
        dX = np.zeros_like(self.X)
        n = self.X.shape[2]
        dh = np.zeros_like(self.hs[0])
        for t in range(len(self.X))[::-1]:
            on = self.clock(t)
            de = 2.0 * self.errs[t] / n
            dWo += de.dot(self.hs[t + 1].T)
            dh = dh + self.Wo.T.dot(de)
            da = dh * on
            dz = da * (1 - self.acts[t]**2)
            dWx += dz.dot(self.X[t].T)
            dWh += dz.dot(self.hs[t].T) * self.M
            db += dz.sum(axis=1, keepdims=True)
            dX[t] = self.Wx.T.dot(dz)
            dh = dh * (1 - on) + (self.Wh * self.M).T.dot(dz)
        return {'Wx': dWx, 'Wh': dWh, 'b': db, 'Wo': dWo, 'X': dX}


# -- what it is called with --------------------------------------------------------------------------------------


def inputs():
    r = np.random.RandomState(1111)
    T, d, H, n, k = 7, 3, 6, 2, 4
    return dict(Wx=r.randn(H, d) * .7, Wh=r.randn(H, H) * .6, b=r.randn(H, 1) * .4, Wo=r.randn(k, H) * .7,
                periods=[1, 2, 4], group=2, X=r.randn(T, d, n), Y=r.randn(T, k, n))


def _net(module, a):
    return module.ClockworkRNN(a["Wx"], a["Wh"], a["b"], a["Wo"], a["periods"], a["group"])


def loss_of(module, a):
    return _net(module, a).forward(a["X"], a["Y"])


def gradients_of(module, a):
    net = _net(module, a)
    net.forward(a["X"], a["Y"])
    return {"d" + k: v for k, v in net.backward().items()}

PATHS = {
    "Wx": ["Wx"],
    "Wh": ["Wh"],
    "b": ["b"],
    "Wo": ["Wo"],
    "X": ["X"],
}
