"""
date translator: "3 May 79" -> "1979-05-03"
bidirectional RNN reads the characters, a decoder RNN with attention writes the digits
one example at a time, rows are time
"""
import numpy as np


def one_hot(ids, n):
    return np.eye(n)[ids]


def softmax(v):
    e = np.exp(v - v.max())
    return e / e.sum()


def forward(p, date, target):
    X = one_hot(date, p['Wf'].shape[0])
    Tx, Ty = len(date), len(target)
    n = p['Uf'].shape[0]
    hf = np.zeros((Tx + 1, n))
    hb = np.zeros((Tx + 1, n))
    for t in range(Tx):
        hf[t + 1] = np.tanh(X[t] @ p['Wf'] + hf[t] @ p['Uf'])
    for t in range(Tx - 1, -1, -1):
        hb[t] = np.tanh(X[t] @ p['Wb'] + hb[t + 1] @ p['Ub'])
    A = np.concatenate([hf[1:], hb[:-1]], axis=1)        # (Tx, 2n)

    s = np.tanh(A[-1] @ p['Ws'])      # start of the decoder
    steps = []
    loss = 0
    for k in range(Ty):
        e = np.tanh(A @ p['Wa'] + s @ p['Va'])           # (Tx, m)
        alpha = softmax(e @ p['va'])
        ctx = alpha @ A
        s_new = np.tanh(ctx @ p['C'] + s @ p['S'])
        prob = softmax(s_new @ p['Wy'])
        loss -= np.log(prob[target[k]])
        steps.append((s, e, alpha, ctx, s_new, prob))
        s = s_new
    return loss, (X, hf, hb, A, steps)


def backward(p, cache, target):
    X, hf, hb, A, steps = cache
    Tx, n = X.shape[0], p['Uf'].shape[0]
    g = {name: np.zeros_like(w) for name, w in p.items()}
    dA = np.zeros_like(A)
    ds = np.zeros(p['S'].shape[0])
    for k in range(len(steps) - 1, -1, -1):
        s, e, alpha, ctx, s_new, prob = steps[k]
        dy = prob.copy()
        dy[target[k]] -= 1
        g['Wy'] += np.outer(s_new, dy)
        dsn = ds + p['Wy'] @ dy
        dz = dsn * (1 - s_new ** 2)
        g['C'] += np.outer(ctx, dz)
        g['S'] += np.outer(s, dz)
        dctx = p['C'] @ dz
        # attention
        dalpha = A @ dctx
        dA += np.outer(alpha, dctx)
        dscore = alpha * (dalpha - alpha @ dalpha)
        g['va'] += e.T @ dscore
        de = np.outer(dscore, p['va']) * (1 - e ** 2)
        g['Wa'] += A.T @ de
        g['Va'] += np.outer(s, de.sum(axis=0))
        dA += de @ p['Wa'].T
        ds = p['S'] @ dz + p['Va'] @ de.sum(axis=0)
    ds0 = ds * (1 - steps[0][0] ** 2)
    g['Ws'] += np.outer(A[-1], ds0)
    dA[-1] += p['Ws'] @ ds0

    dhf, dhb = dA[:, :n], dA[:, n:]
    nxt = np.zeros(n)
    for t in range(Tx - 1, -1, -1):
        d = (dhf[t] + nxt) * (1 - hf[t + 1] ** 2)
        g['Wf'] += np.outer(X[t], d)
        g['Uf'] += np.outer(hf[t], d)
        nxt = p['Uf'] @ d
    nxt = np.zeros(n)
    for t in range(Tx):
        d = (dhb[t] + nxt) * (1 - hb[t] ** 2)
        g['Wb'] += np.outer(X[t], d)
        g['Ub'] += np.outer(hb[t + 1], d)
        nxt = p['Ub'] @ d
    return g


def inputs():
    r = np.random.RandomState(106)
    V, n, m, q, K = 5, 3, 4, 3, 4
    p = dict(Wf=r.randn(V, n), Uf=r.randn(n, n) * .7, Wb=r.randn(V, n), Ub=r.randn(n, n) * .7, Ws=r.randn(2 * n, q) * .7,
             Wa=r.randn(2 * n, m) * .8, Va=r.randn(q, m) * .8, va=r.randn(m) * 1.5, C=r.randn(2 * n, q) * .8, S=r.randn(q, q) * .7, Wy=r.randn(q, K))
    return dict(p=p, date=[3, 0, 2, 4, 1], target=[1, 3, 0, 2])


def loss_of(module, args):
    return module.forward(args['p'], args['date'], args['target'])[0]


def gradients_of(module, args):
    _, cache = module.forward(args['p'], args['date'], args['target'])
    return {'d' + k: v for k, v in module.backward(args['p'], cache, args['target']).items()}


PATHS = {
    "Wf": ["p", "Wf"],
    "Uf": ["p", "Uf"],
    "Wb": ["p", "Wb"],
    "Ub": ["p", "Ub"],
    "Ws": ["p", "Ws"],
    "Wa": ["p", "Wa"],
    "Va": ["p", "Va"],
    "va": ["p", "va"],
    "C": ["p", "C"],
    "S": ["p", "S"],
    "Wy": ["p", "Wy"],
}
