"""keyword spotting: GRU over frames, additive attention pooling, softmax over keywords"""
import numpy as np


def fwd_gru(frames, p):
    """frames (T,B,D) -> states (T+1,B,H); u and r come out of one matrix"""
    T, B, _ = frames.shape
    H = p.Uh.shape[0]
    S = np.zeros((T + 1, B, H))
    UR, HT = np.zeros((T, B, 2 * H)), np.zeros((T, B, H))
    for t in range(T):
        UR[t] = 1 / (1 + np.exp(-(np.hstack([frames[t], S[t]]) @ p.Wur + p.bur)))
        u, r = UR[t, :, :H], UR[t, :, H:]
        HT[t] = np.tanh(frames[t] @ p.Wh + (r * S[t]) @ p.Uh + p.bh)
        S[t + 1] = u * HT[t] + (1 - u) * S[t]
    return S, UR, HT


def bwd_gru(dS, frames, S, UR, HT, p, g):
    T, B, D = frames.shape
    H = p.Uh.shape[0]
    dnext = np.zeros((B, H))
    for t in range(T)[::-1]:
        ds = dS[t] + dnext
        u, r = UR[t, :, :H], UR[t, :, H:]
        dht = ds * u * (1 - HT[t]**2)
        g.Wh += frames[t].T @ dht
        g.Uh += (r * S[t]).T @ dht
        g.bh += dht.sum(0)
        drs = dht @ p.Uh.T
        du = ds * (HT[t] - S[t])
        dur = np.hstack([du, drs * S[t]]) * UR[t] * (1 - UR[t])
        g.Wur += np.hstack([frames[t], S[t]]).T @ dur
        g.bur += dur.sum(0)
        dnext = ds * (1 - u) + drs * r + dur @ p.Wur[D:].T


def fwd_pool(Hs, p):
    """Hs (T,B,H): weight_t = softmax_t(v . tanh(Hs_t A + a))"""
    K = np.tanh(Hs @ p.A + p.a)
    sc = K @ p.v
    w = np.exp(sc - sc.max(0))
    w = w / w.sum(0)
    pooled = (w[:, :, None] * Hs).sum(0)
    return pooled, w, K


def bwd_pool(dpooled, Hs, w, K, p, g):
    dw = (Hs * dpooled[None]).sum(-1)
    dHs = w[:, :, None] * dpooled[None]
    dsc = w * (dw - (w * dw).sum(0))
    g.v += (dsc[:, :, None] * K).sum((0, 1))
    dK = dsc[:, :, None] * p.v * (1 - K**2)
    g.A += np.einsum('tbh,tbk->hk', Hs, dK)
    g.a += dK.sum((0, 1))
    return dHs + dK @ p.A.T


class Bag:
    def __init__(self, d):
        self.__dict__.update(d)


def loss_grad(weights, frames, labels):
    p = Bag(weights)
    g = Bag({k: np.zeros(v.shape) for k, v in weights.items()})
    B = frames.shape[1]
    S, UR, HT = fwd_gru(frames, p)
    pooled, w, K = fwd_pool(S[1:], p)
    z = pooled @ p.Wk + p.bk
    q = np.exp(z - z.max(1, keepdims=True))
    q /= q.sum(1, keepdims=True)
    loss = -np.log(q[np.arange(B), labels]).mean()

    dz = (q - np.eye(q.shape[1])[labels]) / B
    g.Wk += pooled.T @ dz
    g.bk += dz.sum(0)
    dHs = bwd_pool(dz @ p.Wk.T, S[1:], w, K, p, g)
    bwd_gru(dHs, frames, S, UR, HT, p, g)
    return loss, g.__dict__


def inputs():
    r = np.random.RandomState(24)
    T, B, D, H, A, K = 5, 2, 3, 3, 4, 3
    weights = dict(Wur=r.randn(D + H, 2 * H) * .8, bur=r.randn(2 * H) * .3, Wh=r.randn(D, H) * .8, Uh=r.randn(H, H) * .8, bh=r.randn(H) * .3,
                   A=r.randn(H, A), a=r.randn(A) * .3, v=r.randn(A) * 1.5, Wk=r.randn(H, K) * 1.2, bk=r.randn(K) * .2)
    return dict(weights=weights, frames=r.randn(T, B, D), labels=np.array([2, 0]))


def _run(module, a):
    return module.loss_grad(a['weights'], a['frames'], a['labels'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    return {'d' + k: v for k, v in _run(module, args)[1].items()}


PATHS = {
    "Wur": ["weights", "Wur"],
    "bur": ["weights", "bur"],
    "Wh": ["weights", "Wh"],
    "Uh": ["weights", "Uh"],
    "bh": ["weights", "bh"],
    "A": ["weights", "A"],
    "a": ["weights", "a"],
    "v": ["weights", "v"],
    "Wk": ["weights", "Wk"],
    "bk": ["weights", "bk"],
}
