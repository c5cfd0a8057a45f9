import numpy as np

# Programming assignment: LSTM with peephole connections, step by step
# x has shape (n_x, m, T_x), a has shape (n_a, m, T_x), y has shape (n_y, m, T_x)

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def softmax(x):
    e_x = np.exp(x - np.max(x, axis=0))
    return e_x / e_x.sum(axis=0)

def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    Wf, bf, pf = parameters["Wf"], parameters["bf"], parameters["pf"]
    Wi, bi, pi = parameters["Wi"], parameters["bi"], parameters["pi"]
    Wc, bc = parameters["Wc"], parameters["bc"]
    Wo, bo, po = parameters["Wo"], parameters["bo"], parameters["po"]
    Wy, by = parameters["Wy"], parameters["by"]

    # Concatenate a_prev and xt
    concat = np.concatenate((a_prev, xt), axis=0)

    ft = sigmoid(np.dot(Wf, concat) + pf * c_prev + bf)
    it = sigmoid(np.dot(Wi, concat) + pi * c_prev + bi)
    cct = np.tanh(np.dot(Wc, concat) + bc)
    c_next = ft * c_prev + it * cct
    ot = sigmoid(np.dot(Wo, concat) + po * c_next + bo)   # peeps at the new cell
    a_next = ot * np.tanh(c_next)

    yt_pred = softmax(np.dot(Wy, a_next) + by)
    cache = (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)
    return a_next, c_next, yt_pred, cache

def lstm_forward(x, a0, parameters):
    caches = []
    n_x, m, T_x = x.shape
    n_y, n_a = parameters["Wy"].shape
    a = np.zeros((n_a, m, T_x))
    y = np.zeros((n_y, m, T_x))
    a_next = a0
    c_next = np.zeros((n_a, m))
    for t in range(T_x):
        a_next, c_next, yt, cache = lstm_cell_forward(x[:, :, t], a_next, c_next, parameters)
        a[:, :, t] = a_next
        y[:, :, t] = yt
        caches.append(cache)
    return a, y, caches

def compute_loss(y_pred, y):
    m = y.shape[1]
    return -np.sum(y * np.log(y_pred)) / m

def lstm_cell_backward(da_next, dc_next, cache):
    (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters) = cache
    n_a, m = a_next.shape

    # Gates
    dot = da_next * np.tanh(c_next) * ot * (1 - ot)
    dc = dc_next + da_next * ot * (1 - np.tanh(c_next) ** 2) + parameters["po"] * dot
    dcct = dc * it * (1 - cct ** 2)
    dit = dc * cct * it * (1 - it)
    dft = dc * c_prev * ft * (1 - ft)

    # Parameters
    concat = np.concatenate((a_prev, xt), axis=0)
    dWf = np.dot(dft, concat.T)
    dWi = np.dot(dit, concat.T)
    dWc = np.dot(dcct, concat.T)
    dWo = np.dot(dot, concat.T)
    dbf = np.sum(dft, axis=1, keepdims=True)
    dbi = np.sum(dit, axis=1, keepdims=True)
    dbc = np.sum(dcct, axis=1, keepdims=True)
    dbo = np.sum(dot, axis=1, keepdims=True)
    dpf = np.sum(dft * c_prev, axis=1, keepdims=True)
    dpi = np.sum(dit * c_prev, axis=1, keepdims=True)
    dpo = np.sum(dot * c_next, axis=1, keepdims=True)

    # Previous state and input
    dconcat = np.dot(parameters["Wf"].T, dft) + np.dot(parameters["Wi"].T, dit) \
        + np.dot(parameters["Wc"].T, dcct) + np.dot(parameters["Wo"].T, dot)
    da_prev = dconcat[:n_a, :]
    dxt = dconcat[n_a:, :]
    dc_prev = dc * ft + parameters["pf"] * dft + parameters["pi"] * dit

    return {"dxt": dxt, "da_prev": da_prev, "dc_prev": dc_prev,
            "dWf": dWf, "dbf": dbf, "dpf": dpf, "dWi": dWi, "dbi": dbi, "dpi": dpi,
            "dWc": dWc, "dbc": dbc, "dWo": dWo, "dbo": dbo, "dpo": dpo}

def lstm_backward(y_pred, y, caches):
    (_, _, _, _, _, _, _, _, x1, parameters) = caches[0]
    n_y, m, T_x = y.shape
    n_x = x1.shape[0]
    n_a = parameters["Wf"].shape[0]

    gradients = {"d" + name: np.zeros_like(value) for name, value in parameters.items()}
    dx = np.zeros((n_x, m, T_x))
    da_prevt = np.zeros((n_a, m))
    dc_prevt = np.zeros((n_a, m))

    for t in reversed(range(T_x)):
        a_next = caches[t][0]
        dy = (y_pred[:, :, t] - y[:, :, t]) / m
        gradients["dWy"] += np.dot(dy, a_next.T)
        gradients["dby"] += np.sum(dy, axis=1, keepdims=True)
        da = np.dot(parameters["Wy"].T, dy)

        step = lstm_cell_backward(da + da_prevt, dc_prevt, caches[t])
        dx[:, :, t] = step["dxt"]
        da_prevt = step["da_prev"]
        dc_prevt = step["dc_prev"]
        for name in ["Wf", "bf", "pf", "Wi", "bi", "pi", "Wc", "bc", "Wo", "bo", "po"]:
            gradients["d" + name] += step["d" + name]

    gradients["dx"] = dx
    gradients["da0"] = da_prevt
    return gradients


def inputs():
    r = np.random.RandomState(12)
    n_x, n_a, n_y, m, T = 3, 4, 3, 3, 4
    p = {}
    for g in 'fico':
        p['W' + g] = r.randn(n_a, n_a + n_x) * .6
        p['b' + g] = r.randn(n_a, 1) * .3
        if g != 'c':
            p['p' + g] = r.randn(n_a, 1) * .8
    p['Wy'] = r.randn(n_y, n_a)
    p['by'] = r.randn(n_y, 1) * .2
    y = np.eye(n_y)[r.randint(0, n_y, (m, T))].transpose(2, 0, 1)
    return dict(x=r.randn(n_x, m, T), y=y, a0=r.randn(n_a, m) * .6, parameters=p)


def loss_of(module, args):
    a, y, caches = module.lstm_forward(args['x'], args['a0'], args['parameters'])
    return module.compute_loss(y, args['y'])


def gradients_of(module, args):
    a, y, caches = module.lstm_forward(args['x'], args['a0'], args['parameters'])
    return module.lstm_backward(y, args['y'], caches)


PATHS = {
    "Wf": ["parameters", "Wf"],
    "bf": ["parameters", "bf"],
    "pf": ["parameters", "pf"],
    "Wi": ["parameters", "Wi"],
    "bi": ["parameters", "bi"],
    "pi": ["parameters", "pi"],
    "Wc": ["parameters", "Wc"],
    "bc": ["parameters", "bc"],
    "Wo": ["parameters", "Wo"],
    "bo": ["parameters", "bo"],
    "po": ["parameters", "po"],
    "Wy": ["parameters", "Wy"],
    "by": ["parameters", "by"],
    "x": ["x"],
    "a0": ["a0"],
}
