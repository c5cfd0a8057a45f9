import numpy as np


class Translator:
    """encoder-decoder with Luong attention (dot). Columns are the examples; one embedding for both sides"""

    def __init__(self, p):
        self.p = p

    def forward(self, src, trg):
        p, self.src, self.trg = self.p, src, trg
        self.enc = [np.zeros((p['be'].shape[0], src.shape[1]))]
        for t in range(len(src)):
            self.enc.append(np.tanh(p['We'] @ p['E'][:, src[t]] + p['Ue'] @ self.enc[-1] + p['be']))
        S = np.stack(self.enc[1:])                                    # (S, H, B)
        h, self.steps, loss = self.enc[-1], [], 0
        for t in range(len(trg) - 1):
            h_old, h = h, np.tanh(p['Wd'] @ p['E'][:, trg[t]] + p['Ud'] @ h + p['bd'])
            a = np.exp(np.sum(S * h, axis=1))
            a = a / a.sum(axis=0)                                     # (S, B)
            cat = np.vstack([np.sum(a[:, None] * S, axis=0), h])
            q = np.tanh(p['Wc'] @ cat)
            e = np.exp(p['Wo'] @ q + p['bo'])
            prob = e / e.sum(axis=0)
            loss -= np.mean(np.log(prob[trg[t + 1], np.arange(trg.shape[1])]))
            self.steps.append((h_old, h, a, cat, q, prob))
        return loss

    def backward(self):
        p, src, trg = self.p, self.src, self.trg
        d = {k: np.zeros_like(v) for k, v in p.items()}
        S = np.stack(self.enc[1:])
        H, B = self.enc[0].shape
        dS = np.zeros_like(S)
        dh_next = np.zeros((H, B))
        for t in reversed(range(len(trg) - 1)):
            h_old, h, a, cat, q, prob = self.steps[t]
            dlogit = prob.copy()
            dlogit[trg[t + 1], np.arange(B)] -= 1
            dlogit /= B
            d['Wo'] += dlogit @ q.T
            d['bo'] += dlogit.sum(axis=1, keepdims=True)
            dq = (p['Wo'].T @ dlogit) * (1 - q ** 2)
            d['Wc'] += dq @ cat.T
            dcat = p['Wc'].T @ dq
            dctx, dh = dcat[:H], dcat[H:] + dh_next
            # attention
            da = np.sum(S * dctx, axis=1)
            dscore = a * (da - np.sum(a * da, axis=0, keepdims=True))
            dS += a[:, None] * dctx
            dS += dscore[:, None] * h
            dh = dh + np.sum(dscore[:, None] * S, axis=0)
            # cell
            dz = dh * (1 - h ** 2)
            d['Wd'] += dz @ p['E'][:, trg[t]].T
            d['Ud'] += dz @ h_old.T
            d['bd'] += dz.sum(axis=1, keepdims=True)
            np.add.at(d['E'].T, trg[t], (p['Wd'].T @ dz).T)
            dh_next = p['Ud'].T @ dz
        dh = dh_next
        for t in reversed(range(len(src))):
            dz = (dh + dS[t]) * (1 - self.enc[t + 1] ** 2)
            d['We'] += dz @ p['E'][:, src[t]].T
            d['Ue'] += dz @ self.enc[t].T
            d['be'] += dz.sum(axis=1, keepdims=True)
            np.add.at(d['E'].T, src[t], (p['We'].T @ dz).T)
            dh = p['Ue'].T @ dz
        return d


def inputs():
    r = np.random.RandomState(80)
    V, D, H, M = 5, 3, 3, 4
    p = dict(E=r.randn(D, V) * .8, Wc=r.randn(M, 2 * H) * .7, Wo=r.randn(V, M) * .8, bo=r.randn(V, 1) * .2)
    for k in 'ed':
        p['W' + k], p['U' + k], p['b' + k] = r.randn(H, D) * .8, r.randn(H, H) * .7, r.randn(H, 1) * .2
    src = np.array([[1, 4], [3, 3], [2, 0]])
    trg = np.array([[0, 0], [2, 4], [4, 1], [1, 3]])
    return dict(src=src, trg=trg, p=p)


def loss_of(module, args):
    return module.Translator(args['p']).forward(args['src'], args['trg'])


def gradients_of(module, args):
    net = module.Translator(args['p'])
    net.forward(args['src'], args['trg'])
    return {'d' + k: v for k, v in net.backward().items()}


PATHS = {
    "E": ["p", "E"],
    "We": ["p", "We"],
    "Ue": ["p", "Ue"],
    "be": ["p", "be"],
    "Wd": ["p", "Wd"],
    "Ud": ["p", "Ud"],
    "bd": ["p", "bd"],
    "Wc": ["p", "Wc"],
    "Wo": ["p", "Wo"],
    "bo": ["p", "bo"],
}
