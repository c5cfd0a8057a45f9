# relu char rnn - cell 3 (weights live in cell 2, just globals here)
import numpy as np

Wxh = Whh = Why = bh = by = None
lam = 0.02


def lossFun(inputs, targets, hprev):
    xs, zs, hs, ps = {}, {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0.0
    # forward
    for t in range(len(inputs)):
        xs[t] = np.zeros((Wxh.shape[1], 1))
        xs[t][inputs[t]] = 1
        zs[t] = Wxh @ xs[t] + Whh @ hs[t-1] + bh
        hs[t] = np.maximum(0, zs[t])
        y = Why @ hs[t] + by
        e = np.exp(y - y.max())
        ps[t] = e / e.sum()
        loss += -np.log(ps[t][targets[t], 0])
    loss = loss / len(inputs)
    loss += lam * (np.sum(Wxh ** 2) + np.sum(Whh ** 2) + np.sum(Why ** 2))

    # backward
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dy /= len(inputs)
        dWhy += dy @ hs[t].T
        dby += dy
        dh = Why.T @ dy + dhnext
        dz = dh * (zs[t] > 0)
        dbh += dz
        dWxh += dz @ xs[t].T
        dWhh += dz @ hs[t-1].T
        dhnext = Whh.T @ dz
    dWxh += 2 * lam * Wxh
    dWhh += 2 * lam * Whh
    dWhy += 2 * lam * Why
    return loss, dWxh, dWhh, dWhy, dbh, dby, dhnext


# -- what it is called with --------------------------------------------------------------------------------------


NAMES = ["Wxh", "Whh", "Why", "bh", "by"]


def inputs():
    r = np.random.RandomState(101)
    H, V = 6, 4
    return dict(Wxh=r.randn(H, V) * .6, Whh=r.randn(H, H) * .5, Why=r.randn(V, H) * .6,
                bh=r.randn(H, 1) * .3 + .2, by=r.randn(V, 1) * .3, hprev=np.abs(r.randn(H, 1)) * .5,
                inputs=[1, 3, 0, 2, 1], targets=[3, 0, 2, 1, 1])


def _go(module, a):
    for n in NAMES:
        setattr(module, n, a[n])
    return module.lossFun(a["inputs"], a["targets"], a["hprev"])


def loss_of(module, args):
    return _go(module, args)[0]


def gradients_of(module, args):
    out = _go(module, args)[1:]
    return dict(zip(["dWxh", "dWhh", "dWhy", "dbh", "dby", "dhprev"], out))

PATHS = {
    "Wxh": ["Wxh"],
    "Whh": ["Whh"],
    "Why": ["Why"],
    "bh": ["bh"],
    "by": ["by"],
    "hprev": ["hprev"],
}
