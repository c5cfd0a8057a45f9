"""Class, batch first with a mask for padded lengths (LSTM)."""

import numpy as np


class MaskedLSTM(object):
    """Batch-first LSTM over padded sequences. mask[b, t] is 1 for real steps.

    On padded steps the state and the cell are held."""

    def __init__(self, W, U, b):
        self.W, self.U, self.b = W, U, b

    def sigmoid(self, x):
        return 1 / (1 + np.exp(-x))

    def forward(self, X, mask, h0, c0):
        B, T, _ = X.shape
        H = h0.shape[1]
        self.X, self.mask = X, mask
        self.steps = []
        h, c = h0, c0
        out = np.zeros((B, T, H))
        for t in range(T):
            mt = mask[:, t:t + 1]
            a = X[:, t].dot(self.W) + h.dot(self.U) + self.b
            i = self.sigmoid(a[:, 0:H])
            f = self.sigmoid(a[:, H:2 * H])
            g = np.tanh(a[:, 2 * H:3 * H])
            o = self.sigmoid(a[:, 3 * H:4 * H])
            c_new = f * c + i * g
            tc = np.tanh(c_new)
            h_new = o * tc
            self.steps.append((h, c, i, f, g, o, tc))
            h = mt * h_new + (1 - mt) * h
            c = mt * c_new + (1 - mt) * c
            out[:, t] = h * mt
        # mean over the real steps, plus the last (held) state and cell
        self.count = mask.sum()
        return out.sum(axis=1) / self.count + h + c

    def backward(self, dy):
        B, T, D = self.X.shape
        H = dy.shape[1]
        dW = np.zeros_like(self.W)
        dU = np.zeros_like(self.U)
        db = np.zeros_like(self.b)
        dX = np.zeros_like(self.X)
        dh = dy.copy()
        dc = dy.copy()
        for t in reversed(range(T)):
            mt = self.mask[:, t:t + 1]
            h_prev, c_prev, i, f, g, o, tc = self.steps[t]
            dh = dh + mt * dy / self.count
            dh_new = dh * mt
            dc_new = dc * mt + dh_new * o * (1 - tc ** 2)
            di = dc_new * g * i * (1 - i)
            df = dc_new * c_prev * f * (1 - f)
            dg = dc_new * i * (1 - g ** 2)
            do = dh_new * tc * o * (1 - o)
            da = np.concatenate([di, df, dg, do], axis=1)
            dW += self.X[:, t].T.dot(da)
            dU += h_prev.T.dot(da)
            db += da.sum(axis=0)
            dX[:, t] = da.dot(self.W.T)
            dh = da.dot(self.U.T) + (1 - mt) * dh
            dc = dc_new * f + (1 - mt) * dc
        return dX, dh, dc, dW, dU, db


# -- how it is called -----------------------------------------------------------------------------------------

def inputs():
    rng = np.random.default_rng(110)
    B, T, D, H = 3, 5, 2, 4
    lengths = np.array([5, 2, 4])
    mask = (np.arange(T)[None, :] < lengths[:, None]).astype(float)
    return {"X": rng.normal(size=(B, T, D)), "mask": mask, "h0": rng.normal(size=(B, H)), "c0": rng.normal(size=(B, H)),
            "W": rng.normal(size=(D, 4 * H)) * 0.7, "U": rng.normal(size=(H, 4 * H)) * 0.6,
            "b": rng.normal(size=4 * H) * 0.4, "dy": rng.normal(size=(B, H))}


def loss_of(module, args):
    net = module.MaskedLSTM(args["W"], args["U"], args["b"])
    return (np.sum(net.forward(args["X"], args["mask"], args["h0"], args["c0"]) * args["dy"]))


def gradients_of(module, args):
    net = module.MaskedLSTM(args["W"], args["U"], args["b"])
    net.forward(args["X"], args["mask"], args["h0"], args["c0"])
    dX, dh0, dc0, dW, dU, db = net.backward(args["dy"])
    return {"dX": dX, "dh0": dh0, "dc0": dc0, "dW": dW, "dU": dU, "db": db}

class _Module:
    """This file's functions and variables."""

    def __getattr__(self, name):
        return globals()[name]

    def __setattr__(self, name, value):
        globals()[name] = value


PATHS = {
    "X": ["X"],
    "h0": ["h0"],
    "c0": ["c0"],
    "W": ["W"],
    "U": ["U"],
    "b": ["b"],
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
