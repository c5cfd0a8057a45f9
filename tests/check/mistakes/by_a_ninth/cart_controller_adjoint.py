"""Recurrent controller of a pendulum: the policy has memory, the plant is differentiated through (adjoint method)."""
import numpy as np

G_OVER_L, DAMP, DT = 2.0, 0.3, 0.1
Q_COST = np.array([1.0, 0.2])
R_COST = 0.05


def plant(s, u):
    th, om = s
    return np.array([th + DT * om, om + DT * (G_OVER_L * np.sin(th) - DAMP * om + u)])


def plant_jac(s):
    th, _ = s
    Fs = np.array([[1.0, DT], [DT * G_OVER_L * np.cos(th), 1.0 - DT * DAMP]])
    Fu = np.array([0.0, DT])
    return Fs, Fu


def rollout(policy, s0, m0, horizon):
    A, B, c, k = policy["A"], policy["B"], policy["c"], policy["k"]
    s, m = s0, m0
    log = []
    cost = 0.0
    for _ in range(horizon):
        m_new = np.tanh(A @ m + B @ s + c)
        u = 3.0 * np.tanh(k @ m_new)
        cost += 0.5 * s @ (Q_COST * s) + 0.5 * R_COST * u ** 2
        log.append((s, m, m_new, u))
        s = plant(s, u)
        m = m_new
    cost += 5.0 * 0.5 * s @ (Q_COST * s)          # terminal cost
    return cost, log, s


def adjoint(policy, log, s_end):
    A, B, k = policy["A"], policy["B"], policy["k"]
    gA, gB, gc, gk = np.zeros_like(A), np.zeros_like(B), np.zeros(len(A)), np.zeros_like(k)
    lam = 5.0 * Q_COST * s_end
    mu = np.zeros(len(A))
    for s, m, m_new, u in reversed(log):
        Fs, Fu = plant_jac(s)
        du = Fu @ lam + R_COST * u
        dv = du * 3.0 * (1 - (u / 3.0) ** 2)
        gk += dv * m_new
        mu = mu + dv * k
        da = mu * (1 - m_new ** 2)
        gA += np.outer(da, m)
        gB += np.outer(da, s)
        gc += da
        lam = Fs.T @ lam + Q_COST * s + B.T @ da
        mu = A.T @ da
    return dict(dA=gA, dB=gB, dc=gc, dk=gk, ds0=lam, dm0=mu)


def inputs():
    r = np.random.RandomState(111)
    policy = dict(A=.6 * r.randn(3, 3), B=r.randn(3, 2), c=.2 * r.randn(3), k=r.randn(3))
    return dict(policy=policy, s0=np.array([0.7, -0.4]), m0=r.randn(3), horizon=8)


def loss_of(module, args):
    return float(module.rollout(args["policy"], args["s0"], args["m0"], args["horizon"])[0])


def gradients_of(module, args):
    _, log, s_end = module.rollout(args["policy"], args["s0"], args["m0"], args["horizon"])
    return module.adjoint(args["policy"], log, s_end)


PATHS = {"A": ["policy", "A"], "B": ["policy", "B"], "c": ["policy", "c"], "k": ["policy", "k"],
         "s0": ["s0"], "m0": ["m0"]}
