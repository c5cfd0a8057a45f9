# GRU from scratch with closures: every piece returns its value and a function that goes back.
# Predict the next value of a signal, squared error. Row vectors, one mini batch of windows.
import numpy as np

logistic = lambda a: 1 / (1 + np.exp(-a))


def affine(W, b, grads, name):
    """returns f(x) -> (y, back); back adds to grads and hands dx on"""
    def f(x):
        def back(dy):
            grads['W' + name] += x.T @ dy
            grads['b' + name] += dy.sum(0)
            return dy @ W.T
        return x @ W + b, back
    return f


def gru_cell(params, grads):
    update = affine(params['Wu'], params['bu'], grads, 'u')
    reset = affine(params['Wr'], params['br'], grads, 'r')
    cand = affine(params['Wn'], params['bn'], grads, 'n')

    def step(x, h):
        nx = x.shape[1]
        xh = np.hstack([x, h])
        au, back_u = update(xh)
        ar, back_r = reset(xh)
        u, r = logistic(au), logistic(ar)
        an, back_n = cand(np.hstack([x, r * h]))
        n = np.tanh(an)
        new = u * h + (1 - u) * n

        def back(dnew):
            du = dnew * (h - n)
            dn = dnew * (1 - u)
            dh = dnew * u
            dxrh = back_n(dn * (1 - n ** 2))
            dx = dxrh[:, :nx]
            dr = dxrh[:, nx:] * h
            dh = dh + dxrh[:, nx:] * r
            dxh = back_u(du * u * (1 - u))
            dxh = dxh + back_r(dr * r * (1 - r))
            return dx + dxh[:, :nx], dh + dxh[:, nx:]

        return new, back

    return step


def squared_error(target):
    def f(y):
        diff = y - target
        return 0.5 * (diff ** 2).mean(), lambda: diff / diff.size
    return f


def unroll(params, signal, h0):
    """signal (N, T+1, 1): read 0..T-1, predict 1..T. Returns loss and a function giving the gradients"""
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    step = gru_cell(params, grads)
    out = affine(params['Wo'], params['bo'], grads, 'o')
    h = h0
    loss = 0.0
    tape = []
    for t in range(signal.shape[1] - 1):
        h, back_cell = step(signal[:, t], h)
        y, back_out = out(h)
        l, back_loss = squared_error(signal[:, t + 1])(y)
        loss += l
        tape.append((back_cell, back_out, back_loss))

    def gradients():
        dh = np.zeros_like(h0)
        for back_cell, back_out, back_loss in reversed(tape):
            dh = dh + back_out(back_loss())
            dx, dh = back_cell(dh)
        return dict(grads, h0=dh)

    return loss, gradients


def inputs():
    r = np.random.RandomState(108)
    D, H, N, T = 2, 3, 3, 4
    p = {}
    for g in 'urn':
        p['W' + g] = r.randn(D + H, H) * .7
        p['b' + g] = r.randn(H) * .3
    p['Wo'] = r.randn(H, D)
    p['bo'] = r.randn(D) * .3
    return dict(p=p, signal=r.randn(N, T + 1, D), h0=r.randn(N, H) * .5)


def loss_of(module, args):
    return module.unroll(args['p'], args['signal'], args['h0'])[0]


def gradients_of(module, args):
    _, back = module.unroll(args['p'], args['signal'], args['h0'])
    return {'d' + k: v for k, v in back().items()}


PATHS = {
    "Wu": ["p", "Wu"],
    "bu": ["p", "bu"],
    "Wr": ["p", "Wr"],
    "br": ["p", "br"],
    "Wn": ["p", "Wn"],
    "bn": ["p", "bn"],
    "Wo": ["p", "Wo"],
    "bo": ["p", "bo"],
    "h0": ["h0"],
}
