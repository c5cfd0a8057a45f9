import numpy as np


class FreeRunningCTRNN:
    """Leaky integrator network that feeds its own output back.

        u[t] = s[t] * teacher[t] + (1 - s[t]) * y[t-1]        scheduled sampling, s is 0 or 1
        a[t] = tanh(J h[t-1] + F u[t] + I x[t] + b)
        h[t] = (1 - k) * h[t-1] + k * a[t],   k = sigmoid(q)  one leak per neuron
        y[t] = R h[t] + c
    """

    def __init__(self, J, F, I, b, q, R, c, h0):
        self.J, self.F, self.I, self.b, self.q, self.R, self.c, self.h0 = J, F, I, b, q, R, c, h0
        self.history = []

    def run(self, x, teacher, schedule):
        k = 1 / (1 + np.exp(-self.q))
        h = self.h0
        y = np.zeros_like(self.c)
        self.history = []
        ys = []
        for t in range(x.shape[0]):
            u = schedule[t] * teacher[t] + (1 - schedule[t]) * y
            a = np.tanh(self.J @ h + self.F @ u + self.I @ x[t] + self.b)
            h_new = (1 - k) * h + k * a
            self.history.append(dict(x=x[t], u=u, a=a, h=h, h_new=h_new, s=schedule[t]))
            h = h_new
            y = self.R @ h + self.c
            ys.append(y)
        return np.array(ys)

    def loss(self, ys, target):
        return 0.5 * np.mean(np.sum((ys - target) ** 2, axis=1))

    def backprop(self, ys, target):
        k = 1 / (1 + np.exp(-self.q))
        T = len(ys)
        gJ, gF, gI, gb = (np.zeros_like(p) for p in (self.J, self.F, self.I, self.b))
        gk, gR, gc = np.zeros_like(self.q), np.zeros_like(self.R), np.zeros_like(self.c)
        lam = np.zeros_like(self.h0)            # adjoint of h
        mu = np.zeros_like(self.c)              # adjoint of y through the feedback
        dys = (ys - target) / T
        for t in range(T - 1, -1, -1):
            rec = self.history[t]
            dy = dys[t] + mu
            gR += np.outer(dy, rec['h_new'])
            gc += dy
            lam = lam + self.R.T @ dy
            gk += lam * (rec['a'] - rec['h'])
            delta = lam * k * (1 - rec['a'] ** 2)
            gJ += np.outer(delta, rec['h'])
            gF += np.outer(delta, rec['u'])
            gI += np.outer(delta, rec['x'])
            gb += delta
            mu = (1 - rec['s']) * (self.F.T @ delta)
            lam = (1 - k) * lam + self.J.T @ delta
        gq = gk * k * (1 - k)
        return dict(J=gJ, F=gF, I=gI, b=gb, q=gq, R=gR, c=gc, h0=lam)


def inputs():
    r = np.random.RandomState(140)
    T, D, H, O = 6, 2, 4, 4
    p = dict(J=r.randn(H, H) * .8, F=r.randn(H, O) * .8, I=r.randn(H, D), b=r.randn(H) * .3, q=r.randn(H),
             R=r.randn(O, H), c=r.randn(O) * .3, h0=r.randn(H) * .7)
    return dict(params=p, x=r.randn(T, D), target=r.randn(T, O), schedule=np.array([1., 0., 1., 0., 0., 0.]))


def _run(module, a):
    net = module.FreeRunningCTRNN(**a['params'])
    teacher = np.vstack([np.zeros(a['target'].shape[1]), a['target'][:-1]])
    ys = net.run(a['x'], teacher, a['schedule'])
    return net, ys


def loss_of(module, args):
    net, ys = _run(module, args)
    return net.loss(ys, args['target'])


def gradients_of(module, args):
    net, ys = _run(module, args)
    return {'d' + k: v for k, v in net.backprop(ys, args['target']).items()}


PATHS = {
    "J": ["params", "J"],
    "F": ["params", "F"],
    "I": ["params", "I"],
    "b": ["params", "b"],
    "q": ["params", "q"],
    "R": ["params", "R"],
    "c": ["params", "c"],
    "h0": ["params", "h0"],
}
