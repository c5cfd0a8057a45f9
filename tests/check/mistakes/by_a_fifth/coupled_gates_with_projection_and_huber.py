#!/usr/bin/env python
"""LSTM with coupled input/forget gate and a recurrent projection (LSTMP), batch first.

fused weights: columns are [f | o | g], g = candidate, i = 1 - f
"""
import numpy as np


def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


def huber(pred, target, delta):
    e = pred - target
    small = np.abs(e) <= delta
    return np.where(small, 0.5 * e * e, delta * (np.abs(e) - 0.5 * delta)).mean()


def huber_grad(pred, target, delta):
    e = pred - target
    return np.clip(e, -delta, delta) / e.size


def lstmp_forward(x, Wx, Wr, bias, P):
    N, T, _ = x.shape
    C, R = P.shape
    r = np.zeros((N, R))
    c = np.zeros((N, C))
    rs, cache = [], []
    for t in range(T):
        pre = x[:, t] @ Wx + r @ Wr + bias
        f, o, g = np.split(pre, 3, axis=1)
        f, o, g = sigmoid(f), sigmoid(o), np.tanh(g)
        c_new = f * c + (1 - f) * g
        h = o * np.tanh(c_new)
        r_new = h @ P
        cache.append((x[:, t], r, c, f, o, g, c_new, h))
        r, c = r_new, c_new
        rs.append(r)
    return np.stack(rs, 1), cache


def lstmp_backward(dout, cache, Wx, Wr, P):
    N, T, R = dout.shape
    dWx, dWr, dP = np.zeros_like(Wx), np.zeros_like(Wr), np.zeros_like(P)
    dbias = np.zeros(Wx.shape[1])
    dx = np.zeros((N, T, Wx.shape[0]))
    dr_next = np.zeros((N, R))
    dc_next = np.zeros((N, P.shape[0]))
    for t in range(T - 1, -1, -1):
        xt, r_prev, c_prev, f, o, g, c, h = cache[t]
        dr = dout[:, t] + dr_next
        dP += h.T @ dr
        dh = dr @ P.T
        tc = np.tanh(c)
        do = dh * tc * o * (1 - o)
        dc = dh * o * (1 - tc * tc) + dc_next
        df = dc * (c_prev - g) * f * (1 - f)
        dg = dc * (1 - f) * (1 - g * g)
        dpre = np.concatenate([df, do, dg], axis=1)
        dWx += xt.T @ dpre
        dWr += r_prev.T @ dpre
        dbias += dpre.sum(axis=0)
        dx[:, t] = dpre @ Wx.T
        dr_next = dpre @ Wr.T
        dc_next = dc * f
    return dx, dWx, dWr, dbias, dP


def run(x, y, p, delta=1.0):
    """two LSTMP layers, the input of each is added to its output (residual)"""
    r1, cache1 = lstmp_forward(x, p['Wx1'], p['Wr1'], p['b1'], p['P1'])
    a1 = x + r1
    r2, cache2 = lstmp_forward(a1, p['Wx2'], p['Wr2'], p['b2'], p['P2'])
    a2 = a1 + r2
    pred = a2 @ p['Wo'] + p['bo']
    loss = huber(pred, y, delta)

    g = {}
    dpred = huber_grad(pred, y, delta)
    g['Wo'] = np.tensordot(a2, dpred, axes=((0, 1), (0, 1)))
    g['bo'] = dpred.sum(axis=(0, 1))
    da2 = dpred @ p['Wo'].T
    dx2, g['Wx2'], g['Wr2'], g['b2'], g['P2'] = lstmp_backward(da2, cache2, p['Wx2'], p['Wr2'], p['P2'])
    da1 = da2 + dx2
    dx1, g['Wx1'], g['Wr1'], g['b1'], g['P1'] = lstmp_backward(da1, cache1, p['Wx1'], p['Wr1'], p['P1'])
    g['x'] = da1 + dx1
    return loss, g


def inputs():
    r = np.random.RandomState(111)
    N, T, D, C, O = 3, 4, 3, 4, 2
    p = {}
    for k in '12':
        p['Wx' + k] = r.randn(D, 3 * C) * .6
        p['Wr' + k] = r.randn(D, 3 * C) * .6
        p['b' + k] = r.randn(3 * C) * .3
        p['P' + k] = r.randn(C, D) * .8
    p['Wo'] = r.randn(D, O)
    p['bo'] = r.randn(O) * .3
    return dict(x=r.randn(N, T, D), y=r.randn(N, T, O), p=p)


def loss_of(module, a):
    return module.run(a['x'], a['y'], a['p'])[0]


def gradients_of(module, a):
    return {'d' + k: v for k, v in module.run(a['x'], a['y'], a['p'])[1].items()}


PATHS = {
    "Wx1": ["p", "Wx1"],
    "Wr1": ["p", "Wr1"],
    "b1": ["p", "b1"],
    "P1": ["p", "P1"],
    "Wx2": ["p", "Wx2"],
    "Wr2": ["p", "Wr2"],
    "b2": ["p", "b2"],
    "P2": ["p", "P2"],
    "Wo": ["p", "Wo"],
    "bo": ["p", "bo"],
    "x": ["x"],
}
