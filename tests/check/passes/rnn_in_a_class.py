"""A layer object that keeps what it needs in itself."""

import numpy as np


class RNN:
    def forward(self, x, h0, W):
        self.x, self.W, self.h = x, W, [h0]
        for t in range(x.shape[0]):
            self.h.append(np.tanh(self.W @ np.vstack([self.h[-1], x[t]])))
        return {"h": np.stack(self.h[1:])}, None

    def backward(self, up, cache):
        n = self.h[0].shape[0]
        dW, dx, dh = np.zeros_like(self.W), np.zeros_like(self.x), np.zeros_like(self.h[0])
        for t in reversed(range(len(self.x))):
            dz = (dh + up["h"][t]) * (1 - self.h[t + 1] ** 2)
            dW += dz @ np.vstack([self.h[t], self.x[t]]).T
            both = self.W.T @ dz
            dh, dx[t] = both[:n], both[n:]
        return {"dx": dx, "dh0": dh, "dW": dW}


layer = RNN()
forward, backward = layer.forward, layer.backward


def inputs(rng):
    return {"x": rng.standard_normal((4, 3, 1)), "h0": rng.standard_normal((2, 1)), "W": rng.standard_normal((2, 5))}


WRONG = ('(dh + up["h"][t])', '(up["h"][t])')
