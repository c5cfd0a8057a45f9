# Week 1 - Building your LSTM step by step (filled in notebook)
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e_x = np.exp(x - np.max(x, axis=0))
    return e_x / e_x.sum(axis=0)


def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    Wf, bf = parameters["Wf"], parameters["bf"]
    Wi, bi = parameters["Wi"], parameters["bi"]
    Wc, bc = parameters["Wc"], parameters["bc"]
    Wo, bo = parameters["Wo"], parameters["bo"]
    Wy, by = parameters["Wy"], parameters["by"]
    concat = np.concatenate((a_prev, xt), axis=0)
    ft = sigmoid(np.dot(Wf, concat) + bf)
    it = sigmoid(np.dot(Wi, concat) + bi)
    cct = np.tanh(np.dot(Wc, concat) + bc)
    c_next = ft * c_prev + it * cct
    ot = sigmoid(np.dot(Wo, concat) + bo)
    a_next = ot * np.tanh(c_next)
    yt_pred = softmax(np.dot(Wy, a_next) + by)
    cache = (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, yt_pred)
    return a_next, c_next, yt_pred, cache


def lstm_forward(x, y, a0, parameters):
    """x: (n_x, m, T_x), y: (n_y, m, T_x) one-hot. Cost: summed over time, averaged over the m examples."""
    n_x, m, T_x = x.shape
    caches = []
    a_next, c_next = a0, np.zeros(a0.shape)
    cost = 0.0
    for t in range(T_x):
        a_next, c_next, yt, cache = lstm_cell_forward(x[:, :, t], a_next, c_next, parameters)
        cost += -np.sum(y[:, :, t] * np.log(yt)) / m
        caches.append(cache)
    return cost, caches


def lstm_cell_backward(yt, da_next, dc_next, cache, parameters):
    (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, yt_pred) = cache
    n_a, m = a_next.shape
    dZy = (yt_pred - yt) / m
    dWy = np.dot(dZy, a_next.T)
    dby = np.sum(dZy, axis=1, keepdims=True)
    da = da_next + np.dot(parameters["Wy"].T, dZy)
    # gates (before the activation)
    dot = da * np.tanh(c_next) * ot * (1 - ot)
    dc = dc_next + da * ot * (1 - np.tanh(c_next) ** 2)
    dcct = dc * it * (1 - cct ** 2)
    dit = dc * cct * it * (1 - it)
    dft = dc * c_prev * ft * (1 - ft)
    concat = np.concatenate((a_prev, xt), axis=0)
    gradients = {"dWy": dWy, "dby": dby}
    gradients["dWf"] = np.dot(dft, concat.T)
    gradients["dWi"] = np.dot(dit, concat.T)
    gradients["dWc"] = np.dot(dcct, concat.T)
    gradients["dWo"] = np.dot(dot, concat.T)
    gradients["dbf"] = np.sum(dft, axis=1, keepdims=True)
    gradients["dbi"] = np.sum(dit, axis=1, keepdims=True)
    gradients["dbc"] = np.sum(dcct, axis=1, keepdims=True)
    gradients["dbo"] = np.sum(dot, axis=1, keepdims=True)
    W = parameters
    gradients["da_prev"] = (np.dot(W["Wf"][:, :n_a].T, dft) + np.dot(W["Wi"][:, :n_a].T, dit)
                            + np.dot(W["Wc"][:, :n_a].T, dcct) + np.dot(W["Wo"][:, :n_a].T, dot))
    gradients["dxt"] = (np.dot(W["Wf"][:, n_a:].T, dft) + np.dot(W["Wi"][:, n_a:].T, dit)
                        + np.dot(W["Wc"][:, n_a:].T, dcct) + np.dot(W["Wo"][:, n_a:].T, dot))
    gradients["dc_prev"] = dc * ft
    return gradients


def lstm_backward(y, caches, parameters):
    n_a, m = caches[0][0].shape
    T_x = len(caches)
    n_x = caches[0][8].shape[0]
    total = {"d" + k: np.zeros(v.shape) for k, v in parameters.items()}
    total["dx"] = np.zeros((n_x, m, T_x))
    da_prevt = np.zeros((n_a, m))
    dc_prevt = np.zeros((n_a, m))
    for t in reversed(range(T_x)):
        gradients = lstm_cell_backward(y[:, :, t], da_prevt, dc_prevt, caches[t], parameters)
        da_prevt = gradients["da_prev"]
        dc_prevt = gradients["dc_prev"]
        total["dx"][:, :, t] = gradients["dxt"]
        for k in parameters:
            total["d" + k] += gradients["d" + k]
    total["da0"] = da_prevt
    return total


def inputs():
    r = np.random.RandomState(102)
    n_x, n_a, n_y, m, T = 3, 4, 3, 2, 4
    p = {}
    for g in 'fico':
        p['W' + g] = r.randn(n_a, n_a + n_x) * .6
        p['b' + g] = r.randn(n_a, 1) * .3
    p['Wy'] = r.randn(n_y, n_a)
    p['by'] = r.randn(n_y, 1) * .3
    y = np.eye(n_y)[r.randint(0, n_y, (m, T))].transpose(2, 0, 1)
    return dict(p=p, x=r.randn(n_x, m, T), y=y, a0=r.randn(n_a, m) * .5)


def loss_of(module, args):
    return module.lstm_forward(args['x'], args['y'], args['a0'], args['p'])[0]


def gradients_of(module, args):
    _, caches = module.lstm_forward(args['x'], args['y'], args['a0'], args['p'])
    return module.lstm_backward(args['y'], caches, args['p'])


PATHS = {
    "Wf": ["p", "Wf"],
    "bf": ["p", "bf"],
    "Wi": ["p", "Wi"],
    "bi": ["p", "bi"],
    "Wc": ["p", "Wc"],
    "bc": ["p", "bc"],
    "Wo": ["p", "Wo"],
    "bo": ["p", "bo"],
    "Wy": ["p", "Wy"],
    "by": ["p", "by"],
    "x": ["x"],
    "a0": ["a0"],
}
