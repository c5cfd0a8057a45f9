"""JANET (only the forget gate), Huber loss on a one step forecast. Column vectors, one series."""
import numpy as np

BETA = 0.5
DELTA = 0.8


def sgm(v):
    return 1 / (1 + np.exp(-v))


class Janet:
    def __init__(self, par):
        self.Wf, self.Wc, self.bf, self.bc, self.wo = (par[k] for k in ["Wf", "Wc", "bf", "bc", "wo"])
        self.n = self.bf.shape[0]

    def forward(self, series, h0):
        self.trace = []
        h = h0
        err = []
        for k in range(len(series) - 1):
            v = np.vstack([h, series[k].reshape(-1, 1)])
            s = self.Wf @ v + self.bf
            f = sgm(s)
            i = 1 - sgm(s - BETA)
            g = np.tanh(self.Wc @ v + self.bc)
            hn = f * h + i * g
            e = self.wo @ hn - series[k + 1].reshape(-1, 1)
            self.trace.append((v, h, f, i, g, hn, e))
            err.append(e)
            h = hn
        err = np.array(err)
        small = np.abs(err) <= DELTA
        self.loss = np.where(small, 0.5 * err ** 2, DELTA * (np.abs(err) - 0.5 * DELTA)).mean()
        self.count = err.size
        return self.loss

    def backward(self):
        G = {k: np.zeros_like(getattr(self, k)) for k in ["Wf", "Wc", "bf", "bc", "wo"]}
        T = len(self.trace)
        dim = self.Wf.shape[1] - self.n
        dseries = np.zeros((T + 1, dim))
        dh = np.zeros((self.n, 1))
        for k in range(T - 1, -1, -1):
            v, h, f, i, g, hn, e = self.trace[k]
            de = np.clip(e, -DELTA, DELTA) / self.count
            dseries[k + 1] -= de.ravel()
            G["wo"] += de @ hn.T
            dh = dh + self.wo.T @ de
            # i = 1 - sgm(s - BETA)
            ds = dh * h * f * (1 - f) - dh * g * i * (1 - i)
            dg = dh * i * (1 - g ** 2)
            G["Wf"] += ds @ v.T
            G["bf"] += ds
            G["Wc"] += dg @ v.T
            G["bc"] += dg
            dv = self.Wf.T @ ds + self.Wc.T @ dg
            dseries[k] += dv[self.n:, 0]
            dh = dh * f + dv[:self.n]
        return G, dseries, dh


def inputs():
    r = np.random.RandomState(41)
    par = dict(Wf=r.randn(4, 6) * .6, Wc=r.randn(4, 6) * .6, bf=r.randn(4, 1), bc=r.randn(4, 1), wo=r.randn(2, 4))
    return dict(par=par, series=r.randn(9, 2), h0=r.randn(4, 1))


def loss_of(module, args):
    return float(module.Janet(args["par"]).forward(args["series"], args["h0"]))


def gradients_of(module, args):
    net = module.Janet(args["par"])
    net.forward(args["series"], args["h0"])
    G, ds, dh = net.backward()
    return dict({"d" + k: v for k, v in G.items()}, dseries=ds, dh0=dh)


PATHS = dict({k: ["par", k] for k in ["Wf", "Wc", "bf", "bc", "wo"]}, series=["series"], h0=["h0"])
