# -*- coding: utf-8 -*-
"""Practica 3. Clasificador de sentimiento: GRU bidireccional + maximo sobre el tiempo + capa oculta.
Tiempo primero: x (T, N, D). Salida sigmoide, entropia cruzada binaria (media del lote)."""
import numpy as np


def sigmoide(s):
    return 1.0 / (1.0 + np.exp(-s))


class CeldaGRU:
    def __init__(self, W, U, b):
        # W: dict con 'z', 'r', 'n'
        self.W, self.U, self.b = W, U, b

    def adelante(self, x, h):
        z = sigmoide(x @ self.W['z'] + h @ self.U['z'] + self.b['z'])
        r = sigmoide(x @ self.W['r'] + h @ self.U['r'] + self.b['r'])
        n = np.tanh(x @ self.W['n'] + (r * h) @ self.U['n'] + self.b['n'])
        return (1 - z) * n + z * h, (x, h, z, r, n)

    def atras(self, dh, memoria, acum):
        x, h, z, r, n = memoria
        dn = dh * (1 - z) * (1 - n * n)
        dz = dh * (h - n) * z * (1 - z)
        drh = dn @ self.U['n'].T
        dr = drh * h * r * (1 - r)
        entrada = {'z': h, 'r': h, 'n': r * h}
        dx = 0
        for puerta, da in (('z', dz), ('r', dr), ('n', dn)):
            acum['W' + puerta] += x.T @ da
            acum['U' + puerta] += entrada[puerta].T @ da
            acum['b' + puerta] += da.sum(axis=0)
            dx = dx + da @ self.W[puerta].T
        dh_ant = dh * z + drh * r + dz @ self.U['z'].T + dr @ self.U['r'].T
        return dx, dh_ant


def recorrer(celda, x, orden):
    h = np.zeros((x.shape[1], celda.b['z'].shape[0]))
    salida, memorias = [None] * len(x), [None] * len(x)
    for t in orden:
        h, memorias[t] = celda.adelante(x[t], h)
        salida[t] = h
    return np.array(salida), memorias


def desandar(celda, dsalida, memorias, orden):
    acum = {}
    for puerta in 'zrn':
        acum['W' + puerta] = np.zeros_like(celda.W[puerta])
        acum['U' + puerta] = np.zeros_like(celda.U[puerta])
        acum['b' + puerta] = np.zeros_like(celda.b[puerta])
    dx = [None] * len(memorias)
    dh = np.zeros_like(dsalida[0])
    for t in reversed(orden):
        dx[t], dh = celda.atras(dh + dsalida[t], memorias[t], acum)
    return np.array(dx), acum


def entrenar_lote(ida, vuelta, A, a, v, c, x, etiquetas):
    T, N, _ = x.shape
    orden = list(range(T))
    s1, mem1 = recorrer(ida, x, orden)
    s2, mem2 = recorrer(vuelta, x, orden[::-1])
    s = np.concatenate((s1, s2), axis=-1)
    donde = s.argmax(axis=0)                       # (N, 2H)
    m = s.max(axis=0)
    oculta = np.maximum(m @ A + a, 0.01 * (m @ A + a))     # leaky relu
    p = sigmoide(oculta @ v + c)
    perdida = -(etiquetas * np.log(p) + (1 - etiquetas) * np.log(1 - p)).mean()

    dlogit = (p - etiquetas) / N
    dv = oculta.T @ dlogit
    dc = dlogit.sum()
    doculta = dlogit[:, None] * v
    dpre = doculta * np.where(oculta > 0, 1.0, 0.01)
    dA = m.T @ dpre
    da = dpre.sum(axis=0)
    dm = dpre @ A.T
    ds = np.zeros_like(s)
    np.put_along_axis(ds, donde[None], dm[None], axis=0)
    H = s1.shape[-1]
    dx1, g1 = desandar(ida, ds[..., :H], mem1, orden)
    dx2, g2 = desandar(vuelta, ds[..., H:], mem2, orden[::-1])
    return perdida, dict(A=dA, a=da, v=dv, c=dc, x=dx1 + dx2), g1, g2


def inputs():
    r = np.random.RandomState(216)
    T, N, D, H, K = 4, 3, 2, 3, 4
    cel = lambda: [{k: r.randn(D, H) * .9 for k in 'zrn'}, {k: r.randn(H, H) * .7 for k in 'zrn'}, {k: r.randn(H) * .3 for k in 'zrn'}]
    return dict(ida=cel(), vuelta=cel(), A=r.randn(2 * H, K) * .8, a=r.randn(K) * .4, v=r.randn(K), c=np.array(.1),
                x=r.randn(T, N, D), et=np.array([1., 0., 0.]))


def _run(m, a):
    return m.entrenar_lote(m.CeldaGRU(*a['ida']), m.CeldaGRU(*a['vuelta']), a['A'], a['a'], a['v'], a['c'], a['x'], a['et'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    _, g, g1, g2 = _run(module, args)
    out = {'d' + k: v for k, v in g.items()}
    out.update({'d' + k + '1': v for k, v in g1.items()})
    out.update({'d' + k + '2': v for k, v in g2.items()})
    return out


PATHS = {
    "A": ["A"],
    "a": ["a"],
    "v": ["v"],
    "c": ["c"],
    "x": ["x"],
    "Wz1": ["ida", 0, "z"],
    "Wr1": ["ida", 0, "r"],
    "Wn1": ["ida", 0, "n"],
    "Uz1": ["ida", 1, "z"],
    "Ur1": ["ida", 1, "r"],
    "Un1": ["ida", 1, "n"],
    "bz1": ["ida", 2, "z"],
    "br1": ["ida", 2, "r"],
    "bn1": ["ida", 2, "n"],
    "Wz2": ["vuelta", 0, "z"],
    "Wr2": ["vuelta", 0, "r"],
    "Wn2": ["vuelta", 0, "n"],
    "Uz2": ["vuelta", 1, "z"],
    "Ur2": ["vuelta", 1, "r"],
    "Un2": ["vuelta", 1, "n"],
    "bz2": ["vuelta", 2, "z"],
    "br2": ["vuelta", 2, "r"],
    "bn2": ["vuelta", 2, "n"],
}
