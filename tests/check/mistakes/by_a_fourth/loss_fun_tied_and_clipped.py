import numpy as np

# min-char-gru, after min-char-rnn.py. E is used for the input AND for the output


def sigm(v):
    return 1. / (1. + np.exp(-v))


def lossFun(model, inputs, targets, hprev, max_norm=60.0):
    """inputs, targets are lists of integers. hprev is Hx1 array of initial hidden state"""
    E, by = model['E'], model['by']
    Wz, Uz, bz = model['Wz'], model['Uz'], model['bz']
    Wr, Ur, br = model['Wr'], model['Ur'], model['br']
    Wh, Uh, bh = model['Wh'], model['Uh'], model['bh']
    xs, zs, rs, cs, hs, ps = {}, {}, {}, {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0
    # forward pass
    for t in range(len(inputs)):
        xs[t] = E[inputs[t]].reshape(-1, 1)
        zs[t] = sigm(np.dot(Wz, xs[t]) + np.dot(Uz, hs[t - 1]) + bz)
        rs[t] = sigm(np.dot(Wr, xs[t]) + np.dot(Ur, hs[t - 1]) + br)
        cs[t] = np.tanh(np.dot(Wh, xs[t]) + np.dot(Uh, rs[t] * hs[t - 1]) + bh)
        hs[t] = zs[t] * hs[t - 1] + (1 - zs[t]) * cs[t]
        ys = np.dot(E, hs[t]) + by
        ps[t] = np.exp(ys) / np.sum(np.exp(ys))
        loss += -np.log(ps[t][targets[t], 0])
    # backward pass
    d = {k: np.zeros_like(v) for k, v in model.items()}
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        d['E'] += np.dot(dy, hs[t].T)
        d['by'] += dy
        dh = np.dot(E.T, dy) + dhnext
        dz = dh * (hs[t - 1] - cs[t]) * zs[t] * (1 - zs[t])
        dc = dh * (1 - zs[t]) * (1 - cs[t] * cs[t])
        drh = np.dot(Uh.T, dc)
        dr = drh * hs[t - 1] * rs[t] * (1 - rs[t])
        for k, dg, hin in (('z', dz, hs[t - 1]), ('r', dr, hs[t - 1]), ('h', dc, rs[t] * hs[t - 1])):
            d['W' + k] += np.dot(dg, xs[t].T)
            d['U' + k] += np.dot(dg, hin.T)
            d['b' + k] += dg
        dx = np.dot(Wz.T, dz) + np.dot(Wr.T, dr) + np.dot(Wh.T, dc)
        d['E'][inputs[t]] += dx.ravel()
        dhnext = dh * zs[t] + np.dot(Uz.T, dz) + np.dot(Ur.T, dr) + drh * rs[t]
    # clip to mitigate exploding gradients
    norm = np.sqrt(sum(np.sum(g ** 2) for g in d.values()))
    scale = min(1.0, max_norm / norm)
    for k in d:
        d[k] *= scale
    return loss, d, hs[len(inputs) - 1]


def inputs():
    r = np.random.RandomState(73)
    V, H = 5, 4
    m = dict(E=r.randn(V, H) * .8, by=r.randn(V, 1) * .3)
    for k in 'zrh':
        m['W' + k], m['U' + k], m['b' + k] = r.randn(H, H) * .6, r.randn(H, H) * .6, r.randn(H, 1) * .3
    return dict(model=m, inputs=[0, 3, 1, 3, 2], targets=[3, 1, 3, 2, 4], hprev=r.randn(H, 1) * .6)


def loss_of(module, args):
    return module.lossFun(args['model'], args['inputs'], args['targets'], args['hprev'])[0]


def gradients_of(module, args):
    d = module.lossFun(args['model'], args['inputs'], args['targets'], args['hprev'])[1]
    return {'d' + k: v for k, v in d.items()}


PATHS = {
    "E": ["model", "E"],
    "by": ["model", "by"],
    "Wz": ["model", "Wz"],
    "Uz": ["model", "Uz"],
    "bz": ["model", "bz"],
    "Wr": ["model", "Wr"],
    "Ur": ["model", "Ur"],
    "br": ["model", "br"],
    "Wh": ["model", "Wh"],
    "Uh": ["model", "Uh"],
    "bh": ["model", "bh"],
}
