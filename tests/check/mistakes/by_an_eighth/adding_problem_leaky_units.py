# adding problem: every sequence has two channels (value, marker),
# target = sum of the two marked values. Plain RNN, only the last state counts.
import numpy as np


class AddingRNN:
    def __init__(self, U, W, b, v, c, s0):
        self.U = U      # (2, H)
        self.W = W      # (H, H)
        self.b = b      # (H,)
        self.v = v      # (H, 1)
        self.c = c      # (1,)
        self.s0 = s0    # (H,) learned start state, the same for every sequence

    def forward(self, X):
        """X is (batch, T, 2)"""
        N, T, _ = X.shape
        H = self.W.shape[0]
        self.X = X
        self.S = np.zeros((N, T + 1, H))
        self.S[:, 0] = self.s0
        self.A = np.zeros((N, T, H))
        for t in range(T):
            self.A[:, t] = X[:, t] @ self.U + self.S[:, t] @ self.W + self.b
            # a "leaky" unit keeps half of its old state
            self.S[:, t + 1] = 0.5 * self.S[:, t] + 0.5 * np.tanh(self.A[:, t])
        self.out = (self.S[:, T] @ self.v + self.c)[:, 0]
        return self.out

    def loss(self, X, target):
        out = self.forward(X)
        return np.mean((out - target) ** 2)

    def backward(self, target):
        N, T, _ = self.X.shape
        gU, gW, gb = np.zeros_like(self.U), np.zeros_like(self.W), np.zeros_like(self.b)
        dout = 2 * (self.out - target) / N
        dout = dout.reshape(N, 1)
        gv = self.S[:, T].T @ dout
        gc = dout.sum(axis=0)
        ds = dout @ self.v.T
        for t in range(T - 1, -1, -1):
            da = 0.5 * ds * (1 - np.tanh(self.A[:, t]) ** 2)
            gU += self.X[:, t].T @ da
            gW += self.S[:, t].T @ da
            gb += da.sum(axis=0)
            ds = 0.5 * ds + da @ self.W.T
        gs0 = ds.sum(axis=0)
        return {"U": gU, "W": gW, "b": gb, "v": gv, "c": gc, "s0": gs0}

    def sgd(self, grads, lr=0.01):
        for name in grads:
            setattr(self, name, getattr(self, name) - lr * grads[name])


def inputs():
    r = np.random.RandomState(102)
    N, T, H = 3, 5, 4
    w = dict(U=r.randn(2, H), W=r.randn(H, H) * .7, b=r.randn(H) * .3, v=r.randn(H, 1), c=r.randn(1), s0=r.randn(H) * .5)
    X = np.zeros((N, T, 2))
    X[:, :, 0] = r.rand(N, T)
    for n, (i, j) in enumerate([(0, 3), (1, 2), (0, 4)]):
        X[n, i, 1] = X[n, j, 1] = 1
    return dict(w=w, X=X, target=(X[:, :, 0] * X[:, :, 1]).sum(1))


def loss_of(module, args):
    return module.AddingRNN(**args['w']).loss(args['X'], args['target'])


def gradients_of(module, args):
    net = module.AddingRNN(**args['w'])
    net.loss(args['X'], args['target'])
    return {'d' + k: v for k, v in net.backward(args['target']).items()}


PATHS = {
    "U": ["w", "U"],
    "W": ["w", "W"],
    "b": ["w", "b"],
    "v": ["w", "v"],
    "c": ["w", "c"],
    "s0": ["w", "s0"],
}
