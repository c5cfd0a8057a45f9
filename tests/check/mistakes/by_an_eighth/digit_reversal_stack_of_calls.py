# Reverse a sequence of digits with an encoder and a decoder (seq2seq), both GRU-free plain cells.
# Encoder and decoder share the embedding. The encoder's last state is the start AND is given to every decoder step.
import numpy as np

GO = 0


class Cell:
    """h' = tanh(x Wx + h Wh + b); remembers every call on a stack"""
    def __init__(self, Wx, Wh, b):
        self.Wx, self.Wh, self.b = Wx, Wh, b
        self.gWx, self.gWh, self.gb = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
        self.stack = []

    def step(self, x, h):
        new = np.tanh(x @ self.Wx + h @ self.Wh + self.b)
        self.stack.append((x, h, new))
        return new

    def unstep(self, dnew):
        x, h, new = self.stack.pop()
        dpre = dnew * (1 - new * new)
        self.gWx += x.T @ dpre
        self.gWh += h.T @ dpre
        self.gb += dpre.sum(axis=0)
        return dpre @ self.Wx.T, dpre @ self.Wh.T


class Seq2Seq:
    def __init__(self, emb, enc, dec, out):
        self.emb = emb
        self.enc = Cell(*enc)
        self.dec = Cell(*dec)
        self.out = out

    def loss(self, src, dst):
        """src (B, S), dst (B, T) digits 1..9"""
        B = src.shape[0]
        h = np.zeros((B, self.enc.Wh.shape[0]))
        for t in range(src.shape[1]):
            h = self.enc.step(self.emb[src[:, t]], h)
        self.src, self.dst, self.context = src, dst, h
        self.said = np.concatenate([np.full((B, 1), GO), dst[:, :-1]], axis=1)
        self.hidden, self.probs = [], []
        total = 0
        for t in range(dst.shape[1]):
            h = self.dec.step(np.concatenate([self.emb[self.said[:, t]], self.context], axis=1), h)
            logits = h @ self.out
            e = np.exp(logits - logits.max(axis=1, keepdims=True))
            p = e / e.sum(axis=1, keepdims=True)
            total -= np.log(p[np.arange(B), dst[:, t]]).sum()
            self.hidden.append(h)
            self.probs.append(p)
        return total / B

    def gradients(self):
        B, T = self.dst.shape
        D = self.emb.shape[1]
        gemb, gout = np.zeros_like(self.emb), np.zeros_like(self.out)
        dcontext = np.zeros_like(self.context)
        dh = np.zeros_like(self.context)
        for t in reversed(range(T)):
            dlogits = self.probs[t].copy()
            dlogits[np.arange(B), self.dst[:, t]] -= 1
            dlogits /= B
            gout += self.hidden[t].T @ dlogits
            dh += dlogits @ self.out.T
            dx, dh = self.dec.unstep(dh)
            np.add.at(gemb, self.said[:, t], dx[:, :D])
            dcontext += dx[:, D:]
        dh = dh + dcontext
        for t in reversed(range(self.src.shape[1])):
            dx, dh = self.enc.unstep(dh)
            np.add.at(gemb, self.src[:, t], dx)
        return dict(emb=gemb, out=gout,
                    eWx=self.enc.gWx, eWh=self.enc.gWh, eb=self.enc.gb,
                    dWx=self.dec.gWx, dWh=self.dec.gWh, db=self.dec.gb)


def inputs():
    r = np.random.RandomState(112)
    V, D, H, B = 5, 3, 4, 3
    w = dict(emb=r.randn(V, D), eWx=r.randn(D, H), eWh=r.randn(H, H) * .6, eb=r.randn(H) * .3,
             dWx=r.randn(D + H, H) * .7, dWh=r.randn(H, H) * .6, db=r.randn(H) * .3, out=r.randn(H, V))
    src = np.array([[1, 3, 2, 4], [4, 4, 1, 2], [2, 1, 3, 3]])
    return dict(w=w, src=src, dst=src[:, ::-1].copy())


def _net(module, args):
    w = args['w']
    return module.Seq2Seq(w['emb'], (w['eWx'], w['eWh'], w['eb']), (w['dWx'], w['dWh'], w['db']), w['out'])


def loss_of(module, args):
    return _net(module, args).loss(args['src'], args['dst'])


def gradients_of(module, args):
    net = _net(module, args)
    net.loss(args['src'], args['dst'])
    return {'d' + k: v for k, v in net.gradients().items()}


PATHS = {
    "emb": ["w", "emb"],
    "eWx": ["w", "eWx"],
    "eWh": ["w", "eWh"],
    "eb": ["w", "eb"],
    "dWx": ["w", "dWx"],
    "dWh": ["w", "dWh"],
    "db": ["w", "db"],
    "out": ["w", "out"],
}
