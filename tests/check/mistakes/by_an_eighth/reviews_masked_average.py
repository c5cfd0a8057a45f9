"""Movie review sentiment. word embedding -> LSTM -> average of the states of the real words -> logistic output"""
import numpy as np


def sigm(z):
    return 1 / (1 + np.exp(-z))


class SentimentLSTM(object):

    def __init__(self, emb, Wx, Wh, b, w_out, b_out):
        self.emb, self.Wx, self.Wh, self.b = emb, Wx, Wh, b
        self.w_out, self.b_out = w_out, b_out
        self.hid = Wh.shape[0]

    def forward(self, words, lengths, labels):
        # words: (batch, time) ids, 0 is padding; gates in order i, f, o, g
        N, T = words.shape
        D = self.hid
        self.words, self.lengths, self.labels = words, lengths, labels
        self.mask = (np.arange(T)[None, :] < lengths[:, None]).astype(float)
        self.E = self.emb[words]
        self.hs = np.zeros((N, T, D))
        self.cs = np.zeros((N, T, D))
        self.gates = np.zeros((N, T, 4 * D))
        h = np.zeros((N, D))
        c = np.zeros((N, D))
        for t in range(T):
            a = self.E[:, t].dot(self.Wx) + h.dot(self.Wh) + self.b
            i, f, o, g = sigm(a[:, :D]), sigm(a[:, D:2*D]), sigm(a[:, 2*D:3*D]), np.tanh(a[:, 3*D:])
            c = f * c + i * g
            h = o * np.tanh(c)
            self.gates[:, t] = np.concatenate((i, f, o, g), axis=1)
            self.hs[:, t] = h
            self.cs[:, t] = c
        self.pooled = (self.hs * self.mask[:, :, None]).sum(axis=1) / lengths[:, None]
        self.prob = sigm(self.pooled.dot(self.w_out) + self.b_out)
        eps = 0.0
        ll = labels * np.log(self.prob + eps) + (1 - labels) * np.log(1 - self.prob + eps)
        return -np.mean(ll)

    def backward(self):
        N, T = self.words.shape
        D = self.hid
        grad = {k: np.zeros_like(getattr(self, k)) for k in ('emb', 'Wx', 'Wh', 'b')}
        dscore = (self.prob - self.labels) / N
        grad['w_out'] = self.pooled.T.dot(dscore)
        grad['b_out'] = np.sum(dscore)
        dpool = np.outer(dscore, self.w_out)
        dpool = dpool / self.lengths[:, None]
        dh_next = np.zeros((N, D))
        dc_next = np.zeros((N, D))
        for t in reversed(range(T)):
            i, f, o, g = np.split(self.gates[:, t], 4, axis=1)
            c = self.cs[:, t]
            c_prev = self.cs[:, t-1] if t > 0 else np.zeros((N, D))
            h_prev = self.hs[:, t-1] if t > 0 else np.zeros((N, D))
            dh = dpool * self.mask[:, t][:, None] + dh_next
            tc = np.tanh(c)
            dc = dc_next + dh * o * (1 - tc * tc)
            di = dc * g * i * (1 - i)
            df = dc * c_prev * f * (1 - f)
            do = dh * tc * o * (1 - o)
            dg = dc * i * (1 - g * g)
            da = np.concatenate((di, df, do, dg), axis=1)
            grad['Wx'] += self.E[:, t].T.dot(da)
            grad['Wh'] += h_prev.T.dot(da)
            grad['b'] += da.sum(axis=0)
            np.add.at(grad['emb'], self.words[:, t], da.dot(self.Wx.T))
            dh_next = da.dot(self.Wh.T)
            dc_next = dc * f
        return grad


def inputs():
    r = np.random.RandomState(104)
    V, M, D = 6, 3, 3
    w = dict(emb=r.randn(V, M), Wx=r.randn(M, 4 * D) * .7, Wh=r.randn(D, 4 * D) * .6, b=r.randn(4 * D) * .4, w_out=r.randn(D), b_out=np.array(.3))
    words = np.array([[3, 1, 4, 1, 2], [2, 2, 5, 0, 0], [1, 5, 4, 4, 0], [3, 4, 0, 0, 0]])
    return dict(w=w, words=words, lengths=np.array([5, 3, 4, 2]), labels=np.array([1., 0., 0., 1.]))


def loss_of(module, args):
    return module.SentimentLSTM(**args['w']).forward(args['words'], args['lengths'], args['labels'])


def gradients_of(module, args):
    net = module.SentimentLSTM(**args['w'])
    net.forward(args['words'], args['lengths'], args['labels'])
    return {'d' + k: v for k, v in net.backward().items()}


PATHS = {
    "emb": ["w", "emb"],
    "Wx": ["w", "Wx"],
    "Wh": ["w", "Wh"],
    "b": ["w", "b"],
    "w_out": ["w", "w_out"],
    "b_out": ["w", "b_out"],
}
