import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    # LSTM with coupled gates: what is not kept is written (input gate = 1 - forget gate)
    Wf, bf = parameters["Wf"], parameters["bf"]
    Wc, bc = parameters["Wc"], parameters["bc"]
    Wo, bo = parameters["Wo"], parameters["bo"]
    concat = np.concatenate((a_prev, xt), axis=0)
    ft = sigmoid(np.dot(Wf, concat) + bf)
    cct = np.tanh(np.dot(Wc, concat) + bc)
    ot = sigmoid(np.dot(Wo, concat) + bo)
    c_next = ft * c_prev + (1 - ft) * cct
    a_next = ot * np.tanh(c_next)
    cache = (a_next, c_next, a_prev, c_prev, ft, cct, ot, xt, parameters)
    return a_next, c_next, cache


def lstm_forward(x, a0, parameters):
    n_x, m, T_x = x.shape
    n_a = a0.shape[0]
    a = np.zeros((n_a, m, T_x))
    caches = []
    a_next, c_next = a0, np.zeros((n_a, m))
    for t in range(T_x):
        a_next, c_next, cache = lstm_cell_forward(x[:, :, t], a_next, c_next, parameters)
        a[:, :, t] = a_next
        caches.append(cache)
    return a, c_next, caches


def lstm_cell_backward(da_next, dc_next, cache):
    (a_next, c_next, a_prev, c_prev, ft, cct, ot, xt, parameters) = cache
    n_a, m = a_next.shape
    dot = da_next * np.tanh(c_next) * ot * (1 - ot)
    dc = dc_next + da_next * ot * (1 - np.square(np.tanh(c_next)))
    dcct = dc * (1 - ft) * (1 - cct ** 2)
    dft = dc * (c_prev - cct) * ft * (1 - ft)
    concat = np.concatenate((a_prev, xt), axis=0)
    gradients = {}
    gradients["dWf"] = np.dot(dft, concat.T)
    gradients["dWc"] = np.dot(dcct, concat.T)
    gradients["dWo"] = np.dot(dot, concat.T)
    gradients["dbf"] = np.sum(dft, axis=1, keepdims=True)
    gradients["dbc"] = np.sum(dcct, axis=1, keepdims=True)
    gradients["dbo"] = np.sum(dot, axis=1, keepdims=True)
    dconcat = np.dot(parameters["Wf"].T, dft) + np.dot(parameters["Wc"].T, dcct) + np.dot(parameters["Wo"].T, dot)
    gradients["da_prev"] = dconcat[:n_a, :]
    gradients["dxt"] = dconcat[n_a:, :]
    gradients["dc_prev"] = dc * ft
    return gradients


def lstm_backward(da, dcT, caches):
    n_a, m, T_x = da.shape
    names = ["dWf", "dWc", "dWo", "dbf", "dbc", "dbo"]
    total = {k: 0. for k in names}
    dx = []
    da_prevt, dc_prevt = np.zeros((n_a, m)), dcT
    for t in reversed(range(T_x)):
        gradients = lstm_cell_backward(da[:, :, t] + da_prevt, dc_prevt, caches[t])
        da_prevt, dc_prevt = gradients["da_prev"], gradients["dc_prev"]
        dx.append(gradients["dxt"])
        for k in names:
            total[k] = total[k] + gradients[k]
    total["dx"] = np.stack(dx[::-1], axis=2)
    total["da0"] = da_prevt
    return total


def inputs():
    r = np.random.RandomState(303)
    n_x, n_a, m, T = 3, 5, 2, 4
    p = {}
    for k in 'fco':
        p['W' + k] = r.randn(n_a, n_a + n_x) * .6
        p['b' + k] = r.randn(n_a, 1) * .4
    return dict(x=r.randn(n_x, m, T), a0=r.randn(n_a, m) * .7, parameters=p,
                da=r.randn(n_a, m, T), dcT=r.randn(n_a, m))


def loss_of(module, args):
    a, c, _ = module.lstm_forward(args['x'], args['a0'], args['parameters'])
    return np.sum(a * args['da']) + np.sum(c * args['dcT'])


def gradients_of(module, args):
    a, c, caches = module.lstm_forward(args['x'], args['a0'], args['parameters'])
    return dict(module.lstm_backward(args['da'], args['dcT'], caches))


PATHS = {
    "Wf": ["parameters", "Wf"],
    "Wc": ["parameters", "Wc"],
    "Wo": ["parameters", "Wo"],
    "bf": ["parameters", "bf"],
    "bc": ["parameters", "bc"],
    "bo": ["parameters", "bo"],
    "x": ["x"],
    "a0": ["a0"],
}
