"""
attention_rnn.py
Text classifier: embedding -> RNN -> additive attention (the last state asks) -> softmax
Padded sentences; the mask hides padding from the attention (the RNN itself copies its state there).
"""
import numpy as np


class AttentionClassifier:
    def __init__(self, weights):
        for name, value in weights.items():
            setattr(self, name, value)
        self.names = list(weights)

    def forward(self, tokens, mask):
        batch, steps = tokens.shape
        hidden = self.Whh.shape[0]
        self.tokens, self.mask = tokens, mask
        self.emb = self.E[tokens]
        self.cand = np.zeros((batch, steps, hidden))
        self.states = np.zeros((batch, steps, hidden))
        h = np.zeros((batch, hidden))
        for t in range(steps):
            self.cand[:, t] = np.tanh(self.emb[:, t].dot(self.Wxh) + h.dot(self.Whh) + self.bh)
            h = np.where(mask[:, t, None] > 0, self.cand[:, t], h)
            self.states[:, t] = h
        self.query = h
        # score(h_t, q) = v . tanh(h_t Wk + q Wq)
        self.inner = np.tanh(self.states.dot(self.Wk) + self.query.dot(self.Wq)[:, None, :])
        score = self.inner.dot(self.v)
        score = np.where(mask > 0, score, -1e9)
        e = np.exp(score - score.max(axis=1, keepdims=True))
        self.alpha = e / e.sum(axis=1, keepdims=True)
        self.context = np.einsum('nt,nth->nh', self.alpha, self.states)
        self.feat = np.concatenate([self.context, self.query], axis=1)
        logits = self.feat.dot(self.Wout) + self.bout
        ex = np.exp(logits - logits.max(axis=1, keepdims=True))
        self.probs = ex / ex.sum(axis=1, keepdims=True)
        return self.probs

    def loss(self, labels):
        return -np.log(self.probs[np.arange(len(labels)), labels]).mean()

    def backward(self, labels):
        batch, steps = self.tokens.shape
        hidden = self.Whh.shape[0]
        g = {name: np.zeros_like(getattr(self, name)) for name in self.names}

        dlogits = self.probs.copy()
        dlogits[np.arange(batch), labels] -= 1
        dlogits /= batch
        g['Wout'] = self.feat.T.dot(dlogits)
        g['bout'] = dlogits.sum(axis=0)
        dfeat = dlogits.dot(self.Wout.T)
        dcontext, dquery = dfeat[:, :hidden], dfeat[:, hidden:]

        # attention
        dalpha = np.einsum('nh,nth->nt', dcontext, self.states)
        dstates = self.alpha[:, :, None] * dcontext[:, None, :]
        dscore = self.alpha * (dalpha - (self.alpha * dalpha).sum(axis=1, keepdims=True))
        g['v'] = np.einsum('nt,nta->a', dscore, self.inner)
        dinner = dscore[:, :, None] * self.v * (1 - self.inner ** 2)
        g['Wk'] = np.einsum('nth,nta->ha', self.states, dinner)
        g['Wq'] = self.query.T.dot(dinner.sum(axis=1))
        dstates += dinner.dot(self.Wk.T)
        dquery = dquery + dinner.sum(axis=1).dot(self.Wq.T)

        # recurrent part
        dh = dquery
        for t in range(steps - 1, -1, -1):
            dh = dh + dstates[:, t]
            h_prev = self.states[:, t - 1] if t > 0 else np.zeros((batch, hidden))
            on = self.mask[:, t, None]
            da = on * dh * (1 - self.cand[:, t] ** 2)
            g['Wxh'] += self.emb[:, t].T.dot(da)
            g['Whh'] += h_prev.T.dot(da)
            g['bh'] += da.sum(axis=0)
            np.add.at(g['E'], self.tokens[:, t], da.dot(self.Wxh.T))
            dh = da.dot(self.Whh.T) + (1 - on) * dh
        return g


def inputs():
    r = np.random.RandomState(107)
    V, D, H, A, K = 6, 3, 4, 3, 3
    w = dict(E=r.randn(V, D), Wxh=r.randn(D, H) * .7, Whh=r.randn(H, H) * .6, bh=r.randn(H) * .3, Wk=r.randn(H, A) * .8,
             Wq=r.randn(H, A) * .8, v=r.randn(A) * 1.5, Wout=r.randn(2 * H, K) * .8, bout=r.randn(K) * .3)
    tok = np.array([[3, 1, 4, 1, 5], [2, 5, 3, 0, 0], [4, 4, 1, 2, 0]])
    return dict(w=w, tok=tok, mask=(tok > 0).astype(float), lab=np.array([0, 2, 1]))


def _net(module, a):
    n = module.AttentionClassifier(a['w'])
    n.forward(a['tok'], a['mask'])
    return n


def loss_of(module, args):
    return _net(module, args).loss(args['lab'])


def gradients_of(module, args):
    return {'d' + k: v for k, v in _net(module, args).backward(args['lab']).items()}


PATHS = {
    "E": ["w", "E"],
    "Wxh": ["w", "Wxh"],
    "Whh": ["w", "Whh"],
    "bh": ["w", "bh"],
    "Wk": ["w", "Wk"],
    "Wq": ["w", "Wq"],
    "v": ["w", "v"],
    "Wout": ["w", "Wout"],
    "bout": ["w", "bout"],
}
