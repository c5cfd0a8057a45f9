"""Tiny translator: tanh RNN encoder, tanh RNN decoder with Bahdanau attention, teacher forcing, tied embeddings no."""
import numpy as np


def softmax(v):
    e = np.exp(v - v.max())
    return e / e.sum()


def encode(w, src):
    hs = [np.zeros(w["Ue"].shape[0])]
    for tok in src:
        hs.append(np.tanh(w["Es"][tok] + w["Ue"] @ hs[-1]))
    return np.array(hs)


def decode(w, H, tgt):
    """H: (S, n) encoder states without the first zero. tgt starts with the begin sign."""
    s = H[-1]
    K = H @ w["Wk"].T
    steps, loss = [], 0.0
    for k in range(len(tgt) - 1):
        q = w["Wq"] @ s
        e = np.tanh(K + q)
        alpha = softmax(e @ w["va"])
        ctx = alpha @ H
        s_new = np.tanh(w["Et"][tgt[k]] + w["Ud"] @ s + w["Cd"] @ ctx)
        prob = softmax(w["Vo"] @ s_new)
        loss -= np.log(prob[tgt[k + 1]])
        steps.append(dict(s=s, e=e, alpha=alpha, ctx=ctx, s_new=s_new, prob=prob, inp=tgt[k], out=tgt[k + 1]))
        s = s_new
    return loss, steps


def backprop(w, src, tgt, hs, steps):
    g = {k: np.zeros_like(v) for k, v in w.items()}
    H = hs[1:]
    dH = np.zeros_like(H)
    dK = np.zeros((len(src), w["va"].size))
    ds = np.zeros(w["Ud"].shape[0])
    for st in reversed(steps):
        dl = st["prob"].copy()
        dl[st["out"]] -= 1.0
        g["Vo"] += np.outer(dl, st["s_new"])
        ds = ds + w["Vo"].T @ dl
        da = ds * (1 - st["s_new"] ** 2)
        g["Et"][st["inp"]] += da
        g["Ud"] += np.outer(da, st["s"])
        g["Cd"] += np.outer(da, st["ctx"])
        dctx = w["Cd"].T @ da
        dalpha = H @ dctx
        dH += np.outer(st["alpha"], dctx)
        dscore = st["alpha"] * (dalpha - st["alpha"] @ dalpha)
        g["va"] += st["e"].T @ dscore
        de = np.outer(dscore, w["va"]) * (1 - st["e"] ** 2)
        dK += de
        dq = de.sum(0)
        g["Wq"] += np.outer(dq, st["s"])
        ds = w["Ud"].T @ da + w["Wq"].T @ dq
    g["Wk"] = dK.T @ H
    dH += dK @ w["Wk"]
    dH[-1] += ds
    dh = np.zeros(H.shape[1])
    for j in reversed(range(len(src))):
        dh = dh + dH[j]
        da = dh * (1 - hs[j + 1] ** 2)
        g["Es"][src[j]] += da
        g["Ue"] += np.outer(da, hs[j])
        dh = w["Ue"].T @ da
    return g


def inputs():
    r = np.random.RandomState(91)
    w = dict(Es=r.randn(6, 4), Ue=.5 * r.randn(4, 4), Wk=r.randn(3, 4), Wq=r.randn(3, 4), va=r.randn(3),
             Et=r.randn(7, 4), Ud=.5 * r.randn(4, 4), Cd=r.randn(4, 4), Vo=r.randn(7, 4))
    return dict(w=w, src=[2, 5, 1, 2, 4], tgt=[0, 3, 6, 3, 1])


def loss_of(module, args):
    hs = module.encode(args["w"], args["src"])
    return float(module.decode(args["w"], hs[1:], args["tgt"])[0])


def gradients_of(module, args):
    hs = module.encode(args["w"], args["src"])
    _, steps = module.decode(args["w"], hs[1:], args["tgt"])
    g = module.backprop(args["w"], args["src"], args["tgt"], hs, steps)
    return {"d" + k: v for k, v in g.items()}


PATHS = {k: ["w", k] for k in ("Es", "Ue", "Wk", "Wq", "va", "Et", "Ud", "Cd", "Vo")}
