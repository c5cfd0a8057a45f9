"""One causal self attention head + residual on learned positions; the embedding is tied with the output layer."""
import numpy as np


def rows_softmax(a):
    e = np.exp(a - a.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


class LM:
    def __init__(self, E, P, Wq, Wk, Wv):
        self.E, self.P, self.Wq, self.Wk, self.Wv = E, P, Wq, Wk, Wv

    def forward(self, ids):                       # ids (B, T + 1)
        self.inp, self.out = ids[:, :-1], ids[:, 1:]
        B, T = self.inp.shape
        self.x = self.E[self.inp] + self.P[:T]
        self.q, self.k, self.v = self.x @ self.Wq, self.x @ self.Wk, self.x @ self.Wv
        self.scale = 1 / np.sqrt(self.q.shape[-1])
        score = np.einsum("bid,bjd->bij", self.q, self.k) * self.scale
        future = np.triu(np.ones((T, T), bool), 1)
        score = np.where(future, -1e9, score)
        self.att = rows_softmax(score)
        self.y = self.x + self.att @ self.v
        self.p = rows_softmax(self.y @ self.E.T)
        bi, ti = np.indices(self.inp.shape)
        return -np.mean(np.log(self.p[bi, ti, self.out]))

    def backward(self):
        B, T = self.inp.shape
        bi, ti = np.indices((B, T))
        dz = self.p.copy()
        dz[bi, ti, self.out] -= 1
        dz /= B * T
        dE = np.einsum("btv,btd->vd", dz, self.y)
        dy = dz @ self.E
        dx = dy.copy()
        datt = np.einsum("bid,bjd->bij", dy, self.v)
        dv = np.einsum("bij,bid->bjd", self.att, dy)
        dscore = self.att * (datt - (datt * self.att).sum(-1, keepdims=True))
        dscore *= self.scale
        dq = dscore @ self.k
        dk = dscore.transpose(0, 2, 1) @ self.q
        dWq = np.einsum("bti,btj->ij", self.x, dq)
        dWk = np.einsum("bti,btj->ij", self.x, dk)
        dWv = np.einsum("bti,btj->ij", self.x, dv)
        dx += dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T
        np.add.at(dE, self.inp, dx)
        dP = np.zeros_like(self.P)
        dP[:T] = dx.sum(0)
        return dict(dE=dE, dP=dP, dWq=dWq, dWk=dWk, dWv=dWv)


def inputs():
    r = np.random.RandomState(131)
    net = dict(E=r.randn(7, 4), P=.5 * r.randn(6, 4), Wq=r.randn(4, 3), Wk=r.randn(4, 3), Wv=.7 * r.randn(4, 4))
    return dict(net=net, ids=np.array([[1, 4, 4, 2, 6, 0], [3, 1, 5, 1, 1, 2]]))


def loss_of(module, args):
    return float(module.LM(**args["net"]).forward(args["ids"]))


def gradients_of(module, args):
    m = module.LM(**args["net"])
    m.forward(args["ids"])
    return m.backward()


PATHS = {k: ["net", k] for k in ("E", "P", "Wq", "Wk", "Wv")}
