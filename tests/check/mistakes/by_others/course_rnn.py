"""Course RNN: cell functions, cache tuples, parameters dict, (n, m, T)."""

import numpy as np


def rnn_cell_forward(xt, a_prev, parameters):
    Wax = parameters["Wax"]
    Waa = parameters["Waa"]
    ba = parameters["ba"]
    a_next = np.tanh(np.dot(Wax, xt) + np.dot(Waa, a_prev) + ba)
    cache = (a_next, a_prev, xt, parameters)
    return a_next, cache


def rnn_forward(x, a0, parameters):
    caches = []
    n_x, m, T_x = x.shape
    n_a = parameters["Waa"].shape[0]
    a = np.zeros((n_a, m, T_x))
    a_next = a0
    for t in range(T_x):
        a_next, cache = rnn_cell_forward(x[:, :, t], a_next, parameters)
        a[:, :, t] = a_next
        caches.append(cache)
    caches = (caches, x)
    return a, caches


def rnn_cell_backward(da_next, cache):
    (a_next, a_prev, xt, parameters) = cache
    Wax = parameters["Wax"]
    Waa = parameters["Waa"]

    # compute the gradient of the loss with respect to z
    dtanh = (1 - a_next ** 2) * da_next

    dxt = np.dot(Wax.T, dtanh)
    dWax = np.dot(dtanh, xt.T)
    da_prev = np.dot(Waa.T, dtanh)
    dWaa = np.dot(dtanh, a_prev.T)
    dba = np.sum(dtanh, axis=1, keepdims=True)

    gradients = {"dxt": dxt, "da_prev": da_prev, "dWax": dWax, "dWaa": dWaa, "dba": dba}
    return gradients


def rnn_backward(da, caches):
    (caches, x) = caches
    (a1, a0, x1, parameters) = caches[0]
    n_a, m, T_x = da.shape
    n_x, m = x1.shape

    dx = np.zeros((n_x, m, T_x))
    dWax = np.zeros((n_a, n_x))
    dWaa = np.zeros((n_a, n_a))
    dba = np.zeros((n_a, 1))
    da0 = np.zeros((n_a, m))
    da_prevt = np.zeros((n_a, m))

    for t in reversed(range(T_x)):
        gradients = rnn_cell_backward(da[:, :, t] + da_prevt, caches[t])
        dxt, da_prevt, dWaxt, dWaat, dbat = gradients["dxt"], gradients["da_prev"], gradients["dWax"], gradients["dWaa"], gradients["dba"]
        dx[:, :, t] = dxt
        dWax += dWaxt
        dWaa += dWaat
        dba += dbat

    da0 = da_prevt
    return {"dx": dx, "da0": da0, "dWax": dWax, "dWaa": dWaa, "dba": dba}


# -- how it is called -----------------------------------------------------------------------------------------

def inputs():
    rng = np.random.default_rng(102)
    n_x, n_a, m, T = 3, 5, 2, 4
    p = {"Wax": rng.normal(size=(n_a, n_x)) * 0.6, "Waa": rng.normal(size=(n_a, n_a)) * 0.5,
         "ba": rng.normal(size=(n_a, 1)) * 0.5}
    return {"x": rng.normal(size=(n_x, m, T)), "a0": rng.normal(size=(n_a, m)), "parameters": p,
            "da": rng.normal(size=(n_a, m, T))}


def loss_of(module, args):
    a, caches = module.rnn_forward(args["x"], args["a0"], args["parameters"])
    return (np.sum(a * args["da"]))


def gradients_of(module, args):
    a, caches = module.rnn_forward(args["x"], args["a0"], args["parameters"])
    return dict(module.rnn_backward(args["da"], caches))

class _Module:
    """This file's functions and variables."""

    def __getattr__(self, name):
        return globals()[name]

    def __setattr__(self, name, value):
        globals()[name] = value


PATHS = {
    "x": ["x"],
    "a0": ["a0"],
    "Wax": ["parameters", "Wax"],
    "Waa": ["parameters", "Waa"],
    "ba": ["parameters", "ba"],
}


def _at(thing, path):
    for key in path:
        thing = thing[key]
    return thing


INPUTS = {key: _at(inputs(), path) for key, path in PATHS.items()}


def _args(given):
    args = inputs()
    for key, path in PATHS.items():
        _at(args, path[:-1])[path[-1]] = given[key]
    return args


def forward(**given):
    return {"loss": loss_of(_Module(), _args(given))}, given


def backward(upstream, cache):
    return {key: value * upstream["loss"] for key, value in gradients_of(_Module(), _args(cache)).items()}
