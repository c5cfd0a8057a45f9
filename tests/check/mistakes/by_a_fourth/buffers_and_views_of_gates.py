import numpy as np


class FastLSTM:
    """all arrays are allocated once; gates are views on one buffer, order i f o g"""

    def __init__(self, Wx, Wh, b, N, T):
        D, H = Wx.shape[0], Wh.shape[0]
        self.Wx, self.Wh, self.b, self.T = Wx, Wh, b, T
        self.gates = np.empty((T, N, 4 * H))
        self.h, self.c = np.empty((T + 1, N, H)), np.empty((T + 1, N, H))
        self.tc = np.empty((T, N, H))
        self.dgates = np.empty((N, 4 * H))
        self.dh, self.dc = np.empty((N, H)), np.empty((N, H))
        self.dx = np.empty((T, N, D))

    def forward(self, x, h0, c0):
        self.x = x
        self.h[0], self.c[0] = h0, c0
        H = h0.shape[1]
        for t in range(self.T):
            z = self.gates[t]
            np.dot(x[t], self.Wx, out=z)
            z += np.dot(self.h[t], self.Wh)
            z += self.b
            z[:, :3 * H] = 1 / (1 + np.exp(-z[:, :3 * H]))
            z[:, 3 * H:] = np.tanh(z[:, 3 * H:])
            i, f, o, g = np.split(z, 4, axis=1)
            np.multiply(f, self.c[t], out=self.c[t + 1])
            self.c[t + 1] += i * g
            np.tanh(self.c[t + 1], out=self.tc[t])
            np.multiply(o, self.tc[t], out=self.h[t + 1])
        return self.h[1:]

    def backward(self, dout):
        dh, dc = self.dh, self.dc
        dh.fill(0)
        dc.fill(0)
        kept = []
        di, df, do, dg = np.split(self.dgates, 4, axis=1)
        for t in reversed(range(self.T)):
            i, f, o, g = np.split(self.gates[t], 4, axis=1)
            tc = self.tc[t]
            dh += dout[t]
            dc += dh * o * (1 - tc * tc)
            do[:] = dh * tc
            di[:] = dc * g
            df[:] = dc * self.c[t]
            dg[:] = dc * i
            do *= o * (1 - o)
            di *= i * (1 - i)
            df *= f * (1 - f)
            dg *= 1 - g * g
            kept.insert(0, self.dgates.copy())
            self.dx[t] = self.dgates @ self.Wx.T
            dh[:] = self.dgates @ self.Wh.T
            dc *= f
        dz = np.array(kept)
        self.dWx = np.tensordot(self.x, dz, axes=([0, 1], [0, 1]))
        self.dWh = np.tensordot(self.h[:-1], dz, axes=([0, 1], [0, 1]))
        self.db = dz.sum(axis=(0, 1))
        return self.dx, dh, dc


def inputs():
    r = np.random.RandomState(81)
    T, N, D, H = 4, 3, 2, 3
    return dict(Wx=r.randn(D, 4 * H) * .8, Wh=r.randn(H, 4 * H) * .7, b=r.randn(4 * H) * .4, x=r.randn(T, N, D), h0=r.randn(N, H) * .6,
                c0=r.randn(N, H), R=r.randn(T, N, H))


def _net(m, a):
    net = m.FastLSTM(a['Wx'], a['Wh'], a['b'], a['x'].shape[1], len(a['x']))
    return net, net.forward(a['x'], a['h0'], a['c0'])


def loss_of(module, args):
    return np.sum(_net(module, args)[1] * args['R'])


def gradients_of(module, args):
    net, _ = _net(module, args)
    dx, dh0, dc0 = net.backward(args['R'])
    return dict(dWx=net.dWx, dWh=net.dWh, db=net.db, dx=dx, dh0=dh0, dc0=dc0)


PATHS = {
    "Wx": ["Wx"],
    "Wh": ["Wh"],
    "b": ["b"],
    "x": ["x"],
    "h0": ["h0"],
    "c0": ["c0"],
}
