import numpy as np

EPS = 1e-5


def norm(a):
    mu = a.mean(axis=1, keepdims=True)
    sd = np.sqrt(a.var(axis=1, keepdims=True) + EPS)
    return (a - mu) / sd, sd


def norm_backward(dn, n, sd):
    return (dn - dn.mean(axis=1, keepdims=True) - n * (dn * n).mean(axis=1, keepdims=True)) / sd


def unroll(xs, h0, P):
    """h_t = tanh(gain * LN(x_t Wx + h_{t-1} Wh) + bias)"""
    hs, tape = [h0], []
    for x in xs:
        n, sd = norm(x @ P['Wx'] + hs[-1] @ P['Wh'])
        hs.append(np.tanh(P['gain'] * n + P['bias']))
        tape.append((n, sd))
    return hs, tape


def classify(h, labels, weight, P):
    """weighted cross entropy, weights per class as in torch"""
    scores = h @ P['Wo'] + P['bo']
    scores = scores - scores.max(axis=1, keepdims=True)
    logp = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    w = weight[labels]
    rows = np.arange(len(labels))
    loss = -(w * logp[rows, labels]).sum() / w.sum()
    dscores = np.exp(logp)
    dscores[rows, labels] -= 1
    dscores *= w[:, None] / w.sum()
    return loss, dscores


def loss_and_gradient(xs, init, labels, weight, P):
    h0 = np.tanh(init) * np.ones((len(labels), 1))        # the same learned start for the whole batch
    hs, tape = unroll(xs, h0, P)
    loss, ds = classify(hs[-1], labels, weight, P)

    dh = ds @ P['Wo'].T
    dpre, dn_all = [], []
    for h, (n, sd) in zip(reversed(hs[1:]), reversed(tape)):
        da = dh * (1 - h ** 2)
        dn = norm_backward(da * P['gain'], n, sd)
        dpre.insert(0, da)
        dn_all.insert(0, dn)
        dh = dn @ P['Wh'].T

    G = {
        'Wx': sum(x.T @ d for x, d in zip(xs, dn_all)),
        'Wh': sum(h.T @ d for h, d in zip(hs[:-1], dn_all)),
        'gain': sum((d * n).sum(axis=0) for d, (n, _) in zip(dpre, tape)),
        'bias': sum(d.sum(axis=0) for d in dpre),
        'Wo': hs[-1].T @ ds,
        'bo': ds.sum(axis=0),
    }
    dinit = (dh * (1 - h0 ** 2)).sum(axis=0)
    dxs = [d @ P['Wx'].T for d in dn_all]
    return loss, G, dinit, dxs


def inputs():
    r = np.random.RandomState(70)
    T, B, D, H, K = 4, 4, 3, 4, 3
    P = dict(Wx=r.randn(D, H), Wh=r.randn(H, H), gain=1 + .4 * r.randn(H), bias=r.randn(H) * .4,
             Wo=r.randn(H, K), bo=r.randn(K) * .3)
    return dict(xs=[r.randn(B, D) for _ in range(T)], init=r.randn(H) * .8, labels=np.array([0, 2, 1, 2]),
                weight=np.array([1., .5, 2.]), P=P)


def loss_of(module, a):
    return module.loss_and_gradient(**a)[0]


def gradients_of(module, a):
    loss, G, dinit, dxs = module.loss_and_gradient(**a)
    out = {'d' + k: v for k, v in G.items()}
    out['dinit'] = dinit
    out.update({'dx%d' % t: v for t, v in enumerate(dxs)})
    return out


PATHS = {
    "Wx": ["P", "Wx"],
    "Wh": ["P", "Wh"],
    "gain": ["P", "gain"],
    "bias": ["P", "bias"],
    "Wo": ["P", "Wo"],
    "bo": ["P", "bo"],
    "init": ["init"],
    "x0": ["xs", 0],
    "x1": ["xs", 1],
    "x2": ["xs", 2],
    "x3": ["xs", 3],
}
