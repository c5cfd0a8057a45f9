import numpy as np


def tanh_layer_norm_rnn(X, mask, target, W, U, gain, bias, h0, eps=1e-5):
    # X: [T, m, d]; mask: [T, m]; a masked step keeps the old state
    # target is compared with the final state, mse over batch
    T, m, _ = X.shape
    H = U.shape[1]
    h = h0
    saved = list()
    for t in range(T):
        a = X[t] @ W + h @ U
        mu = a.mean(axis=1, keepdims=True)
        var = ((a - mu) ** 2).mean(axis=1, keepdims=True)
        inv = 1 / np.sqrt(var + eps)
        xhat = (a - mu) * inv
        cand = np.tanh(gain * xhat + bias)
        mt = mask[t][:, None]
        h_prev = h
        h = mt * cand + (1 - mt) * h_prev
        saved.append((h_prev, xhat, inv, cand, mt))
    loss = np.sum((h - target) ** 2) / m

    dX = np.zeros_like(X)
    dW, dU, dgain, dbias = [np.zeros_like(v) for v in (W, U, gain, bias)]
    dh = 2 * (h - target) / m
    for t in range(T - 1, -1, -1):
        h_prev, xhat, inv, cand, mt = saved[t]
        dcand = dh * mt
        dn = dcand * (1 - cand ** 2)
        dgain += (dn * xhat).sum(axis=0)
        dbias += dn.sum(axis=0)
        dxhat = dn * gain
        da = inv / H * (H * dxhat - dxhat.sum(axis=1, keepdims=True) - xhat * (dxhat * xhat).sum(axis=1, keepdims=True))
        dW += X[t].T @ da
        dU += h_prev.T @ da
        dX[t] = da @ W.T
        dh = da @ U.T + dh * (1 - mt)
    return loss, {'dX': dX, 'dW': dW, 'dU': dU, 'dgain': dgain, 'dbias': dbias, 'dh0': dh}


# -- what it is called with --------------------------------------------------------------------------------------


def inputs():
    r = np.random.RandomState(2121)
    T, m, d, H = 6, 2, 3, 5
    mask = np.ones((T, m))
    mask[4:, 1] = 0
    mask[0, 0] = 0
    return dict(X=r.randn(T, m, d), mask=mask, target=r.randn(m, H), W=r.randn(d, H), U=r.randn(H, H) * .8, gain=1 + .3 * r.randn(H),
                bias=r.randn(H) * .4, h0=r.randn(m, H) * .6)


P = ["X", "mask", "target", "W", "U", "gain", "bias", "h0"]


def loss_of(module, a):
    return module.tanh_layer_norm_rnn(*[a[p] for p in P])[0]


def gradients_of(module, a):
    return module.tanh_layer_norm_rnn(*[a[p] for p in P])[1]

PATHS = {
    "X": ["X"],
    "W": ["W"],
    "U": ["U"],
    "gain": ["gain"],
    "bias": ["bias"],
    "h0": ["h0"],
}
