import numpy as np

# GRU + attention pooling, all contractions by einsum
# letters: b batch, t time, d input, h hidden, k hidden (previous), g gate (z, r, n), o output


def forward_pass(X, mask, Y, W, U, B, v, tau, Wo, bo):
    b, T, _ = X.shape
    H = U.shape[1]
    XW = np.einsum('btd,gdh->gbth', X, W) + B[:, None, None, :]
    hs = np.zeros((b, T + 1, H))
    zs = np.zeros((b, T, H))
    rs = np.zeros((b, T, H))
    ns = np.zeros((b, T, H))
    for t in range(T):
        hp = hs[:, t]
        zs[:, t] = 1 / (1 + np.exp(-(XW[0, :, t] + np.einsum('bk,kh->bh', hp, U[0]))))
        rs[:, t] = 1 / (1 + np.exp(-(XW[1, :, t] + np.einsum('bk,kh->bh', hp, U[1]))))
        ns[:, t] = np.tanh(XW[2, :, t] + np.einsum('bk,kh->bh', rs[:, t] * hp, U[2]))
        hs[:, t + 1] = zs[:, t] * hp + (1 - zs[:, t]) * ns[:, t]

    h = hs[:, 1:]
    score = np.einsum('bth,h->bt', h, v) / tau
    score = np.where(mask > 0, score, -1e9)
    score = score - score.max(1, keepdims=True)
    alpha = np.exp(score)
    alpha /= alpha.sum(1, keepdims=True)
    ctx = np.einsum('bt,bth->bh', alpha, h)
    out = np.einsum('bh,ho->bo', ctx, Wo) + bo
    loss = np.sum((out - Y) ** 2) / b
    return loss, (X, mask, Y, W, U, v, tau, Wo, hs, zs, rs, ns, alpha, ctx, out)


def backward_pass(cache):
    X, mask, Y, W, U, v, tau, Wo, hs, zs, rs, ns, alpha, ctx, out = cache
    b, T, D = X.shape
    h = hs[:, 1:]

    dout = 2 * (out - Y) / b
    dWo = np.einsum('bh,bo->ho', ctx, dout)
    dbo = np.einsum('bo->o', dout)
    dctx = np.einsum('bo,ho->bh', dout, Wo)

    # attention
    dalpha = np.einsum('bh,bth->bt', dctx, h)
    inner = np.einsum('bt,bt->b', alpha, dalpha)
    dscore = alpha * (dalpha - inner[:, None])
    dv = np.einsum('bt,bth->h', dscore, h) / tau
    dtau = -np.einsum('bt,bth,h->', dscore, h, v) / tau ** 2
    dh_all = np.einsum('bt,bh->bth', alpha, dctx) + np.einsum('bt,h->bth', dscore, v) / tau

    # GRU
    dA = np.zeros((3, b, T, h.shape[2]))
    dU = np.zeros_like(U)
    carry = np.zeros_like(hs[:, 0])
    for t in range(T - 1, -1, -1):
        hp, z, r, n = hs[:, t], zs[:, t], rs[:, t], ns[:, t]
        dh = dh_all[:, t] + carry
        dn = dh * (1 - z) * (1 - n ** 2)
        drh = np.einsum('bh,kh->bk', dn, U[2])
        dz = dh * (hp - n) * z * (1 - z)
        dr = drh * hp * r * (1 - r)
        dA[0, :, t], dA[1, :, t], dA[2, :, t] = dz, dr, dn
        dU[0] += np.einsum('bk,bh->kh', hp, dz)
        dU[1] += np.einsum('bk,bh->kh', hp, dr)
        dU[2] += np.einsum('bk,bh->kh', r * hp, dn)
        carry = dh * z + drh * r
        carry += np.einsum('bh,kh->bk', dz, U[0]) + np.einsum('bh,kh->bk', dr, U[1])

    dW = np.einsum('btd,gbth->gdh', X, dA)
    dB = np.einsum('gbth->gh', dA)
    dX = np.einsum('gbth,gdh->btd', dA, W)
    return dX, dW, dU, dB, dv, dtau, dWo, dbo


def inputs():
    r = np.random.RandomState(101)
    b, T, D, H, O = 3, 4, 3, 3, 2
    mask = np.array([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0]], float)
    return dict(X=r.randn(b, T, D), mask=mask, Y=r.randn(b, O), W=r.randn(3, D, H) * .7, U=r.randn(3, H, H) * .7,
                B=r.randn(3, H) * .3, v=r.randn(H) * 1.5, tau=np.array(.8), Wo=r.randn(H, O), bo=r.randn(O) * .3)


def loss_of(module, a):
    return module.forward_pass(**a)[0]


def gradients_of(module, a):
    grads = module.backward_pass(module.forward_pass(**a)[1])
    return dict(zip(['dX', 'dW', 'dU', 'dB', 'dv', 'dtau', 'dWo', 'dbo'], grads))


PATHS = {
    "X": ["X"],
    "W": ["W"],
    "U": ["U"],
    "B": ["B"],
    "v": ["v"],
    "tau": ["tau"],
    "Wo": ["Wo"],
    "bo": ["bo"],
}
