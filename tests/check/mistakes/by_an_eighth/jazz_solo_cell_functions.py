# Improvise a jazz solo with an LSTM network
# a solo is a matrix (n_values, Tx) of one-hot columns, the network says the next value
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - np.max(x, axis=0, keepdims=True))
    return e / np.sum(e, axis=0, keepdims=True)


def lstm_cell_forward(xt, a_prev, c_prev, P):
    n_a = a_prev.shape[0]
    concat = np.concatenate((a_prev, xt), axis=0)
    ft = sigmoid(np.dot(P["Wf"], concat) + P["bf"])
    it = sigmoid(np.dot(P["Wi"], concat) + P["bi"])
    cct = np.tanh(np.dot(P["Wc"], concat) + P["bc"])
    c_next = ft * c_prev + it * cct
    ot = sigmoid(np.dot(P["Wo"], concat) + P["bo"])
    a_next = ot * np.tanh(c_next)
    return a_next, c_next, (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, concat)


def djmodel(X, Y, a0, c0, P):
    """X (n_x, m, Tx), Y (n_y, m, Tx) one-hot"""
    n_x, m, Tx = X.shape
    a, c = a0, c0
    caches, preds, cost = [], [], 0.
    for t in range(Tx):
        a, c, cache = lstm_cell_forward(X[:, :, t], a, c, P)
        yt = softmax(np.dot(P["Wy"], a) + P["by"])
        cost += -np.sum(Y[:, :, t] * np.log(yt)) / m
        caches.append(cache)
        preds.append(yt)
    return cost, preds, caches


def lstm_cell_backward(da_next, dc_next, cache, P):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, concat = cache
    n_a = a_next.shape[0]
    dot = da_next * np.tanh(c_next) * ot * (1 - ot)
    dc = dc_next + da_next * ot * (1 - np.tanh(c_next) ** 2)
    dcct = dc * it * (1 - cct ** 2)
    dit = dc * cct * it * (1 - it)
    dft = dc * c_prev * ft * (1 - ft)
    g = {}
    g["Wf"] = np.dot(dft, concat.T)
    g["Wi"] = np.dot(dit, concat.T)
    g["Wc"] = np.dot(dcct, concat.T)
    g["Wo"] = np.dot(dot, concat.T)
    g["bf"] = np.sum(dft, axis=1, keepdims=True)
    g["bi"] = np.sum(dit, axis=1, keepdims=True)
    g["bc"] = np.sum(dcct, axis=1, keepdims=True)
    g["bo"] = np.sum(dot, axis=1, keepdims=True)
    dconcat = np.dot(P["Wf"].T, dft) + np.dot(P["Wi"].T, dit) + np.dot(P["Wc"].T, dcct) + np.dot(P["Wo"].T, dot)
    da_prev = dconcat[:n_a]
    dxt = dconcat[n_a:]
    dc_prev = dc * ft
    return dxt, da_prev, dc_prev, g


def djmodel_backward(X, Y, preds, caches, P):
    n_x, m, Tx = X.shape
    n_a = P["bf"].shape[0]
    grads = {k: np.zeros(P[k].shape) for k in P}
    dX = np.zeros(X.shape)
    da_prev = np.zeros((n_a, m))
    dc_prev = np.zeros((n_a, m))
    for t in reversed(range(Tx)):
        dz = (preds[t] - Y[:, :, t]) / m
        grads["Wy"] += np.dot(dz, caches[t][0].T)
        grads["by"] += np.sum(dz, axis=1, keepdims=True)
        da = np.dot(P["Wy"].T, dz) + da_prev
        dX[:, :, t], da_prev, dc_prev, g = lstm_cell_backward(da, dc_prev, caches[t], P)
        for k in g:
            grads[k] += g[k]
    return grads, dX, da_prev, dc_prev


def inputs():
    r = np.random.RandomState(105)
    nx, na, m, T = 4, 3, 2, 4
    P = {}
    for k in 'fico':
        P['W' + k] = r.randn(na, na + nx) * .7
        P['b' + k] = r.randn(na, 1) * .4
    P['Wy'], P['by'] = r.randn(nx, na), r.randn(nx, 1) * .4
    ids = r.randint(0, nx, (m, T + 1))
    O = np.eye(nx)[ids].transpose(2, 0, 1)
    return dict(P=P, X=O[:, :, :T] + 0, Y=O[:, :, 1:] + 0, a0=r.randn(na, m) * .5, c0=r.randn(na, m) * .5)


def loss_of(module, args):
    return module.djmodel(args['X'], args['Y'], args['a0'], args['c0'], args['P'])[0]


def gradients_of(module, args):
    cost, preds, caches = module.djmodel(args['X'], args['Y'], args['a0'], args['c0'], args['P'])
    g, dX, da0, dc0 = module.djmodel_backward(args['X'], args['Y'], preds, caches, args['P'])
    out = {'d' + k: v for k, v in g.items()}
    out.update(dX=dX, da0=da0, dc0=dc0)
    return out


PATHS = {
    "Wf": ["P", "Wf"],
    "bf": ["P", "bf"],
    "Wi": ["P", "Wi"],
    "bi": ["P", "bi"],
    "Wc": ["P", "Wc"],
    "bc": ["P", "bc"],
    "Wo": ["P", "Wo"],
    "bo": ["P", "bo"],
    "Wy": ["P", "Wy"],
    "by": ["P", "by"],
    "X": ["X"],
    "a0": ["a0"],
    "c0": ["c0"],
}
