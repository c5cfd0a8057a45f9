import numpy as np


def new_cache():
    return {name: [] for name in ('xh', 'i', 'f', 'o', 'g', 'c_prev', 'tanh_c', 'h')}


def run_chunk(x, h, c, params, cache=None):
    """x: (B, k, D). Only with a cache the inner values are kept"""
    D = x.shape[2]
    H = h.shape[1]
    for t in range(x.shape[1]):
        xh = np.hstack([x[:, t], h])
        a = xh.dot(params['W']) + params['b']
        i = 1 / (1 + np.exp(-a[:, :H]))
        f = 1 / (1 + np.exp(-a[:, H:2 * H]))
        o = 1 / (1 + np.exp(-a[:, 2 * H:3 * H]))
        g = np.tanh(a[:, 3 * H:])
        c_prev, c = c, f * c + i * g
        h = o * np.tanh(c)
        if cache is not None:
            for name, value in zip(cache, (xh, i, f, o, g, c_prev, np.tanh(c), h)):
                cache[name].append(value)
    return h, c


def forward_pass(x, y, h, c, params, k):
    """goes through x in windows of k steps and keeps only the states at their starts (memory!)"""
    checkpoints = []
    for s in range(0, x.shape[1], k):
        checkpoints.append((h, c))
        h, c = run_chunk(x[:, s:s + k], h, c, params)
    err = h.dot(params['V']) - y
    return np.sum(err ** 2) / len(y), (checkpoints, h, err)


def backward_pass(x, params, k, saved):
    checkpoints, h_last, err = saved
    B, T, D = x.shape
    H = h_last.shape[1]
    dx = np.zeros(x.shape)
    derr = 2 * err / B
    grads = {'W': np.zeros_like(params['W']), 'b': np.zeros_like(params['b']), 'V': h_last.T.dot(derr)}
    dh = derr.dot(params['V'].T)
    dc = np.zeros_like(dh)
    for n in range(len(checkpoints) - 1, -1, -1):
        h, c = checkpoints[n]
        cache = new_cache()
        run_chunk(x[:, n * k:(n + 1) * k], h, c, params, cache)
        for t in range(len(cache['h']) - 1, -1, -1):
            i, f, o, g = cache['i'][t], cache['f'][t], cache['o'][t], cache['g'][t]
            tanh_c = cache['tanh_c'][t]
            dc = dc + dh * o * (1 - tanh_c ** 2)
            da = np.hstack([dc * g * i * (1 - i), dc * cache['c_prev'][t] * f * (1 - f),
                            dh * tanh_c * o * (1 - o), dc * i * (1 - g ** 2)])
            dc = dc * f
            grads['W'] += cache['xh'][t].T.dot(da)
            grads['b'] += da.sum(axis=0)
            dxh = da.dot(params['W'].T)
            dx[:, n * k + t], dh = dxh[:, :D], dxh[:, D:]
    grads['x'], grads['h0'], grads['c0'] = dx, dh, dc
    return grads


def inputs():
    r = np.random.RandomState(75)
    B, T, D, H, O = 3, 6, 3, 3, 2
    params = dict(W=r.randn(D + H, 4 * H) * .8, b=r.randn(4 * H) * .4, V=r.randn(H, O))
    params['b'][H:2 * H] += .8
    return dict(x=r.randn(B, T, D), y=r.randn(B, O), h=r.randn(B, H) * .8, c=r.randn(B, H), params=params)


def loss_of(module, args):
    return module.forward_pass(args['x'], args['y'], args['h'], args['c'], args['params'], 2)[0]


def gradients_of(module, args):
    _, saved = module.forward_pass(args['x'], args['y'], args['h'], args['c'], args['params'], 2)
    return {'d' + k: v for k, v in module.backward_pass(args['x'], args['params'], 2, saved).items()}


PATHS = {
    "x": ["x"],
    "h0": ["h"],
    "c0": ["c"],
    "W": ["params", "W"],
    "b": ["params", "b"],
    "V": ["params", "V"],
}
