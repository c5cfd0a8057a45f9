import numpy as np

# IndRNN homework, 2 layers, softsign units, one sample at a time
# h[t] = softsign(W x[t] + u * h[t-1] + b)      (u is a vector!)
# input of layer 2 is h1 with dropout, and layer 2 has a skip connection:  s[t] = h2[t] + h1[t]
# the answer is read from the last step and from the mean of all steps


def softsign(v):
    return v / (1 + np.abs(v))


def forward_sample(x, drop, w):
    T = len(x)
    H = w['u1'].shape[0]
    h1 = np.zeros((T + 1, H))
    h2 = np.zeros((T + 1, H))
    d1 = np.zeros((T, H))
    s = np.zeros((T, H))
    for t in range(T):
        h1[t + 1] = softsign(w['W1'].dot(x[t]) + w['u1'] * h1[t] + w['b1'])
        d1[t] = drop[t] * h1[t + 1]
        h2[t + 1] = softsign(w['W2'].dot(d1[t]) + w['u2'] * h2[t] + w['b2'])
        s[t] = h2[t + 1] + h1[t + 1]
    feat = np.concatenate((s[-1], s.mean(axis=0)))
    pred = w['Wo'].dot(feat) + w['bo']
    return pred, (h1, h2, d1, feat)


def backward_sample(dpred, x, drop, w, cache, g):
    h1, h2, d1, feat = cache
    T = len(x)
    H = w['u1'].shape[0]
    g['Wo'] += np.outer(dpred, feat)
    g['bo'] += dpred
    dfeat = w['Wo'].T.dot(dpred)
    ds = np.tile(dfeat[H:] / T, (T, 1))
    ds[-1] += dfeat[:H]

    dh1_next = np.zeros(H)
    dh2_next = np.zeros(H)
    for t in range(T)[::-1]:
        # layer 2
        dh2 = ds[t] + dh2_next
        da2 = dh2 * (1 - np.abs(h2[t + 1])) ** 2
        g['W2'] += np.outer(da2, d1[t])
        g['u2'] += da2 * h2[t]
        g['b2'] += da2
        dh2_next = da2 * w['u2']
        # layer 1
        dh1 = ds[t] + dh1_next + drop[t] * w['W2'].T.dot(da2)
        da1 = dh1 * (1 - np.abs(h1[t + 1])) ** 2
        g['W1'] += np.outer(da1, x[t])
        g['u1'] += da1 * h1[t]
        g['b1'] += da1
        dh1_next = da1 * w['u1']


def train(X, Y, D, w):
    g = {}
    for key in w:
        g[key] = np.zeros(w[key].shape)
    loss = 0
    N = len(X)
    for n in range(N):
        pred, cache = forward_sample(X[n], D[n], w)
        err = pred - Y[n]
        loss += np.log(np.cosh(err)).sum() / N
        dpred = np.tanh(err) / N
        backward_sample(dpred, X[n], D[n], w, cache, g)
    return loss, g


def inputs():
    r = np.random.RandomState(130)
    N, T, Dx, H, O = 3, 4, 3, 3, 2
    w = dict(W1=r.randn(H, Dx), u1=r.randn(H), b1=r.randn(H) * .3, W2=r.randn(H, H), u2=r.randn(H), b2=r.randn(H) * .3,
             Wo=r.randn(O, 2 * H), bo=r.randn(O) * .3)
    D = (r.rand(N, T, H) > .3) / .7
    return dict(X=r.randn(N, T, Dx), Y=r.randn(N, O), D=D, w=w)


def loss_of(module, a):
    return module.train(a['X'], a['Y'], a['D'], a['w'])[0]


def gradients_of(module, a):
    return {'d' + k: v for k, v in module.train(a['X'], a['Y'], a['D'], a['w'])[1].items()}


PATHS = {
    "W1": ["w", "W1"],
    "u1": ["w", "u1"],
    "b1": ["w", "b1"],
    "W2": ["w", "W2"],
    "u2": ["w", "u2"],
    "b2": ["w", "b2"],
    "Wo": ["w", "Wo"],
    "bo": ["w", "bo"],
}
