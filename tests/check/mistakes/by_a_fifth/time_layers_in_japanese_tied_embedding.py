# coding: utf-8
# 時系列レイヤ (ゼロから作る流) : Embedding -> Dropout -> LSTM -> Affine(重み共有) -> SoftmaxWithLoss
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    x = x - x.max(axis=1, keepdims=True)
    x = np.exp(x)
    return x / x.sum(axis=1, keepdims=True)


class LSTM:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.cache = None

    def forward(self, x, h_prev, c_prev):
        Wx, Wh, b = self.params
        N, H = h_prev.shape
        A = np.dot(x, Wx) + np.dot(h_prev, Wh) + b

        # slice
        f = sigmoid(A[:, :H])
        g = np.tanh(A[:, H:2*H])
        i = sigmoid(A[:, 2*H:3*H])
        o = sigmoid(A[:, 3*H:])

        c_next = f * c_prev + g * i
        h_next = o * np.tanh(c_next)
        self.cache = (x, h_prev, c_prev, i, f, g, o, c_next)
        return h_next, c_next

    def backward(self, dh_next, dc_next):
        Wx, Wh, b = self.params
        x, h_prev, c_prev, i, f, g, o, c_next = self.cache

        tanh_c_next = np.tanh(c_next)
        ds = dc_next + (dh_next * o) * (1 - tanh_c_next ** 2)
        dc_prev = ds * f

        di = ds * g
        df = ds * c_prev
        do = dh_next * tanh_c_next
        dg = ds * i

        di *= i * (1 - i)
        df *= f * (1 - f)
        do *= o * (1 - o)
        dg *= (1 - g ** 2)

        dA = np.hstack((df, dg, di, do))

        dWh = np.dot(h_prev.T, dA)
        dWx = np.dot(x.T, dA)
        db = dA.sum(axis=0)

        self.grads[0][...] = dWx
        self.grads[1][...] = dWh
        self.grads[2][...] = db

        dx = np.dot(dA, Wx.T)
        dh_prev = np.dot(dA, Wh.T)
        return dx, dh_prev, dc_prev


class TimeLSTM:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.layers = None

    def forward(self, xs):
        Wx, Wh, b = self.params
        N, T, D = xs.shape
        H = Wh.shape[0]
        self.layers = []
        hs = np.empty((N, T, H), dtype='f8')
        h = np.zeros((N, H), dtype='f8')
        c = np.zeros((N, H), dtype='f8')
        for t in range(T):
            layer = LSTM(*self.params)
            h, c = layer.forward(xs[:, t, :], h, c)
            hs[:, t, :] = h
            self.layers.append(layer)
        return hs

    def backward(self, dhs):
        Wx, Wh, b = self.params
        N, T, H = dhs.shape
        D = Wx.shape[0]
        dxs = np.empty((N, T, D), dtype='f8')
        dh, dc = 0, 0
        grads = [0, 0, 0]
        for t in reversed(range(T)):
            layer = self.layers[t]
            dx, dh, dc = layer.backward(dhs[:, t, :] + dh, dc)
            dxs[:, t, :] = dx
            for i, grad in enumerate(layer.grads):
                grads[i] += grad
        for i, grad in enumerate(grads):
            self.grads[i][...] = grad
        return dxs


class TimeEmbedding:
    def __init__(self, W):
        self.params = [W]
        self.grads = [np.zeros_like(W)]
        self.idx = None

    def forward(self, xs):
        self.idx = xs
        return self.params[0][xs]

    def backward(self, dout):
        N, T, D = dout.shape
        dW = self.grads[0]
        dW[...] = 0
        for t in range(T):
            np.add.at(dW, self.idx[:, t], dout[:, t])
        return None


class TimeDropout:
    def __init__(self, mask, dropout_ratio=0.25):
        self.params, self.grads = [], []
        self.mask = mask / (1.0 - dropout_ratio)   # スケール済み

    def forward(self, xs):
        return xs * self.mask

    def backward(self, dout):
        return dout * self.mask


class TimeAffine:
    def __init__(self, W, b):
        self.params = [W, b]
        self.grads = [np.zeros_like(W), np.zeros_like(b)]
        self.x = None

    def forward(self, x):
        N, T, D = x.shape
        W, b = self.params
        rx = x.reshape(N*T, -1)
        out = np.dot(rx, W) + b
        self.x = x
        return out.reshape(N, T, -1)

    def backward(self, dout):
        x = self.x
        N, T, D = x.shape
        W, b = self.params
        dout = dout.reshape(N*T, -1)
        rx = x.reshape(N*T, -1)
        db = np.sum(dout, axis=0)
        dW = np.dot(rx.T, dout)
        dx = np.dot(dout, W.T)
        dx = dx.reshape(*x.shape)
        self.grads[0][...] = dW
        self.grads[1][...] = db
        return dx


class TimeSoftmaxWithLoss:
    def __init__(self):
        self.params, self.grads = [], []
        self.cache = None
        self.ignore_label = -1

    def forward(self, xs, ts):
        N, T, V = xs.shape
        mask = (ts != self.ignore_label)
        # バッチ分と時系列分をまとめる（reshape）
        xs = xs.reshape(N * T, V)
        ts = ts.reshape(N * T)
        mask = mask.reshape(N * T)

        ys = softmax(xs)
        ls = np.log(ys[np.arange(N * T), ts])
        ls = ls * mask   # ignore_labelに該当するデータは損失を0にする
        loss = -np.sum(ls)
        loss /= mask.sum()
        self.cache = (ts, ys, mask, (N, T, V))
        return loss

    def backward(self, dout=1):
        ts, ys, mask, (N, T, V) = self.cache
        dx = ys.copy()
        dx[np.arange(N * T), ts] -= 1
        dx *= dout
        dx /= mask.sum()
        dx *= mask[:, np.newaxis]   # ignore_labelに該当するデータは勾配を0にする
        dx = dx.reshape((N, T, V))
        return dx


class Rnnlm:
    def __init__(self, embed_W, lstm_Wx, lstm_Wh, lstm_b, affine_b, drop):
        self.layers = [
            TimeEmbedding(embed_W),
            TimeDropout(drop),
            TimeLSTM(lstm_Wx, lstm_Wh, lstm_b),
            TimeAffine(embed_W.T, affine_b)]   # 重み共有
        self.loss_layer = TimeSoftmaxWithLoss()

    def forward(self, xs, ts):
        for layer in self.layers:
            xs = layer.forward(xs)
        return self.loss_layer.forward(xs, ts)

    def backward(self, dout=1):
        dout = self.loss_layer.backward(dout)
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        embed, drop, lstm, affine = self.layers
        return [embed.grads[0] + affine.grads[0].T] + lstm.grads + [affine.grads[1]]


def inputs():
    r = np.random.RandomState(31)
    V, H, N, T = 5, 4, 3, 4
    xs = np.array([[0, 2, 2, 4], [3, 0, 1, 0], [4, 4, 1, 2]])
    ts = np.array([[2, 2, 4, 1], [0, 1, 0, -1], [4, 1, -1, -1]])
    drop = (r.rand(N, T, H) > .25).astype(float)
    return dict(E=r.randn(V, H) * .8, Wx=r.randn(H, 4 * H) * .6, Wh=r.randn(H, 4 * H) * .6,
                b=r.randn(4 * H) * .3, by=r.randn(V) * .3, drop=drop, xs=xs, ts=ts)


def _net(module, a):
    net = module.Rnnlm(a['E'], a['Wx'], a['Wh'], a['b'], a['by'], a['drop'])
    return net, net.forward(a['xs'], a['ts'])


def loss_of(module, args):
    return _net(module, args)[1]


def gradients_of(module, args):
    net, loss = _net(module, args)
    return dict(zip(['dE', 'dWx', 'dWh', 'db', 'dby'], net.backward()))


PATHS = {
    "E": ["E"],
    "Wx": ["Wx"],
    "Wh": ["Wh"],
    "b": ["b"],
    "by": ["by"],
}
