"""Bidirectional GRU sentence classifier with padding (cuDNN-style GRU: reset gate after the matmul)."""
from dataclasses import dataclass, field
from typing import Dict, List

import numpy as np

Params = Dict[str, np.ndarray]


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


@dataclass
class StepCache:
    t: int
    x: np.ndarray
    h_prev: np.ndarray
    z: np.ndarray
    r: np.ndarray
    n: np.ndarray
    hn: np.ndarray
    m: np.ndarray


@dataclass
class DirectionCache:
    params: Params
    steps: List[StepCache] = field(default_factory=list)


@dataclass
class ModelCache:
    fwd: DirectionCache
    bwd: DirectionCache
    mask: np.ndarray
    pooled: np.ndarray
    prob: np.ndarray
    labels: np.ndarray
    w_out: np.ndarray


def gru_direction(x, mask, p: Params, order):
    """Runs over the steps in `order`; padded steps keep the old state."""
    B, T, _ = x.shape
    H = p["Uz"].shape[0]
    h = np.zeros((B, H))
    out = np.zeros((B, T, H))
    cache = DirectionCache(p)
    for t in order:
        xt = x[:, t]
        m = mask[:, t:t + 1]
        z = sigmoid(xt @ p["Wz"] + h @ p["Uz"] + p["bz"])
        r = sigmoid(xt @ p["Wr"] + h @ p["Ur"] + p["br"])
        hn = h @ p["Un"] + p["cn"]
        n = np.tanh(xt @ p["Wn"] + p["bn"] + r * hn)
        h_new = (1 - z) * n + z * h
        cache.steps.append(StepCache(t, xt, h, z, r, n, hn, m))
        h = m * h_new + (1 - m) * h
        out[:, t] = h
    return out, cache


def gru_direction_backward(dout, cache: DirectionCache):
    p = cache.params
    grads = {k: np.zeros_like(v) for k, v in p.items()}
    dx = np.zeros(dout.shape[:2] + (p["Wz"].shape[0],))
    dh = np.zeros((dout.shape[0], dout.shape[2]))
    for s in reversed(cache.steps):
        dh = dh + dout[:, s.t]
        dh_new = s.m * dh
        dh_prev = (1 - s.m) * dh

        dz = dh_new * (s.h_prev - s.n) * s.z * (1 - s.z)
        dn = dh_new * (1 - s.z) * (1 - s.n ** 2)
        dh_prev = dh_prev + dh_new * s.z
        dr = dn * s.hn * s.r * (1 - s.r)
        dhn = dn * s.r

        grads["Wz"] += s.x.T @ dz
        grads["Wr"] += s.x.T @ dr
        grads["Wn"] += s.x.T @ dn
        grads["Uz"] += s.h_prev.T @ dz
        grads["Ur"] += s.h_prev.T @ dr
        grads["Un"] += s.h_prev.T @ dhn
        grads["bz"] += dz.sum(0)
        grads["br"] += dr.sum(0)
        grads["bn"] += dn.sum(0)
        grads["cn"] += dhn.sum(0)

        dx[:, s.t] = dz @ p["Wz"].T + dr @ p["Wr"].T + dn @ p["Wn"].T
        dh = dh_prev + dz @ p["Uz"].T + dr @ p["Ur"].T + dhn @ p["Un"].T
    return dx, grads


def forward_pass(x, mask, labels, fwd: Params, bwd: Params, w_out, b_out):
    T = x.shape[1]
    hf, cf = gru_direction(x, mask, fwd, range(T))
    hb, cb = gru_direction(x, mask, bwd, range(T - 1, -1, -1))
    states = np.concatenate([hf, hb], axis=2)
    lengths = mask.sum(1, keepdims=True)
    pooled = (states * mask[:, :, None]).sum(1) / lengths       # mean over valid steps
    prob = sigmoid(pooled @ w_out + b_out)
    loss = -np.mean(labels * np.log(prob) + (1 - labels) * np.log(1 - prob))
    return loss, ModelCache(cf, cb, mask, pooled, prob, labels, w_out)


def backward_pass(c: ModelCache):
    dlogit = (c.prob - c.labels) / len(c.labels)
    dw_out = c.pooled.T @ dlogit
    db_out = dlogit.sum()
    dpooled = np.outer(dlogit, c.w_out)
    lengths = c.mask.sum(1, keepdims=True)
    dstates = (dpooled / lengths)[:, None, :] * c.mask[:, :, None]
    H = dstates.shape[2] // 2
    dx_f, gf = gru_direction_backward(dstates[:, :, :H], c.fwd)
    dx_b, gb = gru_direction_backward(dstates[:, :, H:], c.bwd)
    return dx_f + dx_b, gf, gb, dw_out, db_out


def inputs():
    r = np.random.RandomState(8)
    B, T, D, H = 3, 4, 3, 3
    def gru():
        p = {}
        for g in 'zrn':
            p['W' + g], p['U' + g], p['b' + g] = r.randn(D, H) * .7, r.randn(H, H) * .7, r.randn(H) * .3
        p['cn'] = r.randn(H) * .5
        return p
    mask = np.array([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0]], float)
    return dict(x=r.randn(B, T, D), mask=mask, labels=np.array([1., 0., 1.]), fwd=gru(), bwd=gru(),
                w_out=r.randn(2 * H) * 1.5, b_out=np.array(.2))


def loss_of(module, a):
    return module.forward_pass(**a)[0]


def gradients_of(module, a):
    dx, gf, gb, dw, db = module.backward_pass(module.forward_pass(**a)[1])
    out = dict(dx=dx, dw_out=dw, db_out=db)
    out.update({'df_' + k: v for k, v in gf.items()})
    out.update({'db_' + k: v for k, v in gb.items()})
    return out


PATHS = {
    "x": ["x"],
    "w_out": ["w_out"],
    "b_out": ["b_out"],
    "f_Wz": ["fwd", "Wz"],
    "f_Uz": ["fwd", "Uz"],
    "f_bz": ["fwd", "bz"],
    "f_Wr": ["fwd", "Wr"],
    "f_Ur": ["fwd", "Ur"],
    "f_br": ["fwd", "br"],
    "f_Wn": ["fwd", "Wn"],
    "f_Un": ["fwd", "Un"],
    "f_bn": ["fwd", "bn"],
    "f_cn": ["fwd", "cn"],
    "b_Wz": ["bwd", "Wz"],
    "b_Uz": ["bwd", "Uz"],
    "b_bz": ["bwd", "bz"],
    "b_Wr": ["bwd", "Wr"],
    "b_Ur": ["bwd", "Ur"],
    "b_br": ["bwd", "br"],
    "b_Wn": ["bwd", "Wn"],
    "b_Un": ["bwd", "Un"],
    "b_bn": ["bwd", "bn"],
    "b_cn": ["bwd", "cn"],
}
