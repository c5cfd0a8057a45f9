"""
Lecture 9, handout: encoder-decoder with (bilinear) attention, one sentence pair, no batch.

   encoder   h_j = tanh(We e(x_j) + Ue h_{j-1})
   decoder   s_i = tanh(Wd f(y_{i-1}) + Ud s_{i-1}),   s_0 = h_J
   scores    a_ij = s_i^T Wa h_j,  alpha_i = softmax_j(a_ij)
   context   c_i = sum_j alpha_ij h_j
   readout   q_i = tanh(Wc [c_i; s_i]),  p_i = softmax(Wo q_i)
"""
import numpy as np


def softmax(v):
    e = np.exp(v - np.max(v))
    return e / e.sum()


def translate_loss(theta, src, tgt):
    """tgt starts with the begin symbol; returns loss and gradients"""
    J, I = len(src), len(tgt) - 1
    n = theta["Ue"].shape[0]

    # ---- encoder ----
    h = np.zeros((J + 1, n))
    for j in range(1, J + 1):
        h[j] = np.tanh(theta["We"] @ theta["Esrc"][src[j-1]] + theta["Ue"] @ h[j-1])
    Hs = h[1:]

    # ---- decoder with teacher forcing ----
    s = np.zeros((I + 1, n))
    s[0] = h[J]
    alpha, ctx, q, p = [None], [None], [None], [None]
    loss = 0.0
    for i in range(1, I + 1):
        s[i] = np.tanh(theta["Wd"] @ theta["Etgt"][tgt[i-1]] + theta["Ud"] @ s[i-1])
        alpha.append(softmax(Hs @ (theta["Wa"].T @ s[i])))
        ctx.append(alpha[i] @ Hs)
        q.append(np.tanh(theta["Wc"] @ np.concatenate([ctx[i], s[i]])))
        p.append(softmax(theta["Wo"] @ q[i]))
        loss += -np.log(p[i][tgt[i]]) / I

    # ---- backward: decoder ----
    grad = {k: np.zeros_like(v) for k, v in theta.items()}
    dHs = np.zeros_like(Hs)
    ds_next = np.zeros(n)
    for i in range(I, 0, -1):
        do = p[i].copy()
        do[tgt[i]] -= 1
        do /= I
        grad["Wo"] += np.outer(do, q[i])
        dq = (theta["Wo"].T @ do) * (1 - q[i]**2)
        grad["Wc"] += np.outer(dq, np.concatenate([ctx[i], s[i]]))
        dcat = theta["Wc"].T @ dq
        dctx, ds = dcat[:n], dcat[n:] + ds_next
        # context is a weighted sum: one path to the weights, one to the states
        dalpha = Hs @ dctx
        dHs += np.outer(alpha[i], dctx)
        da = alpha[i] * (dalpha - alpha[i] @ dalpha)
        # scores
        grad["Wa"] += np.outer(s[i], da @ Hs)
        ds = ds + theta["Wa"] @ (Hs.T @ da)
        dHs += np.outer(da, theta["Wa"].T @ s[i])
        # recurrence
        dpre = ds * (1 - s[i]**2)
        grad["Wd"] += np.outer(dpre, theta["Etgt"][tgt[i-1]])
        grad["Ud"] += np.outer(dpre, s[i-1])
        grad["Etgt"][tgt[i-1]] += theta["Wd"].T @ dpre
        ds_next = theta["Ud"].T @ dpre

    # ---- backward: encoder ----
    dh_next = ds_next
    for j in range(J, 0, -1):
        dh = dHs[j-1] + dh_next
        dpre = dh * (1 - h[j]**2)
        grad["We"] += np.outer(dpre, theta["Esrc"][src[j-1]])
        grad["Ue"] += np.outer(dpre, h[j-1])
        grad["Esrc"][src[j-1]] += theta["We"].T @ dpre
        dh_next = theta["Ue"].T @ dpre
    return loss, grad


def inputs():
    r = np.random.RandomState(21)
    D, n, Vs, Vt = 3, 4, 4, 4
    theta = dict(Esrc=r.randn(Vs, D), Etgt=r.randn(Vt, D), We=r.randn(n, D) * .8, Ue=r.randn(n, n) * .6, Wd=r.randn(n, D) * .7, Ud=r.randn(n, n) * .6,
                 Wa=r.randn(n, n) * .9, Wc=r.randn(n, 2 * n) * .6, Wo=r.randn(Vt, n))
    return dict(theta=theta, src=[2, 0, 3, 2], tgt=[0, 2, 1, 2, 3])


def _run(module, a):
    return module.translate_loss(a['theta'], a['src'], a['tgt'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    return {'d' + k: v for k, v in _run(module, args)[1].items()}


PATHS = {
    "Esrc": ["theta", "Esrc"],
    "Etgt": ["theta", "Etgt"],
    "We": ["theta", "We"],
    "Ue": ["theta", "Ue"],
    "Wd": ["theta", "Wd"],
    "Ud": ["theta", "Ud"],
    "Wa": ["theta", "Wa"],
    "Wc": ["theta", "Wc"],
    "Wo": ["theta", "Wo"],
}
