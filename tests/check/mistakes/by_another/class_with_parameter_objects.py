import numpy as np


class Param:
    def __init__(self, name, value):
        self.name = name
        self.value = value
        self.grad = np.zeros_like(value)

    def zero(self):
        self.grad = np.zeros_like(self.value)


class CoupledLSTMClassifier:
    """LSTM with coupled input/forget gate (i = 1 - f), multi-class hinge on the last state."""

    def __init__(self, Wf, Wg, Wo, bf, bg, bo, Wy, margin=1.0):
        self.Wf = Param('Wf', Wf)
        self.Wg = Param('Wg', Wg)
        self.Wo = Param('Wo', Wo)
        self.bf = Param('bf', bf)
        self.bg = Param('bg', bg)
        self.bo = Param('bo', bo)
        self.Wy = Param('Wy', Wy)
        self.margin = margin
        self.hidden = bf.shape[0]

    def params(self):
        return [self.Wf, self.Wg, self.Wo, self.bf, self.bg, self.bo, self.Wy]

    def sigmoid(self, z):
        return 1 / (1 + np.exp(-z))

    def forward(self, xs, labels):
        self.labels = labels
        n = xs[0].shape[0]
        h = np.zeros((n, self.hidden))
        c = np.zeros((n, self.hidden))
        self.tape = []
        for x in xs:
            z = np.concatenate([h, x], axis=1)
            f = self.sigmoid(z @ self.Wf.value + self.bf.value)
            g = np.tanh(z @ self.Wg.value + self.bg.value)
            o = self.sigmoid(z @ self.Wo.value + self.bo.value)
            c_new = f * c + (1 - f) * g
            tc = np.tanh(c_new)
            h = o * tc
            self.tape.append((z, f, g, o, c, tc))
            c = c_new
        self.h_last = h
        scores = h @ self.Wy.value
        correct = scores[np.arange(n), labels][:, None]
        self.margins = np.maximum(0, scores - correct + self.margin)
        self.margins[np.arange(n), labels] = 0
        return self.margins.sum() / n

    def backward(self):
        for p in self.params():
            p.zero()
        n = len(self.labels)
        dscores = (self.margins > 0).astype(float)
        dscores[np.arange(n), self.labels] = -dscores.sum(axis=1)
        dscores /= n
        self.Wy.grad += self.h_last.T @ dscores
        dh = dscores @ self.Wy.value.T
        dc = np.zeros_like(dh)
        dxs = []
        for z, f, g, o, c_prev, tc in reversed(self.tape):
            do = dh * tc * o * (1 - o)
            dc = dc + dh * o * (1 - tc ** 2)
            df = dc * (c_prev - g) * f * (1 - f)
            dg = dc * (1 - f) * (1 - g ** 2)
            self.Wf.grad += z.T @ df
            self.Wg.grad += z.T @ dg
            self.Wo.grad += z.T @ do
            self.bf.grad += df.sum(0)
            self.bg.grad += dg.sum(0)
            self.bo.grad += do.sum(0)
            dz = df @ self.Wf.value.T + dg @ self.Wg.value.T + do @ self.Wo.value.T
            dh = dz[:, :self.hidden]
            dxs.append(dz[:, self.hidden:])
            dc = dc * f
        return dxs[::-1]


# -- what it is called with --------------------------------------------------------------------------------------


P = ["Wf", "Wg", "Wo", "bf", "bg", "bo", "Wy"]


def inputs():
    r = np.random.RandomState(606)
    T, nx, na, m, ny = 4, 3, 5, 2, 6
    d = dict(Wf=r.randn(na + nx, na) * .6, Wg=r.randn(na + nx, na) * .7, Wo=r.randn(na + nx, na) * .6,
             bf=r.randn(na) * .4, bg=r.randn(na) * .4, bo=r.randn(na) * .4, Wy=r.randn(na, ny))
    d["xs"] = [r.randn(m, nx) for _ in range(T)]
    d["labels"] = np.array([4, 1])
    return d


def _net(module, a):
    return module.CoupledLSTMClassifier(*[a[p] for p in P])


def loss_of(module, a):
    return _net(module, a).forward(a["xs"], a["labels"])


def gradients_of(module, a):
    net = _net(module, a)
    net.forward(a["xs"], a["labels"])
    dxs = net.backward()
    out = {"d" + p.name: p.grad for p in net.params()}
    for t, v in enumerate(dxs):
        out["dxs%d" % t] = v
    return out

PATHS = {
    "Wf": ["Wf"],
    "Wg": ["Wg"],
    "Wo": ["Wo"],
    "bf": ["bf"],
    "bg": ["bg"],
    "bo": ["bo"],
    "Wy": ["Wy"],
    "xs0": ["xs", 0],
    "xs1": ["xs", 1],
    "xs2": ["xs", 2],
    "xs3": ["xs", 3],
}
