"""Attention pooling over the states of an RNN, class, einsum."""

import numpy as np


class AttentionRNN:
    def __init__(self, params):
        self.p = params

    def forward(self, X):
        """X (m, T, n_x) -> context (m, n_h), attention-weighted sum of the states."""
        p = self.p
        m, T, _ = X.shape
        n_h = p['Wh'].shape[0]
        H = np.zeros((m, T, n_h))
        h = np.zeros((m, n_h)) + p['h0']
        for t in range(T):
            h = np.tanh(X[:, t] @ p['Wx'] + h @ p['Wh'] + p['bh'])
            H[:, t] = h
        U = np.tanh(H @ p['Wa'] + p['ba'])           # (m, T, n_a)
        scores = U @ p['va']                         # (m, T)
        scores = scores - scores.max(axis=1, keepdims=True)
        e = np.exp(scores)
        alpha = e / e.sum(axis=1, keepdims=True)
        context = np.einsum('mt,mtn->mn', alpha, H)
        self.cache = (X, H, U, alpha)
        return context

    def backward(self, dcontext):
        p = self.p
        X, H, U, alpha = self.cache
        m, T, n_h = H.shape
        g = {}

        # context = sum_t alpha_t h_t
        dalpha = np.einsum('mn,mtn->mt', dcontext, H)
        dH = alpha[:, :, None] * dcontext[:, None, :]

        # softmax
        dscores = alpha * (dalpha - np.sum(alpha * dalpha, axis=1, keepdims=True))

        # scores
        g['va'] = np.einsum('mt,mta->a', dscores, U)
        dU = dscores[:, :, None] * p['va']
        dA = dU * (1 - U ** 2)
        g['Wa'] = np.einsum('mtn,mta->na', H, dA)
        g['ba'] = dA.sum(axis=(0, 1))
        dH += dA @ p['Wa'].T

        # through time
        for k in ['Wx', 'Wh', 'bh']:
            g[k] = np.zeros_like(p[k])
        dX = np.zeros_like(X)
        dh = np.zeros((m, n_h))
        for t in reversed(range(T)):
            dh = dh + dH[:, t]
            dz = dh * (1 - H[:, t] ** 2)
            h_prev = H[:, t - 1] if t > 0 else np.zeros((m, n_h)) + p['h0']
            g['Wx'] += X[:, t].T @ dz
            g['Wh'] += h_prev.T @ dz
            g['bh'] += dz.sum(axis=0)
            dX[:, t] = dz @ p['Wx'].T
            dh = dz @ p['Wh'].T
        g['h0'] = dh.sum(axis=0)
        return dX, g


# -- how it is called -----------------------------------------------------------------------------------------

def inputs():
    rng = np.random.default_rng(114)
    m, T, n_x, n_h, n_a = 3, 5, 2, 4, 6
    p = {"Wx": rng.normal(size=(n_x, n_h)) * 0.7, "Wh": rng.normal(size=(n_h, n_h)) * 0.5, "bh": rng.normal(size=n_h) * 0.3,
         "h0": rng.normal(size=n_h) * 0.5, "Wa": rng.normal(size=(n_h, n_a)), "ba": rng.normal(size=n_a) * 0.3,
         "va": rng.normal(size=n_a)}
    return {"params": p, "X": rng.normal(size=(m, T, n_x)), "dcontext": rng.normal(size=(m, n_h)) * 2}


def loss_of(module, args):
    return (np.sum(module.AttentionRNN(args["params"]).forward(args["X"]) * args["dcontext"]))


def gradients_of(module, args):
    net = module.AttentionRNN(args["params"])
    net.forward(args["X"])
    dX, g = net.backward(args["dcontext"])
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
    "Wx": ["params", "Wx"],
    "Wh": ["params", "Wh"],
    "bh": ["params", "bh"],
    "h0": ["params", "h0"],
    "Wa": ["params", "Wa"],
    "ba": ["params", "ba"],
    "va": ["params", "va"],
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
