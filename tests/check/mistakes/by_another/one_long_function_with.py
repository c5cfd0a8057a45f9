"""seq2seq with Luong (dot) attention, everything by hand. W-matrices act from the left on columns."""
import numpy as np


def softmax(v):
    e = np.exp(v - np.max(v))
    return e / np.sum(e)


def encoder_decoder(params, src, tgt_in, tgt_out):
    """src (S, d), tgt_in (T, d), tgt_out (T, k); one sentence at a time, states are 1-d vectors"""
    We, Ue, Wd, Ud, Wc = params["We"], params["Ue"], params["Wd"], params["Ud"], params["Wc"]
    n = Ue.shape[0]
    S, T = len(src), len(tgt_in)

    # ---------- forward ----------
    enc = np.zeros((S + 1, n))
    for j in range(S):
        enc[j + 1] = np.tanh(We @ src[j] + Ue @ enc[j])
    memory = enc[1:]
    dec = np.zeros((T + 1, n))
    dec[0] = enc[S]
    attn, ctx, outs = [], [], []
    loss = 0.0
    for t in range(T):
        dec[t + 1] = np.tanh(Wd @ tgt_in[t] + Ud @ dec[t])
        a = softmax(memory @ dec[t + 1])
        c = a @ memory
        o = Wc @ np.concatenate([c, dec[t + 1]])
        loss += 0.5 * np.sum((o - tgt_out[t]) ** 2)
        attn.append(a)
        ctx.append(c)
        outs.append(o)

    # ---------- backward ----------
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    d_src = np.zeros_like(src)
    d_tgt_in = np.zeros_like(tgt_in)
    d_memory = np.zeros_like(memory)
    d_dec = np.zeros(n)
    for t in range(T - 1, -1, -1):
        d_o = outs[t] - tgt_out[t]
        grads["Wc"] += np.outer(d_o, np.concatenate([ctx[t], dec[t + 1]]))
        d_cat = Wc.T @ d_o
        d_c = d_cat[:n]
        d_dec += d_cat[n:]
        # attention
        d_a = memory @ d_c
        d_memory += np.outer(attn[t], d_c)
        d_score = attn[t] * (d_a - np.dot(attn[t], d_a))
        d_memory += np.outer(d_score, dec[t + 1])
        d_dec += memory.T @ d_score
        # decoder cell
        d_z = d_dec * (1 - dec[t + 1] ** 2)
        grads["Wd"] += np.outer(d_z, tgt_in[t])
        grads["Ud"] += np.outer(d_z, dec[t])
        d_tgt_in[t] = Wd.T @ d_z
        d_dec = Ud.T @ d_z
    d_enc = d_dec
    for j in range(S - 1, -1, -1):
        d_enc = d_enc + d_memory[j]
        d_z = d_enc * (1 - enc[j + 1] ** 2)
        grads["We"] += np.outer(d_z, src[j])
        grads["Ue"] += np.outer(d_z, enc[j])
        d_src[j] = We.T @ d_z
        d_enc = Ue.T @ d_z
    return loss, grads, d_src, d_tgt_in


# -- what it is called with --------------------------------------------------------------------------------------


def inputs():
    r = np.random.RandomState(1616)
    S, T, d, n, k = 6, 4, 3, 5, 2
    p = dict(We=r.randn(n, d) * .7, Ue=r.randn(n, n) * .5, Wd=r.randn(n, d) * .7, Ud=r.randn(n, n) * .5, Wc=r.randn(k, 2 * n) * .7)
    return dict(params=p, src=r.randn(S, d), tgt_in=r.randn(T, d), tgt_out=r.randn(T, k))


def _go(module, a):
    return module.encoder_decoder(a["params"], a["src"], a["tgt_in"], a["tgt_out"])


def loss_of(module, a):
    return _go(module, a)[0]


def gradients_of(module, a):
    _, g, ds, dt = _go(module, a)
    out = {"d" + k: v for k, v in g.items()}
    out["dsrc"], out["dtgt_in"] = ds, dt
    return out

PATHS = {
    "We": ["params", "We"],
    "Ue": ["params", "Ue"],
    "Wd": ["params", "Wd"],
    "Ud": ["params", "Ud"],
    "Wc": ["params", "Wc"],
    "src": ["src"],
    "tgt_in": ["tgt_in"],
}
