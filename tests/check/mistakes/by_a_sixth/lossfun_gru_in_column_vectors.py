"""
char-gru.py -- character level GRU in the manner of the 100 line gist, no deps but numpy
one string at a time, everything is a column vector
"""
import numpy as np


def sigm(v):
    return 1 / (1 + np.exp(-v))


def lossFun(inputs, targets, hprev, model):
    """
    inputs,targets are both list of integers.
    hprev is Hx1 array of initial hidden state
    returns the loss, gradients on model parameters, gradient on hprev, and last hidden state
    """
    Wxz, Whz, bz = model['Wxz'], model['Whz'], model['bz']
    Wxr, Whr, br = model['Wxr'], model['Whr'], model['br']
    Wxc, Whc, bc = model['Wxc'], model['Whc'], model['bc']
    Why, by = model['Why'], model['by']
    vocab_size = Why.shape[0]
    xs, hs, ps, zs, rs, cs = {}, {}, {}, {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0
    # forward pass
    for t in range(len(inputs)):
        xs[t] = np.zeros((vocab_size, 1))  # encode in 1-of-k representation
        xs[t][inputs[t]] = 1
        zs[t] = sigm(np.dot(Wxz, xs[t]) + np.dot(Whz, hs[t - 1]) + bz)  # update gate
        rs[t] = sigm(np.dot(Wxr, xs[t]) + np.dot(Whr, hs[t - 1]) + br)  # reset gate
        cs[t] = np.tanh(np.dot(Wxc, xs[t]) + np.dot(Whc, rs[t] * hs[t - 1]) + bc)
        hs[t] = (1 - zs[t]) * hs[t - 1] + zs[t] * cs[t]
        y = np.dot(Why, hs[t]) + by
        ps[t] = np.exp(y) / np.sum(np.exp(y))
        loss += -np.log(ps[t][targets[t], 0])
    # backward pass
    grads = {k: np.zeros_like(v) for k, v in model.items()}
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        grads['Why'] += np.dot(dy, hs[t].T)
        grads['by'] += dy
        dh = np.dot(Why.T, dy) + dhnext
        # candidate
        dc = dh * zs[t]
        dcraw = (1 - cs[t] * cs[t]) * dc
        grads['Wxc'] += np.dot(dcraw, xs[t].T)
        grads['Whc'] += np.dot(dcraw, (rs[t] * hs[t - 1]).T)
        grads['bc'] += dcraw
        drh = np.dot(Whc.T, dcraw)
        # reset gate
        dr = drh * hs[t - 1]
        drraw = rs[t] * (1 - rs[t]) * dr
        grads['Wxr'] += np.dot(drraw, xs[t].T)
        grads['Whr'] += np.dot(drraw, hs[t - 1].T)
        grads['br'] += drraw
        # update gate
        dz = dh * (cs[t] - hs[t - 1])
        dzraw = zs[t] * (1 - zs[t]) * dz
        grads['Wxz'] += np.dot(dzraw, xs[t].T)
        grads['Whz'] += np.dot(dzraw, hs[t - 1].T)
        grads['bz'] += dzraw
        # everything that reaches the previous state
        dhnext = dh * (1 - zs[t])
        dhnext += drh * rs[t]
        dhnext += np.dot(Whz.T, dzraw)
        dhnext += np.dot(Whr.T, drraw)
    return loss, grads, dhnext, hs[len(inputs) - 1]


def inputs():
    r = np.random.RandomState(101)
    V, H = 5, 4
    m = {}
    for g in 'zrc':
        m['Wx' + g] = r.randn(H, V) * .7
        m['Wh' + g] = r.randn(H, H) * .7
        m['b' + g] = r.randn(H, 1) * .3
    m['Why'] = r.randn(V, H)
    m['by'] = r.randn(V, 1) * .3
    return dict(model=m, chars=[0, 3, 1, 4, 3], nextchars=[3, 1, 4, 3, 2], hprev=r.randn(H, 1) * .5)


def _run(module, a):
    return module.lossFun(a['chars'], a['nextchars'], a['hprev'], a['model'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    _, g, dh, _ = _run(module, args)
    out = {'d' + k: v for k, v in g.items()}
    out['dhprev'] = dh
    return out


PATHS = {
    "Wxz": ["model", "Wxz"],
    "Whz": ["model", "Whz"],
    "bz": ["model", "bz"],
    "Wxr": ["model", "Wxr"],
    "Whr": ["model", "Whr"],
    "br": ["model", "br"],
    "Wxc": ["model", "Wxc"],
    "Whc": ["model", "Whc"],
    "bc": ["model", "bc"],
    "Why": ["model", "Why"],
    "by": ["model", "by"],
    "hprev": ["hprev"],
}
