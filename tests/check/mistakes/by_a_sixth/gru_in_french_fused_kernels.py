# -*- coding: utf-8 -*-
# TP 5 : GRU "reset_after" (comme dans Keras / cuDNN), lots d'abord, longueurs variables
# regression sur le dernier etat de chaque suite
import numpy as np


def sigmoide(a):
    return 1 / (1 + np.exp(-a))


def propagation_avant(noyau, noyau_rec, biais, biais_rec, tete, x, longueurs, cible):
    """noyau (D, 3H), noyau_rec (H, 3H) : portes z, r, h dans cet ordre ; tete = (w, b)"""
    B, T, D = x.shape
    H = noyau_rec.shape[0]
    etats = np.zeros((B, T + 1, H))
    z, r, cand, rec = [np.zeros((B, T, H)) for _ in range(4)]
    xk = np.einsum('btd,dk->btk', x, noyau) + biais
    for t in range(T):
        hk = etats[:, t] @ noyau_rec + biais_rec
        z[:, t] = sigmoide(xk[:, t, :H] + hk[:, :H])
        r[:, t] = sigmoide(xk[:, t, H:2 * H] + hk[:, H:2 * H])
        rec[:, t] = hk[:, 2 * H:]
        cand[:, t] = np.tanh(xk[:, t, 2 * H:] + r[:, t] * rec[:, t])
        nouveau = z[:, t] * etats[:, t] + (1 - z[:, t]) * cand[:, t]
        vivant = (t < longueurs)[:, None]
        etats[:, t + 1] = np.where(vivant, nouveau, etats[:, t])
    w, b = tete
    pred = etats[:, T] @ w + b
    perte = 0.5 * np.sum((pred - cible) ** 2) / B
    return perte, dict(etats=etats, z=z, r=r, cand=cand, rec=rec, pred=pred)


def propagation_arriere(noyau, noyau_rec, tete, x, longueurs, cible, m):
    B, T, D = x.shape
    H = noyau_rec.shape[0]
    etats, z, r, cand, rec = m['etats'], m['z'], m['r'], m['cand'], m['rec']
    d_pred = (m['pred'] - cible) / B
    d_w = etats[:, T].T @ d_pred
    d_b = d_pred.sum(axis=0)
    d_h = d_pred @ tete[0].T
    d_xk = np.zeros((B, T, 3 * H))      # gradient des pre-activations, cote entree
    d_hk = np.zeros((B, T, 3 * H))      # cote recurrent
    for t in range(T - 1, -1, -1):
        vivant = (t < longueurs)[:, None].astype(float)
        d_n = d_h * vivant
        d_z = d_n * (etats[:, t] - cand[:, t])
        d_c = d_n * (1 - z[:, t]) * (1 - cand[:, t] ** 2)
        d_r = d_c * rec[:, t]
        d_xk[:, t, :H] = d_z * z[:, t] * (1 - z[:, t])
        d_xk[:, t, H:2 * H] = d_r * r[:, t] * (1 - r[:, t])
        d_xk[:, t, 2 * H:] = d_c
        d_hk[:, t, :2 * H] = d_xk[:, t, :2 * H]
        d_hk[:, t, 2 * H:] = d_c * r[:, t]
        d_h = d_h * (1 - vivant) + d_n * z[:, t] + d_hk[:, t] @ noyau_rec.T
    # les poids d'un seul coup
    d_noyau = np.einsum('btd,btk->dk', x, d_xk)
    d_noyau_rec = np.einsum('bth,btk->hk', etats[:, :T], d_hk)
    d_biais = d_xk.sum(axis=(0, 1))
    d_biais_rec = d_hk.sum(axis=(0, 1))
    d_x = np.einsum('btk,dk->btd', d_xk, noyau)
    return d_noyau, d_noyau_rec, d_biais, d_biais_rec, d_w, d_b, d_x


def inputs():
    r = np.random.RandomState(114)
    B, T, D, H, K = 3, 5, 2, 4, 2
    return dict(noyau=r.randn(D, 3 * H) * .8, noyau_rec=r.randn(H, 3 * H) * .6, biais=r.randn(3 * H) * .3, biais_rec=r.randn(3 * H) * .3,
                tete=[r.randn(H, K), r.randn(K) * .3], x=r.randn(B, T, D), longueurs=np.array([5, 3, 4]), cible=r.randn(B, K))


def _avant(m, a):
    return m.propagation_avant(a['noyau'], a['noyau_rec'], a['biais'], a['biais_rec'], a['tete'], a['x'], a['longueurs'], a['cible'])


def loss_of(module, args):
    return _avant(module, args)[0]


def gradients_of(module, args):
    a = args
    _, m = _avant(module, a)
    g = module.propagation_arriere(a['noyau'], a['noyau_rec'], a['tete'], a['x'], a['longueurs'], a['cible'], m)
    return dict(zip(('dnoyau', 'dnoyau_rec', 'dbiais', 'dbiais_rec', 'dw', 'db', 'dx'), g))


PATHS = {
    "noyau": ["noyau"],
    "noyau_rec": ["noyau_rec"],
    "biais": ["biais"],
    "biais_rec": ["biais_rec"],
    "x": ["x"],
    "w": ["tete", 0],
    "b": ["tete", 1],
}
