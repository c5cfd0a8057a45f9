import numpy as np


def softmax(z):
    e = np.exp(z - np.max(z, axis=0))
    return e / e.sum(axis=0)


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def gru_cell_forward(xt, a_prev, params):
    con = np.vstack([a_prev, xt])
    gu = sigmoid(params['Wu'].dot(con) + params['bu'])
    gr = sigmoid(params['Wr'].dot(con) + params['br'])
    con_r = np.vstack([gr * a_prev, xt])
    cand = np.tanh(params['Wc'].dot(con_r) + params['bc'])
    a_next = gu * cand + (1 - gu) * a_prev
    yt = softmax(params['Wy'].dot(a_next) + params['by'])
    return a_next, yt, (xt, a_prev, a_next, gu, gr, cand, con, con_r)


def gru_forward(x, Y, a0, params):
    m, T_x = x.shape[1:]
    caches, y_hat = [], np.zeros((params['by'].shape[0], m, T_x))
    a = a0
    for t in range(T_x):
        a, y_hat[:, :, t], cache = gru_cell_forward(x[:, :, t], a, params)
        caches.append(cache)
    cost = -np.sum(Y * np.log(y_hat)) / m
    return cost, y_hat, caches


def gru_cell_backward(da, cache, params, grads):
    xt, a_prev, a_next, gu, gr, cand, con, con_r = cache
    n_a = a_prev.shape[0]
    dcand = da * gu * (1 - cand ** 2)
    dgu = da * (cand - a_prev) * gu * (1 - gu)
    dcon_r = params['Wc'].T.dot(dcand)
    dgr = dcon_r[:n_a] * a_prev * gr * (1 - gr)
    dcon = params['Wu'].T.dot(dgu) + params['Wr'].T.dot(dgr)
    grads['dWc'] += dcand.dot(con_r.T)
    grads['dbc'] += dcand.sum(axis=1, keepdims=True)
    grads['dWu'] += dgu.dot(con.T)
    grads['dbu'] += dgu.sum(axis=1, keepdims=True)
    grads['dWr'] += dgr.dot(con.T)
    grads['dbr'] += dgr.sum(axis=1, keepdims=True)
    dxt = dcon[n_a:] + dcon_r[n_a:]
    da_prev = dcon[:n_a] + dcon_r[:n_a] * gr + da * (1 - gu)
    return dxt, da_prev


def gru_backward(Y, y_hat, caches, params):
    m, T_x = Y.shape[1:]
    grads = {'d' + k: np.zeros(v.shape) for k, v in params.items()}
    dx = np.zeros(caches[0][0].shape + (T_x,))
    da_prev = np.zeros(caches[0][1].shape)
    for t in reversed(range(T_x)):
        dz = (y_hat[:, :, t] - Y[:, :, t]) / m
        a_next = caches[t][2]
        grads['dWy'] += dz.dot(a_next.T)
        grads['dby'] += dz.sum(axis=1, keepdims=True)
        da = params['Wy'].T.dot(dz) + da_prev
        dx[:, :, t], da_prev = gru_cell_backward(da, caches[t], params, grads)
    grads['dx'], grads['da0'] = dx, da_prev
    return grads


def inputs():
    r = np.random.RandomState(404)
    n_x, n_a, n_y, m, T = 2, 6, 5, 3, 4
    p = {}
    for k in 'urc':
        p['W' + k] = r.randn(n_a, n_a + n_x) * .6
        p['b' + k] = r.randn(n_a, 1) * .3
    p['Wy'], p['by'] = r.randn(n_y, n_a) * .8, r.randn(n_y, 1) * .3
    Y = np.eye(n_y)[r.randint(n_y, size=(m, T))].transpose(2, 0, 1).copy()
    return dict(x=r.randn(n_x, m, T), Y=Y, a0=r.randn(n_a, m) * .6, params=p)


def loss_of(module, args):
    return module.gru_forward(args['x'], args['Y'], args['a0'], args['params'])[0]


def gradients_of(module, args):
    _, y_hat, caches = module.gru_forward(args['x'], args['Y'], args['a0'], args['params'])
    return dict(module.gru_backward(args['Y'], y_hat, caches, args['params']))


PATHS = {
    "Wu": ["params", "Wu"],
    "bu": ["params", "bu"],
    "Wr": ["params", "Wr"],
    "br": ["params", "br"],
    "Wc": ["params", "Wc"],
    "bc": ["params", "bc"],
    "Wy": ["params", "Wy"],
    "by": ["params", "by"],
    "x": ["x"],
    "a0": ["a0"],
}
