"""Diagonal state space layer (S4D-real): zero-order hold discretisation, GELU-free, gated output, MSE."""
import numpy as np


class DiagonalSSM:
    """lam = -exp(A_log);  abar = exp(lam dt);  bbar = (abar - 1) / lam * B;  y = C x + D u."""

    def __init__(self, A_log, B, C, D, log_dt):
        self.A_log, self.B, self.C, self.D, self.log_dt = A_log, B, C, D, log_dt     # (F, N) x3, (F,), (F,)

    def forward(self, u):                                     # u (L, batch, F)
        self.u = u
        self.dt = np.exp(self.log_dt)[:, None]
        self.lam = -np.exp(self.A_log)
        self.abar = np.exp(self.lam * self.dt)
        self.k = (self.abar - 1) / self.lam
        self.bbar = self.k * self.B
        L, nb, F = u.shape
        self.states = np.zeros((L + 1, nb) + self.B.shape)
        for n in range(L):
            self.states[n + 1] = self.abar * self.states[n] + self.bbar * u[n][:, :, None]
        return np.einsum("lbfn,fn->lbf", self.states[1:], self.C) + self.D * u

    def backward(self, dy):
        L = len(dy)
        dC = np.einsum("lbf,lbfn->fn", dy, self.states[1:])
        dD = (dy * self.u).sum((0, 1))
        du = dy * self.D
        dabar = np.zeros_like(self.abar)
        dbbar = np.zeros_like(self.bbar)
        dx = np.zeros_like(self.states[0])
        for n in range(L - 1, -1, -1):
            dx = dx + dy[n][:, :, None] * self.C
            dabar += (dx * self.states[n]).sum(0)
            dbbar += (dx * self.u[n][:, :, None]).sum(0)
            du[n] += (dx * self.bbar).sum(-1)
            dx = dx * self.abar
        dB = dbbar * self.k
        dk = dbbar * self.B
        dabar = dabar + dk / self.lam
        dlam = dabar * self.abar * self.dt - dk * (self.abar - 1) / self.lam ** 2
        ddt = (dabar * self.abar * self.lam).sum(1)
        dA_log = dlam * self.lam
        dlog_dt = ddt * self.dt[:, 0]
        return du, dict(A_log=dA_log, B=dB, C=dC, D=dD, log_dt=dlog_dt)


class Gate:
    def __init__(self, Wg, Wv):
        self.Wg, self.Wv = Wg, Wv

    def forward(self, y):
        self.y = y
        self.g = 1 / (1 + np.exp(-(y @ self.Wg)))
        self.v = y @ self.Wv
        return self.g * self.v

    def backward(self, dz):
        dg = dz * self.v * self.g * (1 - self.g)
        dv = dz * self.g
        flat = self.y.reshape(-1, self.y.shape[-1])
        dWg = flat.T @ dg.reshape(len(flat), -1)
        dWv = flat.T @ dv.reshape(len(flat), -1)
        return dg @ self.Wg.T + dv @ self.Wv.T, dict(Wg=dWg, Wv=dWv)


def fit(ssm, gate, u, target):
    layer, glu = DiagonalSSM(**ssm), Gate(**gate)
    z = glu.forward(layer.forward(u))
    err = z - target
    loss = np.mean(err ** 2)
    dy, gg = glu.backward(2 * err / err.size)
    du, gs = layer.backward(dy)
    return loss, du, gs, gg


def inputs():
    r = np.random.RandomState(101)
    ssm = dict(A_log=.5 * r.randn(3, 4), B=r.randn(3, 4), C=r.randn(3, 4), D=r.randn(3), log_dt=.3 * r.randn(3) - 1)
    return dict(ssm=ssm, gate=dict(Wg=r.randn(3, 2), Wv=r.randn(3, 2)), u=r.randn(7, 5, 3), target=r.randn(7, 5, 2))


def loss_of(module, args):
    return float(module.fit(**args)[0])


def gradients_of(module, args):
    _, du, gs, gg = module.fit(**args)
    out = {"d" + k: v for k, v in list(gs.items()) + list(gg.items())}
    out["du"] = du
    return out


PATHS = {k: ["ssm", k] for k in ("A_log", "B", "C", "D", "log_dt")}
PATHS.update(Wg=["gate", "Wg"], Wv=["gate", "Wv"], u=["u"])
