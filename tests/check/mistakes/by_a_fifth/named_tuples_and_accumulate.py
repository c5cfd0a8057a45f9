"""Minimal gated unit, written as folds."""
from collections import namedtuple
from functools import reduce
from itertools import accumulate, chain

import numpy as np

Theta = namedtuple("Theta", "Wf Uf bf Wc Uc bc w k")
Step = namedtuple("Step", "x h f c new")
Carry = namedtuple("Carry", "dh grads")

logistic = lambda a: 1 / (1 + np.exp(-a))
add = lambda left, right: Theta(*(a + b for a, b in zip(left, right)))
zeros = lambda theta: Theta(*(np.zeros_like(v) for v in theta))


def advance(theta, x, h):
    """One step of the MGU: a single gate f both forgets and resets."""
    f = logistic(x @ theta.Wf + h @ theta.Uf + theta.bf)
    c = np.tanh(x @ theta.Wc + (f * h) @ theta.Uc + theta.bc)
    return Step(x, h, f, c, (1 - f) * h + f * c)


def scan(theta, xs, h0):
    first = Step(None, None, None, None, h0)
    return list(accumulate(chain([first], xs), lambda prev, x: advance(theta, x, prev.new)))[1:]


def logits(theta, steps):
    return [s.new @ theta.w + theta.k for s in steps]


def bce(a, y):
    return np.maximum(a, 0) - a * y + np.log1p(np.exp(-np.abs(a)))


def retreat(theta, carry, item):
    """The adjoint of advance: item is (step, gradient of its logit)."""
    s, da = item
    dh = carry.dh + np.outer(da, theta.w)
    dc = dh * s.f * (1 - s.c ** 2)
    dfh = dc @ theta.Uc.T
    df = (dh * (s.c - s.h) + dfh * s.h) * s.f * (1 - s.f)
    grads = Theta(
        Wf=s.x.T @ df, Uf=s.h.T @ df, bf=df.sum(0),
        Wc=s.x.T @ dc, Uc=(s.f * s.h).T @ dc, bc=dc.sum(0),
        w=s.new.T @ da, k=da.sum())
    dprev = dh * (1 - s.f) + dfh * s.f + df @ theta.Uf.T
    return Carry(dprev, add(carry.grads, grads))


def value_and_grad(theta, xs, ys, h0):
    steps = scan(theta, xs, h0)
    outs = logits(theta, steps)
    count = len(ys) * len(ys[0])
    loss = reduce(lambda acc, pair: acc + bce(*pair).sum(), zip(outs, ys), 0.0) / count
    das = [(logistic(a) - y) / count for a, y in zip(outs, ys)]
    start = Carry(np.zeros_like(h0), zeros(theta))
    end = reduce(lambda carry, item: retreat(theta, carry, item), zip(steps[::-1], das[::-1]), start)
    return loss, end.grads, end.dh


def inputs():
    r = np.random.RandomState(3)
    T, B, D, H = 4, 3, 3, 3
    theta = dict(Wf=r.randn(D, H), Uf=r.randn(H, H), bf=r.randn(H) * .3, Wc=r.randn(D, H), Uc=r.randn(H, H),
                 bc=r.randn(H) * .3, w=r.randn(H) * 1.5, k=np.array(.3))
    return dict(theta=theta, xs=[r.randn(B, D) for _ in range(T)],
                ys=[(r.rand(B) > .5).astype(float) for _ in range(T)], h0=r.randn(B, H) * .7)


def _run(module, a):
    return module.value_and_grad(module.Theta(**a['theta']), a['xs'], a['ys'], a['h0'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    loss, g, dh0 = _run(module, args)
    out = {'d' + k: v for k, v in g._asdict().items()}
    out['dh0'] = dh0
    return out


PATHS = {
    "Wf": ["theta", "Wf"],
    "Uf": ["theta", "Uf"],
    "bf": ["theta", "bf"],
    "Wc": ["theta", "Wc"],
    "Uc": ["theta", "Uc"],
    "bc": ["theta", "bc"],
    "w": ["theta", "w"],
    "k": ["theta", "k"],
    "h0": ["h0"],
}
