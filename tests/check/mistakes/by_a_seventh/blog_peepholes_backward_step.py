#!/usr/bin/env python3
# Code for the post "LSTMs can peek: peephole connections from scratch"
# column convention: z = [h; x] is one column per sequence of the batch
import numpy as np


def sigma(v):
    return 1. / (1. + np.exp(-v))


def dsigma(s):
    return s * (1. - s)


def dtanh(s):
    return 1. - s ** 2


def forward_pass(seq, h_prev, c_prev, P):
    """seq: list of (n_x, n_batch) arrays"""
    trace = []
    for x in seq:
        z = np.vstack((h_prev, x))
        # the input and forget gates peek at the OLD cell ...
        i = sigma(P['W_i'] @ z + P['p_i'] * c_prev + P['b_i'])
        f = sigma(P['W_f'] @ z + P['p_f'] * c_prev + P['b_f'])
        c_bar = np.tanh(P['W_c'] @ z + P['b_c'])
        c = f * c_prev + i * c_bar
        # ... and the output gate peeks at the NEW cell
        o = sigma(P['W_o'] @ z + P['p_o'] * c + P['b_o'])
        h = o * np.tanh(c)
        v = P['W_v'] @ h + P['b_v']
        y = np.exp(v - v.max(axis=0)) / np.exp(v - v.max(axis=0)).sum(axis=0)
        trace.append(dict(z=z, i=i, f=f, c_bar=c_bar, c=c, o=o, h=h, y=y, c_prev=c_prev))
        h_prev, c_prev = h, c
    return trace


def backward_step(target, dh_next, dc_next, s, P, G):
    n_h, n_batch = s['h'].shape
    dv = s['y'].copy()
    dv[target, np.arange(n_batch)] -= 1
    dv /= n_batch
    G['W_v'] += dv @ s['h'].T
    G['b_v'] += dv.sum(axis=1, keepdims=True)
    dh = P['W_v'].T @ dv + dh_next

    do = dh * np.tanh(s['c']) * dsigma(s['o'])
    G['W_o'] += do @ s['z'].T
    G['b_o'] += do.sum(axis=1, keepdims=True)
    G['p_o'] += (do * s['c']).sum(axis=1, keepdims=True)

    dc = dc_next + dh * s['o'] * dtanh(np.tanh(s['c'])) + do * P['p_o']

    dc_bar = dc * s['i'] * dtanh(s['c_bar'])
    G['W_c'] += dc_bar @ s['z'].T
    G['b_c'] += dc_bar.sum(axis=1, keepdims=True)

    di = dc * s['c_bar'] * dsigma(s['i'])
    G['W_i'] += di @ s['z'].T
    G['b_i'] += di.sum(axis=1, keepdims=True)
    G['p_i'] += (di * s['c_prev']).sum(axis=1, keepdims=True)

    df = dc * s['c_prev'] * dsigma(s['f'])
    G['W_f'] += df @ s['z'].T
    G['b_f'] += df.sum(axis=1, keepdims=True)
    G['p_f'] += (df * s['c_prev']).sum(axis=1, keepdims=True)

    dz = P['W_f'].T @ df + P['W_i'].T @ di + P['W_c'].T @ dc_bar + P['W_o'].T @ do
    dh_prev = dz[:n_h]
    dc_prev = s['f'] * dc + P['p_i'] * di + P['p_f'] * df
    return dh_prev, dc_prev


def forward_backward(seq, targets, h0, c0, P):
    trace = forward_pass(seq, h0, c0, P)
    n_batch = h0.shape[1]
    loss = 0.
    for s, target in zip(trace, targets):
        loss -= np.log(s['y'][target, np.arange(n_batch)]).sum() / n_batch
    G = {name: np.zeros(value.shape) for name, value in P.items()}
    dh, dc = np.zeros(h0.shape), np.zeros(c0.shape)
    for s, target in reversed(list(zip(trace, targets))):
        dh, dc = backward_step(target, dh, dc, s, P, G)
    return loss, G, dh, dc


def inputs():
    r = np.random.RandomState(20)
    T, X, H, N, V = 4, 3, 3, 2, 3
    P = {}
    for g in 'ifco':
        P['W_' + g] = r.randn(H, H + X) * .7
        P['b_' + g] = r.randn(H, 1) * .3
        if g != 'c':
            P['p_' + g] = r.randn(H, 1)
    P['W_v'] = r.randn(V, H)
    P['b_v'] = r.randn(V, 1) * .2
    return dict(seq=[r.randn(X, N) for _ in range(T)], targets=r.randint(0, V, (T, N)), h0=r.randn(H, N) * .5, c0=r.randn(H, N) * .6, P=P)


def _run(module, a):
    return module.forward_backward(a['seq'], a['targets'], a['h0'], a['c0'], a['P'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    _, G, dh, dc = _run(module, args)
    out = {'d' + k: v for k, v in G.items()}
    out.update(dh0=dh, dc0=dc)
    return out


PATHS = {
    "W_i": ["P", "W_i"],
    "W_f": ["P", "W_f"],
    "W_c": ["P", "W_c"],
    "W_o": ["P", "W_o"],
    "b_i": ["P", "b_i"],
    "b_f": ["P", "b_f"],
    "b_c": ["P", "b_c"],
    "b_o": ["P", "b_o"],
    "p_i": ["P", "p_i"],
    "p_f": ["P", "p_f"],
    "p_o": ["P", "p_o"],
    "W_v": ["P", "W_v"],
    "b_v": ["P", "b_v"],
    "h0": ["h0"],
    "c0": ["c0"],
}
