"""Back through time from every step anew, with a bound on how far, as blogs have it (bptt_truncate)."""

import numpy as np


class RNNNumpy:
    def __init__(self, U, V, W, bptt_truncate=5):
        self.U, self.V, self.W, self.bptt_truncate = U, V, W, bptt_truncate

    def forward_propagation(self, x):
        T = len(x)
        s = [None] * T + [np.zeros(self.W.shape[0])]
        o = [None] * T
        for t in range(T):
            s[t] = np.tanh(self.U[:, x[t]] + self.W.dot(s[t - 1]))
            z = self.V.dot(s[t])
            o[t] = np.exp(z) / np.sum(np.exp(z))
        return o, s

    def calculate_loss(self, o, y):
        return -sum(np.log(o[t][y[t]]) for t in range(len(y)))

    def bptt(self, x, y, o, s):
        T = len(y)
        dLdU = np.zeros(self.U.shape)
        dLdV = np.zeros(self.V.shape)
        dLdW = np.zeros(self.W.shape)
        for t in np.arange(T)[::-1]:
            delta_o = o[t].copy()
            delta_o[y[t]] -= 1.0
            dLdV += np.outer(delta_o, s[t].T)
            delta_t = self.V.T.dot(delta_o) * (1 - (s[t] ** 2))
            for bptt_step in np.arange(max(0, t - self.bptt_truncate), t + 1)[::-1]:
                dLdW += np.outer(delta_t, s[bptt_step - 1])
                dLdU[:, x[bptt_step]] += delta_t
                delta_t = self.W.T.dot(delta_t) * (1 - s[bptt_step - 1] ** 2)
        return dLdU, dLdV, dLdW


INPUTS = {"x": np.array([0, 4, 2, 3, 2]), "y": np.array([4, 2, 3, 2, 1]), "U": (4, 5), "V": (5, 4), "W": (4, 4)}


def forward(x, y, U, V, W):
    model = RNNNumpy(U, V, W)
    o, s = model.forward_propagation(x)
    return {"loss": model.calculate_loss(o, y)}, (model, x, y, o, s)


def backward(upstream, cache):
    model, x, y, o, s = cache
    dU, dV, dW = model.bptt(x, y, o, s)
    return {k: upstream["loss"] * v for k, v in (("dU", dU), ("dV", dV), ("dW", dW))}
