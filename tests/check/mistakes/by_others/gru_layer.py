"""Layer class with self.cache and backward(dout), GRU, batch first."""

import numpy as np


class GRULayer:
    """GRU, batch first: x (N, T, D) -> h (N, T, H)."""

    def __init__(self, Wx, Wh, b):
        self.Wx, self.Wh, self.b = Wx, Wh, b  # (D, 3H), (H, 3H), (3H,)
        self.cache = None

    @staticmethod
    def _sigmoid(a):
        return 1.0 / (1.0 + np.exp(-a))

    def forward(self, x, h0):
        N, T, D = x.shape
        H = h0.shape[1]
        out = np.zeros((N, T, H))
        h = h0
        self.cache = []
        for t in range(T):
            xp = x[:, t].dot(self.Wx) + self.b
            hp = h.dot(self.Wh)
            z = self._sigmoid(xp[:, :H] + hp[:, :H])
            r = self._sigmoid(xp[:, H:2 * H] + hp[:, H:2 * H])
            hn = hp[:, 2 * H:]
            n = np.tanh(xp[:, 2 * H:] + r * hn)
            h_prev = h
            h = z * h_prev + (1 - z) * n
            out[:, t] = h
            self.cache.append((x[:, t], h_prev, z, r, n, hn))
        return out

    def backward(self, dout):
        N, T, H = dout.shape
        D = self.Wx.shape[0]
        dx = np.zeros((N, T, D))
        self.dWx = np.zeros_like(self.Wx)
        self.dWh = np.zeros_like(self.Wh)
        self.db = np.zeros_like(self.b)
        dh_next = np.zeros((N, H))
        for t in range(T - 1, -1, -1):
            xt, h_prev, z, r, n, hn = self.cache[t]
            dh = dout[:, t] + dh_next
            dz = dh * (h_prev - n)
            dn = dh * (1 - z)
            dan = dn * (1 - n ** 2)
            dr = dan * hn
            daz = dz * z * (1 - z)
            dar = dr * r * (1 - r)
            dxp = np.hstack([daz, dar, dan])
            dhp = np.hstack([daz, dar, dan * r])
            dx[:, t] = dxp.dot(self.Wx.T)
            self.dWx += xt.T.dot(dxp)
            self.dWh += h_prev.T.dot(dhp)
            self.db += dxp.sum(axis=0)
            dh_next = dh * z + dhp.dot(self.Wh.T)
        self.dh0 = dh_next
        return dx


# -- how it is called -----------------------------------------------------------------------------------------

def inputs():
    rng = np.random.default_rng(105)
    N, T, D, H = 2, 5, 4, 3
    return {"x": rng.normal(size=(N, T, D)), "h0": rng.normal(size=(N, H)),
            "Wx": rng.normal(size=(D, 3 * H)) * 0.6, "Wh": rng.normal(size=(H, 3 * H)) * 0.7,
            "b": rng.normal(size=3 * H) * 0.4, "dout": rng.normal(size=(N, T, H))}


def loss_of(module, args):
    layer = module.GRULayer(args["Wx"], args["Wh"], args["b"])
    return (np.sum(layer.forward(args["x"], args["h0"]) * args["dout"]))


def gradients_of(module, args):
    layer = module.GRULayer(args["Wx"], args["Wh"], args["b"])
    layer.forward(args["x"], args["h0"])
    dx = layer.backward(args["dout"])
    return {"dx": dx, "dh0": layer.dh0, "dWx": layer.dWx, "dWh": layer.dWh, "db": layer.db}

class _Module:
    """This file's functions and variables."""

    def __getattr__(self, name):
        return globals()[name]

    def __setattr__(self, name, value):
        globals()[name] = value


PATHS = {
    "x": ["x"],
    "h0": ["h0"],
    "Wx": ["Wx"],
    "Wh": ["Wh"],
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
