import numpy as np


def get_params(n_in, n_hidden, n_layers, n_out, rng):
    """[W_xh, W_hh, b_h, h0] * n_layers + [W_hq, b_q]"""
    params = []
    for l in range(n_layers):
        params += [rng.normal(0, 0.6, (n_in if l == 0 else n_hidden, n_hidden)), rng.normal(0, 0.6, (n_hidden, n_hidden)),
                   rng.normal(0, 0.2, n_hidden), rng.normal(0, 0.5, n_hidden)]
    return params + [rng.normal(0, 0.8, (n_hidden, n_out)), rng.normal(0, 0.2, n_out)]


def rnn(inputs, params):
    # inputs: (num_steps, batch_size, n_in)
    L = (len(params) - 2) // 4
    W_hq, b_q = params[-2:]
    states = [[np.repeat(params[4 * l + 3][None], inputs.shape[1], 0)] for l in range(L)]
    outputs = []
    for X in inputs:
        for l in range(L):
            W_xh, W_hh, b_h = params[4 * l:4 * l + 3]
            X = np.tanh(X @ W_xh + states[l][-1] @ W_hh + b_h)
            states[l].append(X)
        outputs.append(X @ W_hq + b_q)
    return np.stack(outputs), states


def huber(Y_hat, Y):
    r = Y_hat - Y
    return np.where(abs(r) < 1, r ** 2 / 2, abs(r) - 0.5).mean(), np.clip(r, -1, 1) / r.size


def rnn_grad(inputs, states, dY, params):
    L = len(states)
    grads = [np.zeros_like(p) for p in params]
    B, H = states[0][0].shape
    dstates = [np.zeros((B, H)) for _ in range(L)]
    for t in range(len(inputs) - 1, -1, -1):
        grads[-2] += states[-1][t + 1].T @ dY[t]
        grads[-1] += dY[t].sum(0)
        dX = dY[t] @ params[-2].T
        for l in range(L - 1, -1, -1):
            W_xh, W_hh = params[4 * l], params[4 * l + 1]
            below = states[l - 1][t + 1] if l > 0 else inputs[t]
            dstates[l] += dX
            dz = dstates[l] * (1 - states[l][t + 1] ** 2)
            grads[4 * l] += below.T @ dz
            grads[4 * l + 1] += states[l][t].T @ dz
            grads[4 * l + 2] += dz.sum(0)
            dX = dz @ W_xh.T
            dstates[l][:] = dz @ W_hh.T
    for l in range(L):
        grads[4 * l + 3] = dstates[l].sum(0)
    return grads


NAMES = ['W_xh0', 'W_hh0', 'b_h0', 'init0', 'W_xh1', 'W_hh1', 'b_h1', 'init1', 'W_hq', 'b_q']


def inputs():
    r = np.random.RandomState(84)
    I, H, O, T, B = 3, 3, 2, 4, 2
    params = []
    for l in range(2):
        params += [r.randn(I if l == 0 else H, H) * .7, r.randn(H, H) * .7, r.randn(H) * .2, r.randn(H) * .6]
    params += [r.randn(H, O), r.randn(O) * .2]
    return dict(x=r.randn(T, B, I), y=r.randn(T, B, O) * 1.5, params=params)


def loss_of(module, args):
    out, _ = module.rnn(args['x'], args['params'])
    return module.huber(out, args['y'])[0]


def gradients_of(module, args):
    out, states = module.rnn(args['x'], args['params'])
    _, dY = module.huber(out, args['y'])
    return {'d' + n: v for n, v in zip(NAMES, module.rnn_grad(args['x'], states, dY, args['params']))}


PATHS = {
    "W_xh0": ["params", 0],
    "W_hh0": ["params", 1],
    "b_h0": ["params", 2],
    "init0": ["params", 3],
    "W_xh1": ["params", 4],
    "W_hh1": ["params", 5],
    "b_h1": ["params", 6],
    "init1": ["params", 7],
    "W_hq": ["params", 8],
    "b_q": ["params", 9],
}
