import numpy as np

# zui xiao menkong danyuan (MGU): meige cao zuo fanhui (jieguo, fanxiang hanshu)


def affine(x, w, b, G, kw, kb):
    def back(d):
        G[kw] = G.get(kw, 0) + x.T @ d
        G[kb] = G.get(kb, 0) + d.sum(axis=0)
        return d @ w.T
    return x @ w + b, back


def sigmoid(a):
    s = 1 / (1 + np.exp(-a))
    return s, lambda d: d * s * (1 - s)


def tanh(a):
    y = np.tanh(a)
    return y, lambda d: d * (1 - y * y)


def mgu_step(x, h, P, G):
    n = x.shape[1]
    a1, back_a1 = affine(np.hstack([x, h]), P['Wf'], P['bf'], G, 'Wf', 'bf')
    f, back_f = sigmoid(a1)
    a2, back_a2 = affine(np.hstack([x, f * h]), P['Wn'], P['bn'], G, 'Wn', 'bn')
    c, back_c = tanh(a2)

    def back(dh):
        dc = dh * f
        dxf = back_a2(back_c(dc))
        dfh = dxf[:, n:]
        df = dh * (c - h) + dfh * h
        dxh = back_a1(back_f(df))
        dx = dxf[:, :n] + dxh[:, :n]
        dh_prev = dh * (1 - f) + dfh * f + dxh[:, n:]
        return dx, dh_prev
    return (1 - f) * h + f * c, back


def huber(p, y, delta=1.0):
    e = p - y
    small = np.abs(e) <= delta
    loss = np.where(small, 0.5 * e ** 2, delta * (np.abs(e) - 0.5 * delta)).sum() / len(y)
    return loss, np.where(small, e, delta * np.sign(e)) / len(y)


def xunlian(X, Y, h, P):
    """X: (T, m, n), Y: (T, m, k)"""
    G, backs, zong = {}, [], 0
    for x, y in zip(X, Y):
        h, back_h = mgu_step(x, h, P, G)
        p, back_p = affine(h, P['V'], P['bv'], G, 'V', 'bv')
        l, dp = huber(p, y)
        zong += l
        backs.append((back_h, back_p, dp))
    dh, dX = 0, []
    for back_h, back_p, dp in backs[::-1]:
        dx, dh = back_h(dh + back_p(dp))
        dX.append(dx)
    G['X'], G['h0'] = np.array(dX[::-1]), dh
    return zong, G


def inputs():
    r = np.random.RandomState(1111)
    T, m, n, H, k = 4, 2, 3, 5, 6
    P = dict(Wf=r.randn(n + H, H) * .7, bf=r.randn(H) * .3, Wn=r.randn(n + H, H) * .7, bn=r.randn(H) * .3,
             V=r.randn(H, k) * .8, bv=r.randn(k) * .3)
    return dict(X=r.randn(T, m, n), Y=r.randn(T, m, k), h=r.randn(m, H) * .7, P=P)


def loss_of(module, args):
    return module.xunlian(args['X'], args['Y'], args['h'], args['P'])[0]


def gradients_of(module, args):
    G = module.xunlian(args['X'], args['Y'], args['h'], args['P'])[1]
    return {'d' + k: v for k, v in G.items()}


PATHS = {
    "Wf": ["P", "Wf"],
    "bf": ["P", "bf"],
    "Wn": ["P", "Wn"],
    "bn": ["P", "bn"],
    "V": ["P", "V"],
    "bv": ["P", "bv"],
    "X": ["X"],
    "h0": ["h"],
}
