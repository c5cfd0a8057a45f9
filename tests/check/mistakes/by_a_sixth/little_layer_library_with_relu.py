"""nanornn: a very small layer library (toy project, see README)"""
import numpy as np


class Layer:
    def __init__(self, **params):
        self.params = params
        self.grads = {k: np.zeros_like(v) for k, v in params.items()}

    def forward(self, x):
        raise NotImplementedError

    def backward(self, grad):
        raise NotImplementedError


class Dense(Layer):
    """applies to the last axis"""
    def forward(self, x):
        self.x = x
        return x @ self.params['W'] + self.params['b']

    def backward(self, grad):
        n = self.x.shape[-1]
        self.grads['W'] += self.x.reshape(-1, n).T @ grad.reshape(-1, grad.shape[-1])
        self.grads['b'] += grad.reshape(-1, grad.shape[-1]).sum(axis=0)
        return grad @ self.params['W'].T


class Dropout(Layer):
    """inverted dropout; the keep mask is fixed from outside"""
    def __init__(self, keep, rate):
        super().__init__()
        self.keep, self.rate = keep, rate

    def forward(self, x):
        return x * self.keep / (1 - self.rate)

    def backward(self, grad):
        return grad * self.keep / (1 - self.rate)


class ReLURNN(Layer):
    """h_t = relu(x_t Wx + h_{t-1} Wh + b), shapes (batch, time, units), learnable first state"""
    def forward(self, x):
        p = self.params
        self.x = x
        self.pre = []
        self.h = [np.tile(p['h0'], (x.shape[0], 1))]
        for t in range(x.shape[1]):
            self.pre.append(x[:, t] @ p['Wx'] + self.h[-1] @ p['Wh'] + p['b'])
            self.h.append(np.maximum(self.pre[-1], 0))
        return np.stack(self.h[1:], axis=1)

    def backward(self, grad):
        p, g = self.params, self.grads
        dx = np.zeros_like(self.x)
        carry = np.zeros_like(self.h[0])
        for t in reversed(range(self.x.shape[1])):
            dpre = (grad[:, t] + carry) * (self.pre[t] > 0)
            g['Wx'] += self.x[:, t].T @ dpre
            g['Wh'] += self.h[t].T @ dpre
            g['b'] += dpre.sum(axis=0)
            dx[:, t] = dpre @ p['Wx'].T
            carry = dpre @ p['Wh'].T
        g['h0'] += carry.sum(axis=0)
        return dx


class Tanh(Layer):
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, grad):
        return grad * (1 - self.y ** 2)


class MSE:
    def forward(self, pred, target):
        self.diff = pred - target
        return np.mean(np.sum(self.diff ** 2, axis=-1))

    def backward(self):
        return 2 * self.diff / (self.diff.shape[0] * self.diff.shape[1])


class Sequential:
    def __init__(self, *layers):
        self.layers = layers
        self.loss = MSE()

    def run(self, x, target):
        for layer in self.layers:
            x = layer.forward(x)
        return self.loss.forward(x, target)

    def back(self):
        grad = self.loss.backward()
        for layer in self.layers[::-1]:
            grad = layer.backward(grad)
        return grad


def inputs():
    r = np.random.RandomState(110)
    N, T, D, E, H, K = 3, 4, 3, 3, 5, 2
    return dict(d1=dict(W=r.randn(D, E), b=r.randn(E) * .3),
                rnn=dict(Wx=r.randn(E, H) * .7, Wh=r.randn(H, H) * .5, b=r.rand(H) * .5 + .2, h0=r.rand(H)),
                d2=dict(W=r.randn(H, K) * .7, b=r.randn(K) * .3), keep=(r.rand(N, T, H) > .3).astype(float),
                x=r.randn(N, T, D), y=r.randn(N, T, K))


def _net(m, a):
    n = m.Sequential(m.Dense(**a['d1']), m.Tanh(), m.ReLURNN(**a['rnn']), m.Dropout(a['keep'], .3), m.Dense(**a['d2']))
    return n, n.run(a['x'], a['y'])


def loss_of(module, args):
    return _net(module, args)[1]


def gradients_of(module, args):
    n, _ = _net(module, args)
    dx = n.back()
    a, b, c = n.layers[0].grads, n.layers[2].grads, n.layers[4].grads
    return dict(dx=dx, dW1=a['W'], db1=a['b'], dWx=b['Wx'], dWh=b['Wh'], dbh=b['b'], dh0=b['h0'], dW2=c['W'], db2=c['b'])


PATHS = {
    "x": ["x"],
    "W1": ["d1", "W"],
    "b1": ["d1", "b"],
    "Wx": ["rnn", "Wx"],
    "Wh": ["rnn", "Wh"],
    "bh": ["rnn", "b"],
    "h0": ["rnn", "h0"],
    "W2": ["d2", "W"],
    "b2": ["d2", "b"],
}
