import numpy as np


class TiedDecoder:
    """decoder RNN with teacher forcing; the embedding matrix is also the output matrix"""

    def __init__(self, E, Wx, Wh, bh, bo):
        self.E, self.Wx, self.Wh, self.bh, self.bo = E, Wx, Wh, bh, bo

    def loss(self, tokens, pad_mask, h0):
        """tokens (B, T+1), pad_mask (B, T) is 1 where the target counts, h0 (B, H)"""
        B, T1 = tokens.shape
        self.tokens, self.pad_mask = tokens, pad_mask
        self.h = [h0]
        self.emb, self.prob = [], []
        total = 0.
        for t in range(T1 - 1):
            e = self.E[tokens[:, t]]
            h = np.tanh(e @ self.Wx + self.h[-1] @ self.Wh + self.bh)
            logits = h @ self.E.T + self.bo
            logits = logits - logits.max(axis=1, keepdims=True)
            p = np.exp(logits)
            p /= p.sum(axis=1, keepdims=True)
            total -= np.sum(pad_mask[:, t] * np.log(p[np.arange(B), tokens[:, t + 1]]))
            self.h.append(h)
            self.emb.append(e)
            self.prob.append(p)
        return total / pad_mask.sum()

    def grads(self):
        dE = np.zeros_like(self.E)
        dWx = np.zeros_like(self.Wx)
        dWh = np.zeros_like(self.Wh)
        dbh = np.zeros_like(self.bh)
        dbo = np.zeros_like(self.bo)
        B = len(self.tokens)
        dh_next = np.zeros_like(self.h[0])
        for t in range(len(self.prob) - 1, -1, -1):
            dlogits = self.prob[t].copy()
            dlogits[np.arange(B), self.tokens[:, t + 1]] -= 1
            dlogits *= self.pad_mask[:, t][:, None]
            dlogits /= self.pad_mask.sum()
            dbo += dlogits.sum(axis=0)
            dE += dlogits.T @ self.h[t + 1]
            dh = dlogits @ self.E + dh_next
            dpre = dh * (1 - self.h[t + 1] ** 2)
            dWx += self.emb[t].T @ dpre
            dWh += self.h[t].T @ dpre
            dbh += dpre.sum(axis=0)
            np.add.at(dE, self.tokens[:, t], dpre @ self.Wx.T)
            dh_next = dpre @ self.Wh.T
        return dict(E=dE, Wx=dWx, Wh=dWh, bh=dbh, bo=dbo, h0=dh_next)


# -- what it is called with --------------------------------------------------------------------------------------


def inputs():
    r = np.random.RandomState(1515)
    V, H, B, T = 6, 4, 3, 5
    tokens = np.array([[0, 2, 3, 2, 5, 1], [0, 4, 1, 2, 1, 1], [0, 3, 3, 5, 4, 1]])
    mask = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 1, 1, 1, 0]], float)
    return dict(E=r.randn(V, H), Wx=r.randn(H, H) * .6, Wh=r.randn(H, H) * .6, bh=r.randn(H) * .4, bo=r.randn(V) * .4,
                tokens=tokens, pad_mask=mask, h0=r.randn(B, H) * .6)


def _net(module, a):
    return module.TiedDecoder(a["E"], a["Wx"], a["Wh"], a["bh"], a["bo"])


def loss_of(module, a):
    return _net(module, a).loss(a["tokens"], a["pad_mask"], a["h0"])


def gradients_of(module, a):
    n = _net(module, a)
    n.loss(a["tokens"], a["pad_mask"], a["h0"])
    return {"d" + k: v for k, v in n.grads().items()}

PATHS = {
    "E": ["E"],
    "Wx": ["Wx"],
    "Wh": ["Wh"],
    "bh": ["bh"],
    "bo": ["bo"],
    "h0": ["h0"],
}
