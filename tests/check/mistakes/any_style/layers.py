"""Layers as classes that keep what they need in themselves, and a network that goes through them."""

import numpy as np


class Dense:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, grad):
        self.dW = np.dot(self.x.T, grad)
        self.db = np.sum(grad, axis=0)
        return np.dot(grad, self.W.T)


class Tanh:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, grad):
        return grad * (1 - self.out ** 2)


class Sigmoid:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, grad):
        return grad * self.out * (1 - self.out)


class RNN:
    def __init__(self, U, W, b):
        self.U, self.W, self.b = U, W, b

    def forward(self, xs):
        self.xs = xs
        self.hs = [np.zeros((xs.shape[0], self.W.shape[0]))]
        for t in range(xs.shape[1]):
            self.hs.append(np.tanh(xs[:, t] @ self.U + self.hs[-1] @ self.W + self.b))
        return self.hs[-1]

    def backward(self, grad):
        self.dU = np.zeros_like(self.U)
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)
        dxs = np.zeros(self.xs.shape)
        dh = grad
        for t in reversed(range(self.xs.shape[1])):
            da = dh * (1 - self.hs[t + 1] ** 2)
            self.dU += self.xs[:, t].T @ da
            self.dW += self.hs[t].T @ da
            self.db += da.sum(axis=0)
            dxs[:, t] = da @ self.U.T
            dh = da @ self.W.T
        return dxs


class MeanSquares:
    def forward(self, pred, y):
        self.pred, self.y = pred, y
        return np.mean((pred - y) ** 2)

    def backward(self):
        return 2 * (self.pred - self.y) / self.pred.size


class Network:
    def __init__(self, U, W, b, W1, b1, W2, b2):
        self.rnn = RNN(U, W, b)
        self.dense1, self.dense2 = Dense(W1, b1), Dense(W2, b2)
        self.layers = [self.rnn, self.dense1, Sigmoid(), self.dense2, Tanh()]
        self.loss = MeanSquares()

    def forward(self, xs, y):
        out = xs
        for layer in self.layers:
            out = layer.forward(out)
        return self.loss.forward(out, y)

    def backward(self, scale):
        grad = self.loss.backward() * scale
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad


INPUTS = {"xs": ("m", "T", "n_x"), "U": ("n_x", "n_a"), "W": ("n_a", "n_a"), "b": ("n_a",), "W1": ("n_a", 4),
          "b1": (4,), "W2": (4, 2), "b2": (2,), "y": ("m", 2)}  # fmt: skip


def forward(xs, U, W, b, W1, b1, W2, b2, y):
    net = Network(U, W, b, W1, b1, W2, b2)
    return {"loss": net.forward(xs, y)}, net


def backward(upstream, net):
    dxs = net.backward(upstream["loss"])
    return {
        "dxs": dxs, "dU": net.rnn.dU, "dW": net.rnn.dW, "db": net.rnn.db, "dW1": net.dense1.dW, "db1": net.dense1.db,
        "dW2": net.dense2.dW, "db2": net.dense2.db, "dy": -2 * (net.loss.pred - net.loss.y) / net.loss.y.size
        * upstream["loss"],
    }  # fmt: skip
