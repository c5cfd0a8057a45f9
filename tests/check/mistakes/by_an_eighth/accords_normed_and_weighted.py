# Prédire le prochain accord d'une grille de jazz
# RNN simple avec normalisation de couche (layer norm) avant la tanh
import numpy as np

EPS = 1e-5


def normaliser(a, gamma, beta):
    mu = a.mean(axis=-1, keepdims=True)
    var = ((a - mu) ** 2).mean(axis=-1, keepdims=True)
    ecart = np.sqrt(var + EPS)
    a_chapeau = (a - mu) / ecart
    return gamma * a_chapeau + beta, (a_chapeau, ecart)


def normaliser_arriere(dsortie, gamma, memoire):
    a_chapeau, ecart = memoire
    dgamma = (dsortie * a_chapeau).sum(axis=0)
    dbeta = dsortie.sum(axis=0)
    dchap = dsortie * gamma
    da = dchap - dchap.mean(axis=-1, keepdims=True) - a_chapeau * (dchap * a_chapeau).mean(axis=-1, keepdims=True)
    return da / ecart, dgamma, dbeta


class Accords:
    def __init__(self, poids, poids_classes):
        self.poids = poids
        self.pc = poids_classes          # les accords rares comptent plus

    def avant(self, grille, suivant):
        """grille : (T, N, D), suivant : (T, N) numéros des accords"""
        p = self.poids
        T, N, _ = grille.shape
        h = np.tile(p['h_debut'], (N, 1))
        self.memo = []
        cout, self.norme = 0.0, self.pc[suivant].sum()
        for t in range(T):
            a = grille[t] @ p['Wx'] + h @ p['Wh']
            n, mem = normaliser(a, p['gamma'], p['beta'])
            h_nouv = np.tanh(n)
            o = h_nouv @ p['Wo'] + p['bo']
            o = o - o.max(axis=1, keepdims=True)
            q = np.exp(o) / np.exp(o).sum(axis=1, keepdims=True)
            w = self.pc[suivant[t]]
            cout -= (w * np.log(q[np.arange(N), suivant[t]])).sum()
            self.memo.append((grille[t], h, mem, h_nouv, q, w, suivant[t]))
            h = h_nouv
        return cout / self.norme

    def arriere(self):
        p = self.poids
        d = {k: np.zeros_like(v) for k, v in p.items()}
        N = self.memo[0][1].shape[0]
        dh = np.zeros_like(self.memo[0][1])
        for x, h, mem, h_nouv, q, w, cible in self.memo[::-1]:
            do = q.copy()
            do[np.arange(N), cible] -= 1
            do = do * w[:, None] / self.norme
            d['Wo'] += h_nouv.T @ do
            d['bo'] += do.sum(axis=0)
            dh = dh + do @ p['Wo'].T
            dn = dh * (1 - h_nouv ** 2)
            da, dgamma, dbeta = normaliser_arriere(dn, p['gamma'], mem)
            d['gamma'] += dgamma
            d['beta'] += dbeta
            d['Wx'] += x.T @ da
            d['Wh'] += h.T @ da
            dh = da @ p['Wh'].T
        d['h_debut'] = dh.sum(axis=0)
        return d


def inputs():
    r = np.random.RandomState(114)
    T, N, D, H, K = 4, 3, 3, 4, 3
    p = dict(Wx=r.randn(D, H), Wh=r.randn(H, H) * .8, gamma=1 + .3 * r.randn(H), beta=r.randn(H) * .3, h_debut=r.randn(H) * .5, Wo=r.randn(H, K), bo=r.randn(K) * .3)
    return dict(p=p, grille=r.randn(T, N, D), suivant=r.randint(0, K, (T, N)), pc=np.array([.5, 1., 2.5]))


def loss_of(module, args):
    return module.Accords(args['p'], args['pc']).avant(args['grille'], args['suivant'])


def gradients_of(module, args):
    m = module.Accords(args['p'], args['pc'])
    m.avant(args['grille'], args['suivant'])
    return {'d' + k: v for k, v in m.arriere().items()}


PATHS = {
    "Wx": ["p", "Wx"],
    "Wh": ["p", "Wh"],
    "gamma": ["p", "gamma"],
    "beta": ["p", "beta"],
    "h_debut": ["p", "h_debut"],
    "Wo": ["p", "Wo"],
    "bo": ["p", "bo"],
}
