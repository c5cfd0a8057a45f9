import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstmp_cell_forward(xt, a_prev, c_prev, parameters):
    """LSTM cell with a projection layer: a = Wp (o * tanh(c)).  xt (n_x, m), a_prev (n_p, m), c_prev (n_c, m)"""
    concat = np.concatenate((a_prev, xt), axis=0)
    ft = sigmoid(np.dot(parameters["Wf"], concat) + parameters["bf"])
    it = sigmoid(np.dot(parameters["Wi"], concat) + parameters["bi"])
    cct = np.tanh(np.dot(parameters["Wc"], concat) + parameters["bc"])
    c_next = ft * c_prev + it * cct
    ot = sigmoid(np.dot(parameters["Wo"], concat) + parameters["bo"])
    mt = ot * np.tanh(c_next)
    a_next = np.dot(parameters["Wp"], mt)
    cache = (a_next, c_next, mt, a_prev, c_prev, ft, it, cct, ot, xt, parameters)
    return a_next, c_next, cache


def lstmp_forward(x, a0, parameters):
    n_x, m, T_x = x.shape
    n_p = a0.shape[0]
    n_c = parameters["Wf"].shape[0]
    a = np.zeros((n_p, m, T_x))
    c = np.zeros((n_c, m, T_x))
    a_next, c_next = a0, np.zeros((n_c, m))
    caches = []
    for t in range(T_x):
        a_next, c_next, cache = lstmp_cell_forward(x[:, :, t], a_next, c_next, parameters)
        a[:, :, t] = a_next
        c[:, :, t] = c_next
        caches.append(cache)
    return a, c, caches


def lstmp_cell_backward(da_next, dc_next, cache):
    (a_next, c_next, mt, a_prev, c_prev, ft, it, cct, ot, xt, parameters) = cache
    n_p, m = a_prev.shape
    Wf, Wi, Wc, Wo, Wp = [parameters[k] for k in ("Wf", "Wi", "Wc", "Wo", "Wp")]

    dWp = np.dot(da_next, mt.T)
    dmt = np.dot(Wp.T, da_next)
    dot = dmt * np.tanh(c_next) * ot * (1 - ot)
    dct = dc_next + dmt * ot * (1 - np.tanh(c_next) ** 2)
    dcct = dct * it * (1 - cct ** 2)
    dit = dct * cct * it * (1 - it)
    dft = dct * c_prev * ft * (1 - ft)

    concat = np.concatenate((a_prev, xt), axis=0)
    dWf = np.dot(dft, concat.T)
    dWi = np.dot(dit, concat.T)
    dWc = np.dot(dcct, concat.T)
    dWo = np.dot(dot, concat.T)
    dbf = np.sum(dft, axis=1, keepdims=True)
    dbi = np.sum(dit, axis=1, keepdims=True)
    dbc = np.sum(dcct, axis=1, keepdims=True)
    dbo = np.sum(dot, axis=1, keepdims=True)

    dconcat = np.dot(Wf.T, dft) + np.dot(Wi.T, dit) + np.dot(Wc.T, dcct) + np.dot(Wo.T, dot)
    da_prev = dconcat[:n_p, :]
    dxt = dconcat[n_p:, :]
    dc_prev = dct * ft
    return {"dxt": dxt, "da_prev": da_prev, "dc_prev": dc_prev, "dWf": dWf, "dbf": dbf, "dWi": dWi, "dbi": dbi,
            "dWc": dWc, "dbc": dbc, "dWo": dWo, "dbo": dbo, "dWp": dWp}


def lstmp_backward(da, caches):
    n_p, m, T_x = da.shape
    parameters = caches[0][-1]
    n_x = caches[0][-2].shape[0]
    gradients = {"d" + k: np.zeros(v.shape) for k, v in parameters.items()}
    gradients["dx"] = np.zeros((n_x, m, T_x))
    da_prevt = np.zeros((n_p, m))
    dc_prevt = np.zeros((parameters["Wf"].shape[0], m))
    for t in reversed(range(T_x)):
        grads = lstmp_cell_backward(da[:, :, t] + da_prevt, dc_prevt, caches[t])
        da_prevt = grads["da_prev"]
        dc_prevt = grads["dc_prev"]
        gradients["dx"][:, :, t] = grads["dxt"]
        for k in parameters:
            gradients["d" + k] += grads["d" + k]
    gradients["da0"] = da_prevt
    return gradients


# -- what it is called with --------------------------------------------------------------------------------------


def inputs():
    r = np.random.RandomState(1212)
    n_x, n_p, n_c, m, T = 3, 4, 6, 2, 5
    p = {}
    for g in "fico":
        p["W" + g] = r.randn(n_c, n_p + n_x) * .6
        p["b" + g] = r.randn(n_c, 1) * .4
    p["Wp"] = r.randn(n_p, n_c) * .8
    return dict(x=r.randn(n_x, m, T), a0=r.randn(n_p, m), parameters=p, da=r.randn(n_p, m, T))


def loss_of(module, a):
    return np.sum(module.lstmp_forward(a["x"], a["a0"], a["parameters"])[0] * a["da"])


def gradients_of(module, a):
    _, _, caches = module.lstmp_forward(a["x"], a["a0"], a["parameters"])
    return module.lstmp_backward(a["da"], caches)

PATHS = {
    "Wf": ["parameters", "Wf"],
    "Wi": ["parameters", "Wi"],
    "Wc": ["parameters", "Wc"],
    "Wo": ["parameters", "Wo"],
    "bf": ["parameters", "bf"],
    "bi": ["parameters", "bi"],
    "bc": ["parameters", "bc"],
    "bo": ["parameters", "bo"],
    "Wp": ["parameters", "Wp"],
    "x": ["x"],
    "a0": ["a0"],
}
