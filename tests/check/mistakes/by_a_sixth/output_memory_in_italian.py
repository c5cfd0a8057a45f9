# -*- coding: utf-8 -*-
# Rete di Jordan (lo stato e' l'uscita precedente) con memoria a decadimento, una sola sequenza
# esercitazione 2, corso di modelli per sequenze
import numpy as np


def sig(a):
    return 1.0 / (1.0 + np.exp(-a))


def rete_jordan(x, bersaglio, U, W, V, b, c, y0, alfa, lam):
    """
    m[t] = alfa * m[t-1] + y[t-1]            memoria delle uscite (alfa appreso, uno per uscita)
    h[t] = tanh(U x[t] + W m[t] + b)
    y[t] = sig(V h[t] + c)
    errore = somma 1/2 |y - d|^2 + lam/2 (|U|^2 + |W|^2 + |V|^2)
    """
    T = len(x)
    h = [None] * T
    y = {-1: y0}
    m = {-1: np.zeros_like(y0)}
    errore = 0.0
    for t in range(T):
        m[t] = alfa * m[t - 1] + y[t - 1]
        h[t] = np.tanh(U.dot(x[t]) + W.dot(m[t]) + b)
        y[t] = sig(V.dot(h[t]) + c)
        errore += 0.5 * ((y[t] - bersaglio[t]) ** 2).sum()
    errore += 0.5 * lam * ((U ** 2).sum() + (W ** 2).sum() + (V ** 2).sum())

    # all'indietro
    dU = lam * U
    dW = lam * W
    dV = lam * V
    db, dc = np.zeros_like(b), np.zeros_like(c)
    dalfa = np.zeros_like(alfa)
    dy_dopo = np.zeros_like(y0)         # da m[t+1] verso y[t]
    dm_dopo = np.zeros_like(y0)         # da m[t+1] verso m[t]
    for t in range(T - 1, -1, -1):
        dy = (y[t] - bersaglio[t]) + dy_dopo
        ds = dy * y[t] * (1 - y[t])
        dV += np.outer(ds, h[t])
        dc += ds
        dh = V.T.dot(ds)
        da = dh * (1 - h[t] ** 2)
        dU += np.outer(da, x[t])
        dW += np.outer(da, m[t])
        db += da
        dm = W.T.dot(da) + dm_dopo
        dalfa += dm * m[t - 1]
        dm_dopo = alfa * dm
        dy_dopo = dm
    return errore, dict(U=dU, W=dW, V=dV, b=db, c=dc, alfa=dalfa, y0=dy_dopo)


def inputs():
    r = np.random.RandomState(117)
    T, D, H, K = 5, 3, 4, 2
    return dict(x=r.randn(T, D), d=r.rand(T, K), U=r.randn(H, D) * .8, W=r.randn(H, K) * .8, V=r.randn(K, H), b=r.randn(H) * .3,
                c=r.randn(K) * .3, y0=r.rand(K), alfa=np.array([.6, .4]))


def _run(m, a):
    return m.rete_jordan(a['x'], a['d'], a['U'], a['W'], a['V'], a['b'], a['c'], a['y0'], a['alfa'], .05)


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    return {'d' + k: v for k, v in _run(module, args)[1].items()}


PATHS = {
    "U": ["U"],
    "W": ["W"],
    "V": ["V"],
    "b": ["b"],
    "c": ["c"],
    "alfa": ["alfa"],
    "y0": ["y0"],
}
