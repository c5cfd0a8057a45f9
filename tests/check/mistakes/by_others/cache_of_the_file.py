"""A step whose cache is a list of the file, and a wrapper around it."""

import numpy as np

CACHE = []


def reset():
    del CACHE[:]


def step_forward(x, h_prev, params):
    h = np.tanh(params["Wxh"] @ x + params["Whh"] @ h_prev + params["bh"])
    CACHE.append((x, h_prev, h))
    return h


def step_backward(dh, params, grads):
    x, h_prev, h = CACHE.pop()
    da = dh * (1 - h ** 2)
    grads["Wxh"] += da @ x.T
    grads["Whh"] += da @ h_prev.T
    grads["bh"] += da.sum(axis=1, keepdims=True)
    dx = params["Wxh"].T @ da
    dh_prev = params["Whh"].T @ da
    return dx, dh_prev


def softmax_loss(z, y):
    m = z.shape[1]
    e = np.exp(z - z.max(axis=0))
    p = e / e.sum(axis=0)
    loss = -np.log(p[y, np.arange(m)]).sum() / m
    dz = p.copy()
    dz[y, np.arange(m)] -= 1
    dz /= m
    return loss, dz

def loss_and_grads(params, X, Y):
    """X (T, n_x, m), Y (T, m) integer classes; loss averaged over the T * m predictions."""
    T, n_x, m = X.shape
    reset()
    h = np.repeat(params["h0"], m, axis=1)
    logits = []
    hs = []
    for t in range(T):
        h = step_forward(X[t], h, params)
        hs.append(h)
        logits.append(params["Why"] @ h + params["by"])
    loss = 0.0
    dlogits = []
    for t in range(T):
        l, d = softmax_loss(logits[t], Y[t])
        loss += l / T
        dlogits.append(d / T)

    grads = {k: np.zeros_like(v) for k, v in params.items()}
    dX = np.zeros_like(X)
    dh = np.zeros_like(h)
    for t in reversed(range(T)):
        grads["Why"] += dlogits[t] @ hs[t].T
        grads["by"] += dlogits[t].sum(axis=1, keepdims=True)
        dh = dh + params["Why"].T @ dlogits[t]
        dX[t], dh = step_backward(dh, params, grads)
    grads["h0"] = dh.sum(axis=1, keepdims=True)
    return loss, grads, dX


# -- how it is called -----------------------------------------------------------------------------------------

def inputs():
    rng = np.random.default_rng(109)
    n_x, n_h, n_y, m, T = 2, 5, 6, 3, 4
    p = {"Wxh": rng.normal(size=(n_h, n_x)), "Whh": rng.normal(size=(n_h, n_h)) * 0.6, "bh": rng.normal(size=(n_h, 1)) * 0.4,
         "Why": rng.normal(size=(n_y, n_h)), "by": rng.normal(size=(n_y, 1)) * 0.4, "h0": rng.normal(size=(n_h, 1)) * 0.6}
    return {"params": p, "X": rng.normal(size=(T, n_x, m)), "Y": rng.integers(0, n_y, size=(T, m))}


def loss_of(module, args):
    return (module.loss_and_grads(args["params"], args["X"], args["Y"])[0])


def gradients_of(module, args):
    loss, g, dX = module.loss_and_grads(args["params"], args["X"], args["Y"])
    out = {"d" + k: v for k, v in g.items()}
    out["dX"] = dX
    return out

class _Module:
    """This file's functions and variables."""

    def __getattr__(self, name):
        return globals()[name]

    def __setattr__(self, name, value):
        globals()[name] = value


PATHS = {
    "X": ["X"],
    "Wxh": ["params", "Wxh"],
    "Whh": ["params", "Whh"],
    "bh": ["params", "bh"],
    "Why": ["params", "Why"],
    "by": ["params", "by"],
    "h0": ["params", "h0"],
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
