import numpy as np


def flip(a, lengths):
    """turns around the valid part of each row; the padding stays at the end"""
    out = a.copy()
    for b, n in enumerate(lengths):
        out[b, :n] = a[b, :n][::-1]
    return out


def scan(x, mask, p, d):
    B, T, _ = x.shape
    H = p['U' + d].shape[0]
    hs = np.zeros((B, T + 1, H))
    cand = np.zeros((B, T, H))
    for t in range(T):
        pre = np.einsum('bi,ij->bj', x[:, t], p['W' + d]) + np.einsum('bi,ij->bj', hs[:, t], p['U' + d]) + p['b' + d]
        cand[:, t] = np.tanh(pre)
        m = mask[:, t, None]
        hs[:, t + 1] = m * cand[:, t] + (1 - m) * hs[:, t]
    return hs, cand


def scan_backward(dout, x, mask, hs, cand, p, d, g):
    dpre = np.zeros_like(cand)
    carry = np.zeros_like(hs[:, 0])
    for t in reversed(range(x.shape[1])):
        dh = dout[:, t] + carry
        m = mask[:, t, None]
        dpre[:, t] = m * dh * (1 - cand[:, t] ** 2)
        carry = (1 - m) * dh + np.einsum('bj,ij->bi', dpre[:, t], p['U' + d])
    g['W' + d] = np.einsum('bti,btj->ij', x, dpre)
    g['U' + d] = np.einsum('bti,btj->ij', hs[:, :-1], dpre)
    g['b' + d] = np.einsum('btj->j', dpre)
    return np.einsum('btj,ij->bti', dpre, p['W' + d])


def bi_forward(x, lengths, labels, p):
    B, T, _ = x.shape
    mask = (np.arange(T)[None] < lengths[:, None]).astype(float)
    xr = flip(x, lengths)
    hf, cf = scan(x, mask, p, 'f')
    hb, cb = scan(xr, mask, p, 'b')
    both = np.concatenate([hf[:, 1:], flip(hb[:, 1:], lengths)], axis=-1)
    pooled = np.einsum('bt,bth->bh', mask, both) / lengths[:, None]
    logits = pooled @ p['V'] + p['c']
    logits = logits - logits.max(-1, keepdims=True)
    probs = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    loss = -np.log(probs[np.arange(B), labels]).mean()
    return loss, (mask, xr, hf, cf, hb, cb, pooled, probs)


def bi_backward(x, lengths, labels, p, cache):
    mask, xr, hf, cf, hb, cb, pooled, probs = cache
    B, H = x.shape[0], hf.shape[-1]
    dlogits = (probs - np.eye(probs.shape[1])[labels]) / B
    g = {'V': np.einsum('bh,bk->hk', pooled, dlogits), 'c': dlogits.sum(0)}
    dpooled = np.einsum('bk,hk->bh', dlogits, p['V'])
    dboth = np.einsum('bt,bh->bth', mask, dpooled / lengths[:, None])
    df, db = dboth[..., :H], dboth[..., H:]
    dxf = scan_backward(df, x, mask, hf, cf, p, 'f', g)
    dxb = scan_backward(flip(db, lengths), xr, mask, hb, cb, p, 'b', g)
    g['x'] = dxf + flip(dxb, lengths)
    return g


def inputs():
    r = np.random.RandomState(76)
    B, T, D, H, K = 3, 4, 2, 3, 3
    p = dict(V=r.randn(2 * H, K), c=r.randn(K) * .2)
    for d in 'fb':
        p['W' + d], p['U' + d], p['b' + d] = r.randn(D, H) * .7, r.randn(H, H) * .6, r.randn(H) * .3
    return dict(x=r.randn(B, T, D), lengths=np.array([4, 2, 3]), labels=np.array([2, 0, 1]), p=p)


def loss_of(module, args):
    return module.bi_forward(args['x'], args['lengths'], args['labels'], args['p'])[0]


def gradients_of(module, args):
    a = args['x'], args['lengths'], args['labels'], args['p']
    g = module.bi_backward(*a, module.bi_forward(*a)[1])
    return {'d' + k: v for k, v in g.items()}


PATHS = {
    "x": ["x"],
    "Wf": ["p", "Wf"],
    "Uf": ["p", "Uf"],
    "bf": ["p", "bf"],
    "Wb": ["p", "Wb"],
    "Ub": ["p", "Ub"],
    "bb": ["p", "bb"],
    "V": ["p", "V"],
    "c": ["p", "c"],
}
