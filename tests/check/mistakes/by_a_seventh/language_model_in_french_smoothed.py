# modèle de langue : LSTM à portes couplées (f = 1 - i), plongements partagés entre l'entrée et la sortie,
# entropie croisée avec lissage des étiquettes
import numpy as np


def sigmoide(x):
    return 1 / (1 + np.exp(-x))


class ModeleDeLangue:
    def __init__(self, E, Wi, Wo, Wg, bi, bo, bg, biais, lissage=0.1):
        self.E = E                      # plongements (V, d) ; la taille cachée est aussi d
        self.Wi, self.Wo, self.Wg = Wi, Wo, Wg
        self.bi, self.bo, self.bg = bi, bo, bg
        self.biais = biais              # biais de sortie (V,)
        self.lissage = lissage

    def avant(self, mots, h, c):
        """mots : (B, T) ; h, c : (B, d)"""
        self.memoire = []
        h, c = h.copy(), c.copy()
        logits = []
        for t in range(mots.shape[1]):
            entree = np.concatenate((self.E[mots[:, t]], h), axis=1)
            i = sigmoide(entree @ self.Wi + self.bi)
            o = sigmoide(entree @ self.Wo + self.bo)
            g = np.tanh(entree @ self.Wg + self.bg)
            c_nouv = (1 - i) * c + i * g
            th = np.tanh(c_nouv)
            h = o * th
            self.memoire.append((entree, i, o, g, c, th, h))
            c = c_nouv
            logits.append(h @ self.E.T + self.biais)
        return np.stack(logits, axis=1)

    def perte(self, logits, cibles):
        B, T, V = logits.shape
        m = logits.max(axis=2, keepdims=True)
        logp = logits - m - np.log(np.exp(logits - m).sum(axis=2, keepdims=True))
        lisse = (1 - self.lissage) * np.eye(V)[cibles] + self.lissage / V
        valeur = -(lisse * logp).sum() / (B * T)
        dlogits = (np.exp(logp) - lisse) / (B * T)
        return valeur, dlogits

    def arriere(self, mots, dlogits):
        d = self.E.shape[1]
        grad = {n: np.zeros_like(getattr(self, n)) for n in ('E', 'Wi', 'Wo', 'Wg', 'bi', 'bo', 'bg', 'biais')}
        dh_suiv = np.zeros((mots.shape[0], d))
        dc_suiv = np.zeros((mots.shape[0], d))
        for t in reversed(range(mots.shape[1])):
            entree, i, o, g, c, th, h = self.memoire[t]
            dl = dlogits[:, t]
            grad['biais'] += dl.sum(axis=0)
            grad['E'] += dl.T @ h                       # E comme matrice de sortie
            dh = dl @ self.E + dh_suiv
            dc = dc_suiv + dh * o * (1 - th * th)
            do = dh * th * o * (1 - o)
            dg = dc * i * (1 - g * g)
            di = dc * (g - c) * i * (1 - i)
            for nom, da in (('i', di), ('o', do), ('g', dg)):
                grad['W' + nom] += entree.T @ da
                grad['b' + nom] += da.sum(axis=0)
            dentree = di @ self.Wi.T + do @ self.Wo.T + dg @ self.Wg.T
            np.add.at(grad['E'], mots[:, t], dentree[:, :d])   # E comme table d'entrée
            dh_suiv = dentree[:, d:]
            dc_suiv = dc * (1 - i)
        return grad, dh_suiv, dc_suiv


def cout_et_gradient(params, mots, cibles, h0, c0):
    modele = ModeleDeLangue(**params)
    valeur, dlogits = modele.perte(modele.avant(mots, h0, c0), cibles)
    grad, dh0, dc0 = modele.arriere(mots, dlogits)
    return valeur, grad, dh0, dc0


def inputs():
    r = np.random.RandomState(26)
    V, d, B = 5, 3, 2
    params = dict(E=r.randn(V, d))
    for n in 'iog':
        params['W' + n] = r.randn(2 * d, d) * .8
    for n in 'iog':
        params['b' + n] = r.randn(d) * .3
    params['biais'] = r.randn(V) * .2
    return dict(params=params, mots=np.array([[1, 3, 1, 4], [0, 1, 2, 2]]), cibles=np.array([[3, 1, 4, 0], [1, 2, 2, 4]]), h0=r.randn(B, d) * .5, c0=r.randn(B, d) * .6)


def _run(module, a):
    return module.cout_et_gradient(a['params'], a['mots'], a['cibles'], a['h0'], a['c0'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    _, grad, dh0, dc0 = _run(module, args)
    out = {'d' + k: v for k, v in grad.items()}
    out.update(dh0=dh0, dc0=dc0)
    return out


PATHS = {
    "E": ["params", "E"],
    "Wi": ["params", "Wi"],
    "Wo": ["params", "Wo"],
    "Wg": ["params", "Wg"],
    "bi": ["params", "bi"],
    "bo": ["params", "bo"],
    "bg": ["params", "bg"],
    "biais": ["params", "biais"],
    "h0": ["h0"],
    "c0": ["c0"],
}
