"""Recurrent Highway Network: in each time step the state goes through several highway micro layers."""
import numpy as np


def squash(a):
    return 1 / (1 + np.exp(-a))


class RHN:
    def __init__(self, Wh, Wt, Rh, Rt, bh, bt, out):
        self.Wh, self.Wt, self.Rh, self.Rt, self.bh, self.bt, self.out = Wh, Wt, Rh, Rt, bh, bt, out
        self.depth = len(Rh)

    def forward(self, x, s, y):
        self.x = x
        self.memo = {}
        self.tops = []
        for t, xt in enumerate(x):
            for l in range(self.depth):
                ah = s @ self.Rh[l] + self.bh[l]
                at = s @ self.Rt[l] + self.bt[l]
                if l == 0:
                    ah = ah + xt @ self.Wh
                    at = at + xt @ self.Wt
                hh, tt = np.tanh(ah), squash(at)
                self.memo[t, l] = (s, hh, tt)
                s = hh * tt + s * (1 - tt)
            self.tops.append(s)
        self.pool = sum(self.tops) / len(self.tops)
        self.margin = y * (self.pool @ self.out)          # y is +1 or -1, logistic loss
        return np.mean(np.log1p(np.exp(-self.margin)))

    def backward(self, y):
        T = len(self.x)
        N = len(y)
        dmargin = -squash(-self.margin) / N
        dscore = dmargin * y
        dout = self.pool.T @ dscore
        dpool = np.outer(dscore, self.out)
        dWh, dWt = np.zeros_like(self.Wh), np.zeros_like(self.Wt)
        dRh, dRt = np.zeros_like(self.Rh), np.zeros_like(self.Rt)
        dbh, dbt = np.zeros_like(self.bh), np.zeros_like(self.bt)
        dx = np.zeros_like(self.x)
        ds = np.zeros_like(dpool)
        for t in range(T)[::-1]:
            ds = ds + dpool / T
            for l in range(self.depth)[::-1]:
                s, hh, tt = self.memo[t, l]
                dah = ds * tt * (1 - hh * hh)
                dat = ds * (hh - s) * tt * (1 - tt)
                dRh[l] += s.T @ dah
                dRt[l] += s.T @ dat
                dbh[l] += dah.sum(0)
                dbt[l] += dat.sum(0)
                ds = ds * (1 - tt) + dah @ self.Rh[l].T + dat @ self.Rt[l].T
                if l == 0:
                    dWh += self.x[t].T @ dah
                    dWt += self.x[t].T @ dat
                    dx[t] = dah @ self.Wh.T + dat @ self.Wt.T
        return dict(dWh=dWh, dWt=dWt, dRh=dRh, dRt=dRt, dbh=dbh, dbt=dbt, dout=dout, dx=dx, ds0=ds)


def inputs():
    r = np.random.RandomState(71)
    net = dict(Wh=r.randn(3, 5), Wt=r.randn(3, 5), Rh=.5 * r.randn(2, 5, 5), Rt=.5 * r.randn(2, 5, 5),
               bh=r.randn(2, 5), bt=r.randn(2, 5) - 1, out=r.randn(5))
    return dict(net=net, x=r.randn(4, 6, 3), s0=r.randn(6, 5), y=np.array([1., -1, -1, 1, 1, -1]))


def loss_of(module, args):
    return float(module.RHN(**args["net"]).forward(args["x"], args["s0"], args["y"]))


def gradients_of(module, args):
    m = module.RHN(**args["net"])
    m.forward(args["x"], args["s0"], args["y"])
    return m.backward(args["y"])


PATHS = {k: ["net", k] for k in ("Wh", "Wt", "Rh", "Rt", "bh", "bt", "out")}
PATHS.update(x=["x"], s0=["s0"])
