# Part-of-speech tagger, bidirectional Elman network, batch of padded sentences (0 = padding or unknown word, not counted)
import numpy as np


class Tagger:
    def __init__(self, params):
        self.params = params

    def run_direction(self, E, W, U, b, order, mask):
        # zero words leave the state alone
        N, T, D = E.shape
        H = U.shape[0]
        states = np.zeros((N, T, H))
        before = np.zeros((N, T, H))
        cand = np.zeros((N, T, H))
        h = np.zeros((N, H))
        for t in order:
            m = mask[:, t:t+1]
            before[:, t] = h
            cand[:, t] = np.tanh(np.matmul(E[:, t], W) + np.matmul(h, U) + b)
            h = m * cand[:, t] + (1 - m) * h
            states[:, t] = h
        return states, before, cand

    def back_direction(self, E, dstates, before, cand, W, U, order, mask):
        dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros(U.shape[0])
        dE = np.zeros_like(E)
        dh = np.zeros_like(before[:, 0])
        for t in order:
            m = mask[:, t:t+1]
            dh = dh + dstates[:, t]
            dpre = dh * m * (1 - cand[:, t] ** 2)
            dW += np.matmul(E[:, t].T, dpre)
            dU += np.matmul(before[:, t].T, dpre)
            db += np.sum(dpre, axis=0)
            dE[:, t] = np.matmul(dpre, W.T)
            dh = np.matmul(dpre, U.T) + (1 - m) * dh
        return dE, dW, dU, db

    def loss_and_gradient(self, sentences, tags):
        p = self.params
        N, T = sentences.shape
        mask = (sentences > 0).astype(float)
        n_words = mask.sum()
        E = p['E'][sentences]
        fw, fw_before, fw_cand = self.run_direction(E, p['Wf'], p['Uf'], p['bf'], range(T), mask)
        bw, bw_before, bw_cand = self.run_direction(E, p['Wb'], p['Ub'], p['bb'], range(T - 1, -1, -1), mask)
        both = np.concatenate([fw, bw], axis=2)
        scores = np.matmul(both, p['V']) + p['c']
        scores -= scores.max(axis=2, keepdims=True)
        probs = np.exp(scores) / np.sum(np.exp(scores), axis=2, keepdims=True)
        I, J = np.indices((N, T))
        loss = -np.sum(np.log(probs[I, J, tags]) * mask) / n_words

        grad = {}
        dscores = probs.copy()
        dscores[I, J, tags] -= 1
        dscores *= mask[:, :, None] / n_words
        H = fw.shape[2]
        grad['V'] = np.tensordot(both, dscores, axes=([0, 1], [0, 1]))
        grad['c'] = dscores.sum(axis=(0, 1))
        dboth = np.matmul(dscores, p['V'].T)
        dE_f, grad['Wf'], grad['Uf'], grad['bf'] = self.back_direction(
            E, dboth[:, :, :H], fw_before, fw_cand, p['Wf'], p['Uf'], range(T - 1, -1, -1), mask)
        dE_b, grad['Wb'], grad['Ub'], grad['bb'] = self.back_direction(
            E, dboth[:, :, H:], bw_before, bw_cand, p['Wb'], p['Ub'], range(T), mask)
        dE = dE_f + dE_b
        grad['E'] = np.zeros_like(p['E'])
        for n in range(N):
            for t in range(T):
                grad['E'][sentences[n, t]] += dE[n, t]
        return loss, grad


def inputs():
    r = np.random.RandomState(109)
    V, D, H, K = 6, 3, 3, 3
    params = dict(E=r.randn(V, D), Wf=r.randn(D, H), Uf=r.randn(H, H) * .7, bf=r.randn(H) * .3, Wb=r.randn(D, H), Ub=r.randn(H, H) * .7, bb=r.randn(H) * .3,
                  V=r.randn(2 * H, K), c=r.randn(K) * .3)
    s = np.array([[2, 4, 1, 2, 5], [3, 1, 0, 0, 0], [5, 3, 0, 3, 0]])
    tags = np.array([[0, 2, 1, 0, 2], [1, 1, 0, 0, 0], [2, 0, 1, 1, 0]])
    return dict(params=params, s=s, tags=tags)


def loss_of(module, args):
    return module.Tagger(args['params']).loss_and_gradient(args['s'], args['tags'])[0]


def gradients_of(module, args):
    return {'d' + k: v for k, v in module.Tagger(args['params']).loss_and_gradient(args['s'], args['tags'])[1].items()}


PATHS = {
    "E": ["params", "E"],
    "Wf": ["params", "Wf"],
    "Uf": ["params", "Uf"],
    "bf": ["params", "bf"],
    "Wb": ["params", "Wb"],
    "Ub": ["params", "Ub"],
    "bb": ["params", "bb"],
    "V": ["params", "V"],
    "c": ["params", "c"],
}
