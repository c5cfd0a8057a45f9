# -*- coding: utf-8 -*-
# Trabalho 2 - RNN profunda (varias camadas) para prever series; lote na primeira dimensao
# mascara de dropout entre as camadas, erro quadratico ponderado por instante
import numpy as np


def ida(pesos, saida, x, alvo, importancia, mascaras):
    """
    pesos: lista de camadas [Wx, Wh, b]; saida: [Wo, bo]
    x (N, T, D), alvo (N, T, K), importancia (T,), mascaras[l] (N, H) a mesma em todos os instantes
    """
    N, T, _ = x.shape
    L = len(pesos)
    estado = [[np.zeros((N, camada[1].shape[0]))] for camada in pesos]
    entrada = [[None] * T for _ in range(L)]
    previsto = []
    custo = 0.0
    for t in range(T):
        sinal = x[:, t]
        for l, (Wx, Wh, b) in enumerate(pesos):
            entrada[l][t] = sinal
            novo = np.tanh(sinal.dot(Wx) + estado[l][t].dot(Wh) + b)
            estado[l].append(novo)
            sinal = novo * mascaras[l]
        previsto.append((sinal, sinal.dot(saida[0]) + saida[1]))
        custo += importancia[t] * ((previsto[t][1] - alvo[:, t]) ** 2).sum() / (2 * N)
    return custo, estado, entrada, previsto


def volta(pesos, saida, x, alvo, importancia, mascaras, estado, entrada, previsto):
    N, T, _ = x.shape
    L = len(pesos)
    grad = [[np.zeros_like(w) for w in camada] for camada in pesos]
    grad_saida = [np.zeros_like(w) for w in saida]
    grad_x = np.zeros_like(x)
    futuro = [np.zeros_like(estado[l][0]) for l in range(L)]
    for t in range(T - 1, -1, -1):
        topo, y = previsto[t]
        dy = importancia[t] * (y - alvo[:, t]) / N
        grad_saida[0] += topo.T.dot(dy)
        grad_saida[1] += dy.sum(axis=0)
        dsinal = dy.dot(saida[0].T)
        for l in range(L - 1, -1, -1):
            Wx, Wh, b = pesos[l]
            dh = dsinal * mascaras[l] + futuro[l]
            da = dh * (1 - estado[l][t + 1] ** 2)
            grad[l][0] += entrada[l][t].T.dot(da)
            grad[l][1] += estado[l][t].T.dot(da)
            grad[l][2] += da.sum(axis=0)
            futuro[l] = da.dot(Wh.T)
            dsinal = da.dot(Wx.T)
        grad_x[:, t] = dsinal
    return grad, grad_saida, grad_x


def custo_e_gradiente(pesos, saida, x, alvo, importancia, mascaras):
    custo, estado, entrada, previsto = ida(pesos, saida, x, alvo, importancia, mascaras)
    return (custo,) + volta(pesos, saida, x, alvo, importancia, mascaras, estado, entrada, previsto)


def inputs():
    r = np.random.RandomState(120)
    N, T, D, K = 3, 4, 2, 2
    sizes = [D, 4, 3, 4]
    pesos = [[r.randn(a, b) * .8, r.randn(b, b) * .6, r.randn(b) * .3] for a, b in zip(sizes, sizes[1:])]
    mascaras = [(r.rand(N, b) > .3) / .7 for b in sizes[1:]]
    return dict(pesos=pesos, saida=[r.randn(4, K), r.randn(K) * .3], x=r.randn(N, T, D), alvo=r.randn(N, T, K),
                imp=np.array([.2, .5, 1., 1.5]), mascaras=mascaras)


def _run(m, a):
    return m.custo_e_gradiente(a['pesos'], a['saida'], a['x'], a['alvo'], a['imp'], a['mascaras'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    _, g, s, gx = _run(module, args)
    out = dict(dWo=s[0], dbo=s[1], dx=gx)
    for l, (a, b, c) in enumerate(g):
        out['dWx%d' % l], out['dWh%d' % l], out['db%d' % l] = a, b, c
    return out


PATHS = {
    "Wx0": ["pesos", 0, 0],
    "Wh0": ["pesos", 0, 1],
    "b0": ["pesos", 0, 2],
    "Wx1": ["pesos", 1, 0],
    "Wh1": ["pesos", 1, 1],
    "b1": ["pesos", 1, 2],
    "Wx2": ["pesos", 2, 0],
    "Wh2": ["pesos", 2, 1],
    "b2": ["pesos", 2, 2],
    "Wo": ["saida", 0],
    "bo": ["saida", 1],
    "x": ["x"],
}
