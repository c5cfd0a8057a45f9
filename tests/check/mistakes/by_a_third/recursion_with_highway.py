import numpy as np

# highway rnn, written as a recursion: the backward pass happens on the way back up


def sig(a):
    return 1 / (1 + np.exp(-a))


def zero_grads(w):
    return {k: np.zeros_like(v) for k, v in w.items()}


def step(t, h, xs, targets, w, g, dxs):
    """returns (loss of steps t.., gradient with respect to h)"""
    if t == len(xs):
        return 0.0, np.zeros_like(h)
    x = xs[t]
    new = np.tanh(w['A'] @ x + w['B'] @ h + w['b'])
    gate = sig(w['C'] @ x + w['D'] @ h + w['d'])
    h_out = gate * new + (1 - gate) * h
    y = w['V'] @ h_out + w['S'] @ x           # S: direct path from the input
    err = y - targets[t]
    rest, dh_out = step(t + 1, h_out, xs, targets, w, g, dxs)
    # --- back
    g['V'] += np.outer(err, h_out)
    g['S'] += np.outer(err, x)
    dx = w['S'].T @ err
    dh_out = dh_out + w['V'].T @ err
    dnew = dh_out * gate * (1 - new ** 2)
    dgate = dh_out * (new - h) * gate * (1 - gate)
    g['A'] += np.outer(dnew, x)
    g['B'] += np.outer(dnew, h)
    g['b'] += dnew
    g['C'] += np.outer(dgate, x)
    g['D'] += np.outer(dgate, h)
    g['d'] += dgate
    dx = dx + w['A'].T @ dnew + w['C'].T @ dgate
    dxs[t] = dx
    dh = w['B'].T @ dnew + w['D'].T @ dgate + (1 - gate) * dh_out
    return 0.5 * err @ err + rest, dh


def loss_and_grads(xs, targets, h0, w):
    g = zero_grads(w)
    dxs = np.zeros_like(xs)
    loss, g['h0'] = step(0, h0, xs, targets, w, g, dxs)
    g['xs'] = dxs
    return loss, g


def inputs():
    r = np.random.RandomState(1414)
    T, n, H, k = 6, 2, 5, 3
    w = dict(A=r.randn(H, n) * .7, B=r.randn(H, H) * .5, b=r.randn(H) * .3, C=r.randn(H, n) * .7, D=r.randn(H, H) * .5, d=r.randn(H) * .3,
             V=r.randn(k, H) * .7, S=r.randn(k, n) * .6)
    return dict(xs=r.randn(T, n), targets=r.randn(T, k), h0=r.randn(H) * .7, w=w)


def loss_of(module, args):
    return module.loss_and_grads(args['xs'], args['targets'], args['h0'], args['w'])[0]


def gradients_of(module, args):
    g = module.loss_and_grads(args['xs'], args['targets'], args['h0'], args['w'])[1]
    return {'d' + k: v for k, v in g.items()}


PATHS = {
    "A": ["w", "A"],
    "B": ["w", "B"],
    "b": ["w", "b"],
    "C": ["w", "C"],
    "D": ["w", "D"],
    "d": ["w", "d"],
    "V": ["w", "V"],
    "S": ["w", "S"],
    "h0": ["h0"],
    "xs": ["xs"],
}
