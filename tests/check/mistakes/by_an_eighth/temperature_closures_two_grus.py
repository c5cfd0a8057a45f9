# temperature of tomorrow from the last days (two GRU layers, closures)
import numpy as np


def sigmoid(x): return 1 / (1 + np.exp(-x))


def gru_layer(xs, W, U, b):
    """xs (T, N, D); W (D, 3H), U (H, 3H), b (3H,): update, reset, candidate.
    returns the states and a function that takes their gradients"""
    T, N, D = xs.shape
    H = U.shape[0]
    hs = np.zeros((T + 1, N, H))
    saved = []
    for t in range(T):
        wx = xs[t] @ W + b
        uh = hs[t] @ U
        u = sigmoid(wx[:, :H] + uh[:, :H])
        r = sigmoid(wx[:, H:2 * H] + uh[:, H:2 * H])
        n = np.tanh(wx[:, 2 * H:] + r * uh[:, 2 * H:])
        hs[t + 1] = (1 - u) * hs[t] + u * n
        saved.append((u, r, n, uh[:, 2 * H:]))

    def back(dhs):
        dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
        dxs = np.zeros_like(xs)
        dh = np.zeros((N, H))
        for t in reversed(range(T)):
            u, r, n, un = saved[t]
            dh = dh + dhs[t]
            du = dh * (n - hs[t]) * u * (1 - u)
            dn = dh * u * (1 - n ** 2)
            dr = dn * un * r * (1 - r)
            dwx = np.concatenate([du, dr, dn], axis=1)
            duh = np.concatenate([du, dr, dn * r], axis=1)
            dW += xs[t].T @ dwx
            dU += hs[t].T @ duh
            db += dwx.sum(axis=0)
            dxs[t] = dwx @ W.T
            dh = dh * (1 - u) + duh @ U.T
        return dxs, dW, dU, db

    return hs[1:], back


def dense(h, V, c):
    def back(dy):
        return dy @ V.T, h.T @ dy, dy.sum(axis=0)
    return h @ V + c, back


def huber(y, target, delta=1.0):
    e = y - target
    small = np.abs(e) <= delta
    loss = np.where(small, 0.5 * e ** 2, delta * (np.abs(e) - 0.5 * delta)).mean()

    def back():
        return np.where(small, e, delta * np.sign(e)) / e.size
    return loss, back


def weather_loss(days, target, P):
    h1, back1 = gru_layer(days, P['W1'], P['U1'], P['b1'])
    h2, back2 = gru_layer(h1, P['W2'], P['U2'], P['b2'])
    y, back3 = dense(np.concatenate([h1[-1], h2[-1]], axis=1), P['V'], P['c'])
    loss, back4 = huber(y, target)

    def back():
        G = {}
        H = h1.shape[2]
        dcat, G['V'], G['c'] = back3(back4())
        dh2 = np.zeros_like(h2)
        dh2[-1] = dcat[:, H:]
        dh1, G['W2'], G['U2'], G['b2'] = back2(dh2)
        dh1[-1] += dcat[:, :H]
        G['days'], G['W1'], G['U1'], G['b1'] = back1(dh1)
        return G
    return loss, back


def inputs():
    r = np.random.RandomState(108)
    T, N, D, H = 4, 3, 2, 3
    P = dict(W1=r.randn(D, 3 * H) * .7, U1=r.randn(H, 3 * H) * .7, b1=r.randn(3 * H) * .3,
             W2=r.randn(H, 3 * H) * .7, U2=r.randn(H, 3 * H) * .7, b2=r.randn(3 * H) * .3, V=r.randn(2 * H, 2), c=r.randn(2))
    return dict(P=P, days=r.randn(T, N, D), target=r.randn(N, 2) * 1.5)


def loss_of(module, args):
    return module.weather_loss(args['days'], args['target'], args['P'])[0]


def gradients_of(module, args):
    return {'d' + k: v for k, v in module.weather_loss(args['days'], args['target'], args['P'])[1]().items()}


PATHS = {
    "W1": ["P", "W1"],
    "U1": ["P", "U1"],
    "b1": ["P", "b1"],
    "W2": ["P", "W2"],
    "U2": ["P", "U2"],
    "b2": ["P", "b2"],
    "V": ["P", "V"],
    "c": ["P", "c"],
    "days": ["days"],
}
