import numpy as np

NEG = -1e30


def forward_pass(x, labels, Wx, Wh, bh, Wy, by):
    """forward-sum loss over all monotone alignments (like CTC without blanks).
    x: (T, D), labels: list of S class ids, S <= T"""
    T = x.shape[0]
    S = len(labels)
    H = Wh.shape[0]
    h = np.zeros((T + 1, H))
    for t in range(T):
        h[t + 1] = np.tanh(x[t] @ Wx + h[t] @ Wh + bh)
    logits = h[1:] @ Wy + by
    mx = logits.max(axis=1, keepdims=True)
    logp = logits - mx - np.log(np.exp(logits - mx).sum(axis=1, keepdims=True))
    alpha = np.full((T, S), NEG)
    alpha[0, 0] = logp[0, labels[0]]
    for t in range(1, T):
        for s in range(S):
            stay = alpha[t - 1, s]
            move = alpha[t - 1, s - 1] if s > 0 else NEG
            alpha[t, s] = np.logaddexp(stay, move) + logp[t, labels[s]]
    return -alpha[T - 1, S - 1], (x, labels, h, logp, alpha)


def backward_pass(cache, Wx, Wh, bh, Wy, by):
    x, labels, h, logp, alpha = cache
    T, S = alpha.shape
    dalpha = np.zeros_like(alpha)
    dalpha[T - 1, S - 1] = -1.0
    dlogp = np.zeros_like(logp)
    for t in range(T - 1, 0, -1):
        for s in range(S):
            dlogp[t, labels[s]] += dalpha[t, s]
            stay = alpha[t - 1, s]
            move = alpha[t - 1, s - 1] if s > 0 else NEG
            total = np.logaddexp(stay, move)
            dalpha[t - 1, s] += dalpha[t, s] * np.exp(stay - total)
            if s > 0:
                dalpha[t - 1, s - 1] += dalpha[t, s] * np.exp(move - total)
    dlogp[0, labels[0]] += dalpha[0, 0]

    dlogits = dlogp - np.exp(logp) * dlogp.sum(axis=1, keepdims=True)
    dWy = h[1:].T @ dlogits
    dby = dlogits.sum(axis=0)
    dh = dlogits @ Wy.T
    dWx, dWh, dbh, dx = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(bh), np.zeros_like(x)
    dnext = np.zeros(h.shape[1])
    for t in reversed(range(T)):
        dz = (dh[t] + dnext) * (1 - h[t + 1] ** 2)
        dWx += np.outer(x[t], dz)
        dWh += np.outer(h[t], dz)
        dbh += dz
        dx[t] = Wx @ dz
        dnext = Wh @ dz
    return dx, dWx, dWh, dbh, dWy, dby


# -- what it is called with --------------------------------------------------------------------------------------


P = ["Wx", "Wh", "bh", "Wy", "by"]


def inputs():
    r = np.random.RandomState(1818)
    T, D, H, K = 7, 3, 5, 4
    return dict(x=r.randn(T, D), labels=[2, 0, 2, 3], Wx=r.randn(D, H) * .7, Wh=r.randn(H, H) * .6, bh=r.randn(H) * .4,
                Wy=r.randn(H, K), by=r.randn(K) * .4)


def loss_of(module, a):
    return module.forward_pass(a["x"], a["labels"], *[a[p] for p in P])[0]


def gradients_of(module, a):
    _, c = module.forward_pass(a["x"], a["labels"], *[a[p] for p in P])
    return dict(zip(["dx"] + ["d" + p for p in P], module.backward_pass(c, *[a[p] for p in P])))

PATHS = {
    "x": ["x"],
    "Wx": ["Wx"],
    "Wh": ["Wh"],
    "bh": ["bh"],
    "Wy": ["Wy"],
    "by": ["by"],
}
