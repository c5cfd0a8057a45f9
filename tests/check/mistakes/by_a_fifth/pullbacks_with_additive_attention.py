"""Encoder-decoder with additive attention. Every op returns (value, pullback)."""
import numpy as np


def affine(x, W, b):
    def pullback(g):
        return g @ W.T, x.T @ g, g.sum(axis=0)
    return x @ W + b, pullback


def tanh(a):
    y = np.tanh(a)
    return y, lambda g: g * (1 - y ** 2)


def concat(a, b):
    n = a.shape[1]
    return np.concatenate([a, b], axis=1), lambda g: (g[:, :n], g[:, n:])


def rnn_step(x, h, p):
    """h' = tanh([x, h] W + b)"""
    xh, concat_back = concat(x, h)
    a, affine_back = affine(xh, p["W"], p["b"])
    y, tanh_back = tanh(a)

    def pullback(g):
        dxh, dW, db = affine_back(tanh_back(g))
        dx, dh = concat_back(dxh)
        return dx, dh, {"W": dW, "b": db}
    return y, pullback


def softmax(s):
    e = np.exp(s - s.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)

    def pullback(g):
        return p * (g - (g * p).sum(axis=1, keepdims=True))
    return p, pullback


def attend(query, keys, p):
    """query (B,H), keys (B,S,H) -> context (B,H)"""
    q = query @ p["Wq"]                       # (B,A)
    k = keys @ p["Wk"]                        # (B,S,A)
    e = np.tanh(q[:, None, :] + k)
    scores = e @ p["v"]                       # (B,S)
    weights, softmax_back = softmax(scores)
    context = (weights[:, :, None] * keys).sum(axis=1)

    def pullback(g):
        dweights = (g[:, None, :] * keys).sum(axis=2)
        dkeys = weights[:, :, None] * g[:, None, :]
        dscores = softmax_back(dweights)
        dv = (dscores[:, :, None] * e).sum(axis=(0, 1))
        de = dscores[:, :, None] * p["v"]
        dpre = de * (1 - e ** 2)
        dq = dpre.sum(axis=1)
        dWq = query.T @ dq
        dWk = np.tensordot(keys, dpre, axes=([0, 1], [0, 1]))
        dquery = dq @ p["Wq"].T
        dkeys = dkeys + dpre @ p["Wk"].T
        return dquery, dkeys, {"Wq": dWq, "Wk": dWk, "v": dv}
    return context, pullback


def accumulate(total, part):
    for name, value in part.items():
        total[name] = total.get(name, 0) + value


def seq2seq(src, tgt_in, params):
    """src (B,S,D), tgt_in (B,T,D) -> predictions (B,T,O)"""
    B, S, _ = src.shape
    H = params["enc"]["b"].shape[0]
    h = np.zeros((B, H))
    states, enc_backs = [], []
    for s in range(S):
        h, back = rnn_step(src[:, s], h, params["enc"])
        states.append(h)
        enc_backs.append(back)
    keys = np.stack(states, axis=1)

    outs, dec_backs = [], []
    for t in range(tgt_in.shape[1]):
        context, attend_back = attend(h, keys, params["att"])
        inp, concat_back = concat(tgt_in[:, t], context)
        h, step_back = rnn_step(inp, h, params["dec"])
        out, out_back = affine(h, params["out"]["W"], params["out"]["b"])
        outs.append(out)
        dec_backs.append((attend_back, concat_back, step_back, out_back))

    def pullback(douts):
        grads = {"enc": {}, "dec": {}, "att": {}, "out": {}}
        dh = np.zeros((B, H))
        dkeys = np.zeros_like(keys)
        for t in reversed(range(len(dec_backs))):
            attend_back, concat_back, step_back, out_back = dec_backs[t]
            dh_out, dW, db = out_back(douts[:, t])
            accumulate(grads["out"], {"W": dW, "b": db})
            dinp, dh, dp = step_back(dh_out + dh)
            accumulate(grads["dec"], dp)
            _, dcontext = concat_back(dinp)
            dquery, dk, dp = attend_back(dcontext)
            accumulate(grads["att"], dp)
            dkeys += dk
            dh = dh + dquery
        for s in reversed(range(len(enc_backs))):
            _, dh, dp = enc_backs[s](dh + dkeys[:, s])
            accumulate(grads["enc"], dp)
        return grads
    return np.stack(outs, axis=1), pullback


def loss_and_grads(src, tgt_in, target, params):
    pred, back = seq2seq(src, tgt_in, params)
    diff = pred - target
    loss = np.mean(diff ** 2)
    return loss, back(2 * diff / diff.size)


def inputs():
    r = np.random.RandomState(44)
    B, S, T, D, H, O = 2, 4, 3, 3, 3, 2
    params = {
        'enc': dict(W=r.randn(D + H, H) * .7, b=r.randn(H) * .3),
        'dec': dict(W=r.randn(D + H + H, H) * .7, b=r.randn(H) * .3),
        'att': dict(Wq=r.randn(H, H), Wk=r.randn(H, H), v=r.randn(H) * 1.5),
        'out': dict(W=r.randn(H, O), b=r.randn(O) * .3)}
    return dict(src=r.randn(B, S, D), tgt_in=r.randn(B, T, D), target=r.randn(B, T, O), params=params)


def loss_of(module, a):
    return module.loss_and_grads(a['src'], a['tgt_in'], a['target'], a['params'])[0]


def gradients_of(module, a):
    g = module.loss_and_grads(a['src'], a['tgt_in'], a['target'], a['params'])[1]
    return {'d%s_%s' % (part, k): v for part in g for k, v in g[part].items()}


PATHS = {
    "enc_W": ["params", "enc", "W"],
    "enc_b": ["params", "enc", "b"],
    "dec_W": ["params", "dec", "W"],
    "dec_b": ["params", "dec", "b"],
    "att_Wq": ["params", "att", "Wq"],
    "att_Wk": ["params", "att", "Wk"],
    "att_v": ["params", "att", "v"],
    "out_W": ["params", "out", "W"],
    "out_b": ["params", "out", "b"],
}
