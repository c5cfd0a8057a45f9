import numpy as np

# menkong xunhuan danyuan (GRU), shuru he shuchu gongxiang ci xiangliang E


def sgm(v):
    return 1 / (1 + np.exp(-v))


def qianxiang(zi, h0, cs):
    """zi: (pi, shi) bianhao, h0: (pi, yin), cs: canshu"""
    pi, shi = zi.shape
    h, jilu = h0, []
    dafen = np.zeros((pi, shi, cs['E'].shape[0]))
    for t in range(shi):
        x = cs['E'][zi[:, t]]
        z = sgm(x @ cs['Wz'] + h @ cs['Uz'] + cs['bz'])
        r = sgm(x @ cs['Wr'] + h @ cs['Ur'] + cs['br'])
        n = np.tanh(x @ cs['Wn'] + (r * h) @ cs['Un'] + cs['bn'])
        xin = (1 - z) * n + z * h
        q = xin @ cs['P']
        dafen[:, t] = q @ cs['E'].T + cs['c']   # gongxiang
        jilu.append((x, h, z, r, n, xin, q))
        h = xin
    return dafen, jilu


def sunshi(dafen, biao):
    e = np.exp(dafen - dafen.max(axis=2, keepdims=True))
    p = e / e.sum(axis=2, keepdims=True)
    i, j = np.indices(biao.shape)
    L = -np.log(p[i, j, biao]).sum() / biao.size
    d = p.copy()
    d[i, j, biao] -= 1
    return L, d / biao.size


def fanxiang(ddafen, zi, jilu, cs):
    td = {k: np.zeros_like(v) for k, v in cs.items()}   # tidu
    dh = np.zeros_like(jilu[0][1])
    for t in range(len(jilu) - 1, -1, -1):
        x, h, z, r, n, xin, q = jilu[t]
        dy = ddafen[:, t]
        td['c'] += dy.sum(axis=0)
        td['E'] += dy.T @ q
        dq = dy @ cs['E']
        td['P'] += xin.T @ dq
        dxin = dh + dq @ cs['P'].T
        dz = dxin * (h - n) * z * (1 - z)
        dn = dxin * (1 - z) * (1 - n ** 2)
        drh = dn @ cs['Un'].T
        dr = drh * h * r * (1 - r)
        for men, d, shuru in (('z', dz, h), ('r', dr, h), ('n', dn, r * h)):
            td['W' + men] += x.T @ d
            td['U' + men] += shuru.T @ d
            td['b' + men] += d.sum(axis=0)
        dx = dz @ cs['Wz'].T + dr @ cs['Wr'].T + dn @ cs['Wn'].T
        np.add.at(td['E'], zi[:, t], dx)
        dh = dxin * z + drh * r + dz @ cs['Uz'].T + dr @ cs['Ur'].T
    td['h0'] = dh
    return td


def inputs():
    r = np.random.RandomState(202)
    V, D, H, m, T = 7, 3, 4, 2, 5
    cs = dict(E=r.randn(V, D) * .8, P=r.randn(H, D) * .8, c=r.randn(V) * .2)
    for k in 'zrn':
        cs['W' + k] = r.randn(D, H) * .7
        cs['U' + k] = r.randn(H, H) * .7
        cs['b' + k] = r.randn(H) * .3
    zi = np.array([[1, 4, 4, 0, 6], [2, 4, 3, 0, 1]])
    biao = np.array([[4, 4, 0, 6, 5], [4, 3, 0, 1, 2]])
    return dict(zi=zi, biao=biao, h0=r.randn(m, H) * .6, cs=cs)


def loss_of(module, args):
    dafen, _ = module.qianxiang(args['zi'], args['h0'], args['cs'])
    return module.sunshi(dafen, args['biao'])[0]


def gradients_of(module, args):
    dafen, jilu = module.qianxiang(args['zi'], args['h0'], args['cs'])
    _, d = module.sunshi(dafen, args['biao'])
    g = module.fanxiang(d, args['zi'], jilu, args['cs'])
    return {'d' + k: v for k, v in g.items()}


PATHS = {
    "E": ["cs", "E"],
    "P": ["cs", "P"],
    "c": ["cs", "c"],
    "Wz": ["cs", "Wz"],
    "Uz": ["cs", "Uz"],
    "bz": ["cs", "bz"],
    "Wr": ["cs", "Wr"],
    "Ur": ["cs", "Ur"],
    "br": ["cs", "br"],
    "Wn": ["cs", "Wn"],
    "Un": ["cs", "Un"],
    "bn": ["cs", "bn"],
    "h0": ["h0"],
}
