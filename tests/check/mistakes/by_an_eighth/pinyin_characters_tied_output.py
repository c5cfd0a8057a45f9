# 字符级语言模型：两层 RNN，第二层有残差，输出层与词嵌入共用矩阵 E
import numpy as np


def qianxiang(cs, zifu, mubiao):
    """zifu, mubiao: (T, N) 编号"""
    E, W1, U1, b1, W2, U2, b2, bo = [cs[k] for k in ('E', 'W1', 'U1', 'b1', 'W2', 'U2', 'b2', 'bo')]
    T, N = zifu.shape
    H = E.shape[1]
    h1, h2 = [np.zeros((N, H))], [np.zeros((N, H))]
    jilu = []
    sunshi = 0
    for t in range(T):
        x = E[zifu[t]]
        h1.append(np.tanh(x.dot(W1) + h1[t].dot(U1) + b1))
        h2.append(np.tanh(h1[t + 1].dot(W2) + h2[t].dot(U2) + b2))
        y = h1[t + 1] + h2[t + 1]              # 残差
        s = y.dot(E.T) + bo
        s = s - s.max(axis=1)[:, None]
        p = np.exp(s)
        p = p / p.sum(axis=1)[:, None]
        sunshi += np.mean(-np.log(p[range(N), mubiao[t]]))
        jilu.append((x, y, p))
    return sunshi / T, (h1, h2, jilu)


def fanxiang(cs, zifu, mubiao, huancun):
    h1, h2, jilu = huancun
    E, W1, U1, W2, U2 = cs['E'], cs['W1'], cs['U1'], cs['W2'], cs['U2']
    T, N = zifu.shape
    d = dict((k, np.zeros_like(v)) for k, v in cs.items())
    dh1_hou = np.zeros_like(h1[0])
    dh2_hou = np.zeros_like(h2[0])
    for t in range(T)[::-1]:
        x, y, p = jilu[t]
        ds = p.copy()
        ds[range(N), mubiao[t]] -= 1.0
        ds /= N * T
        d['E'] += ds.T.dot(y)
        d['bo'] += ds.sum(0)
        dy = ds.dot(E)
        # 第二层
        dh2 = dy + dh2_hou
        da2 = dh2 * (1 - h2[t + 1] ** 2)
        d['W2'] += h1[t + 1].T.dot(da2)
        d['U2'] += h2[t].T.dot(da2)
        d['b2'] += da2.sum(0)
        dh2_hou = da2.dot(U2.T)
        # 第一层
        dh1 = dy + dh1_hou + da2.dot(W2.T)
        da1 = dh1 * (1 - h1[t + 1] ** 2)
        d['W1'] += x.T.dot(da1)
        d['U1'] += h1[t].T.dot(da1)
        d['b1'] += da1.sum(0)
        dh1_hou = da1.dot(U1.T)
        dx = da1.dot(W1.T)
        for i in range(N):
            d['E'][zifu[t, i]] += dx[i]
    return d


def inputs():
    r = np.random.RandomState(111)
    V, H = 5, 3
    cs = dict(E=r.randn(V, H), bo=r.randn(V) * .3)
    for l in '12':
        cs.update({'W' + l: r.randn(H, H) * .8, 'U' + l: r.randn(H, H) * .6, 'b' + l: r.randn(H) * .3})
    z = np.array([[0, 3], [2, 2], [4, 1], [1, 2], [2, 2]])
    return dict(cs=cs, z=z[:-1], m=z[1:])


def loss_of(module, args):
    return module.qianxiang(args['cs'], args['z'], args['m'])[0]


def gradients_of(module, args):
    _, h = module.qianxiang(args['cs'], args['z'], args['m'])
    return {'d' + k: v for k, v in module.fanxiang(args['cs'], args['z'], args['m'], h).items()}


PATHS = {
    "E": ["cs", "E"],
    "bo": ["cs", "bo"],
    "W1": ["cs", "W1"],
    "U1": ["cs", "U1"],
    "b1": ["cs", "b1"],
    "W2": ["cs", "W2"],
    "U2": ["cs", "U2"],
    "b2": ["cs", "b2"],
}
