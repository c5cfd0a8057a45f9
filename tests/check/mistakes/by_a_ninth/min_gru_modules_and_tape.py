"""minGRU for time series regression. Every module pushes what it needs on a tape and pops it on the way back."""
import numpy as np


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


class Tape(list):
    def put(self, *things):
        self.append(things)

    def take(self):
        return self.pop()


class Module:
    def __init__(self, params):
        self.params = params
        self.grads = {k: np.zeros_like(v) for k, v in params.items()}
        self.tape = Tape()


class Affine(Module):
    def forward(self, x):
        self.tape.put(x)
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dy):
        x, = self.tape.take()
        self.grads["W"] += np.tensordot(x, dy, axes=([0, 1], [0, 1])) if x.ndim == 3 else x.T @ dy
        self.grads["b"] += dy.reshape(-1, dy.shape[-1]).sum(axis=0)
        return dy @ self.params["W"].T


class MinGRU(Module):
    """z = s(x Wz + bz), c = tanh(x Wc + bc), h = (1-z) h + z c; gates do not look at h."""

    def __init__(self, z_params, c_params):
        super().__init__({})
        self.to_z = Affine(z_params)
        self.to_c = Affine(c_params)

    def forward(self, x, h0):
        B, T, _ = x.shape
        z = sigmoid(self.to_z.forward(x))
        c = np.tanh(self.to_c.forward(x))
        h = h0
        hs = np.zeros_like(z)
        for t in range(T):
            before = h
            h = (1 - z[:, t]) * h + z[:, t] * c[:, t]
            hs[:, t] = h
            self.tape.put(t, before, z[:, t], c[:, t])
        self.shape = z.shape
        return hs

    def backward(self, dhs):
        daz = np.zeros(self.shape)
        dac = np.zeros(self.shape)
        carry = np.zeros_like(dhs[:, 0])
        while self.tape:
            t, before, z, c = self.tape.take()
            dh = dhs[:, t] + carry
            daz[:, t] = dh * (c - before) * z * (1 - z)
            dac[:, t] = dh * z * (1 - c ** 2)
            carry = dh * (1 - z)
        dx = self.to_z.backward(daz)
        dx = dx + self.to_c.backward(dac)
        return dx, carry


def build(p):
    return (MinGRU(dict(W=p["Wz"], b=p["bz"]), dict(W=p["Wc"], b=p["bc"])), Affine(dict(W=p["Wo"], b=p["bo"])))


def run(p, x, h0, y):
    cell, head = build(p)
    pred = head.forward(cell.forward(x, h0))
    diff = pred - y
    loss = 0.5 * np.sum(diff ** 2) / (x.shape[0] * x.shape[1])
    dhs = head.backward(diff / (x.shape[0] * x.shape[1]))
    dx, dh0 = cell.backward(dhs)
    return loss, dict(dWz=cell.to_z.grads["W"], dbz=cell.to_z.grads["b"], dWc=cell.to_c.grads["W"],
                      dbc=cell.to_c.grads["b"], dWo=head.grads["W"], dbo=head.grads["b"], dx=dx, dh0=dh0)


def inputs():
    r = np.random.RandomState(11)
    p = dict(Wz=r.randn(3, 5), bz=r.randn(5), Wc=r.randn(3, 5), bc=r.randn(5), Wo=r.randn(5, 2), bo=r.randn(2))
    return dict(p=p, x=r.randn(4, 7, 3), h0=r.randn(4, 5), y=r.randn(4, 7, 2))


def loss_of(module, args):
    return module.run(args["p"], args["x"], args["h0"], args["y"])[0]


def gradients_of(module, args):
    return module.run(args["p"], args["x"], args["h0"], args["y"])[1]


PATHS = {k: ["p", k] for k in ("Wz", "bz", "Wc", "bc", "Wo", "bo")}
PATHS.update(x=["x"], h0=["h0"])
