import numpy as np

# Copy task: read some symbols, wait, then say them again.
# GRU, time first. Only the last `n_copy` steps are scored.


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def copy_loss(params, inp, tgt, n_copy):
    Wg, bg, Wc, bc, Wo, bo = params      # Wg makes z and r together
    T, B, I = inp.shape
    H = Wc.shape[1]

    h = np.zeros((B, H))
    tape = []
    outs = []
    for t in range(T):
        xh = np.hstack([inp[t], h])
        g = sigmoid(xh @ Wg + bg)
        z, r = g[:, :H], g[:, H:]
        xrh = np.hstack([inp[t], r * h])
        c = np.tanh(xrh @ Wc + bc)
        h_new = z * h + (1 - z) * c
        tape.append((xh, z, r, xrh, c, h))
        h = h_new
        outs.append(h)

    loss = 0.0
    probs = {}
    for t in range(T - n_copy, T):
        s = outs[t] @ Wo + bo
        s = s - s.max(1, keepdims=True)
        p = np.exp(s) / np.exp(s).sum(1, keepdims=True)
        probs[t] = p
        loss += -np.log(p[np.arange(B), tgt[t]]).sum()
    loss /= n_copy * B

    # ---------- backward ----------
    dWg, dbg = np.zeros_like(Wg), np.zeros_like(bg)
    dWc, dbc = np.zeros_like(Wc), np.zeros_like(bc)
    dWo, dbo = np.zeros_like(Wo), np.zeros_like(bo)
    dh = np.zeros((B, H))
    for t in range(T - 1, -1, -1):
        if t >= T - n_copy:
            ds = probs[t].copy()
            ds[np.arange(B), tgt[t]] -= 1
            ds /= n_copy * B
            dWo += outs[t].T @ ds
            dbo += ds.sum(0)
            dh = dh + ds @ Wo.T
        xh, z, r, xrh, c, h_old = tape[t]
        dz = dh * (h_old - c)
        dc = dh * (1 - z) * (1 - c ** 2)
        dWc += xrh.T @ dc
        dbc += dc.sum(0)
        dxrh = dc @ Wc.T
        drh = dxrh[:, I:]
        dr = drh * h_old
        dg = np.hstack([dz * z * (1 - z), dr * r * (1 - r)])
        dWg += xh.T @ dg
        dbg += dg.sum(0)
        dxh = dg @ Wg.T
        dh = dh * z + drh * r + dxh[:, I:]
    return loss, (dWg, dbg, dWc, dbc, dWo, dbo)


def inputs():
    r = np.random.RandomState(103)
    B, H, K, T = 2, 3, 4, 6
    I = K
    sym = np.array([[0, 2], [1, 1], [2, 0], [3, 3], [3, 3], [3, 3]])
    inp = np.eye(K)[sym] + .1 * r.randn(T, B, K)
    tgt = np.array([[3, 3], [3, 3], [3, 3], [0, 2], [1, 1], [2, 0]])
    params = [r.randn(I + H, 2 * H) * .8, r.randn(2 * H) * .4, r.randn(I + H, H), r.randn(H) * .4, r.randn(H, K), r.randn(K) * .4]
    return dict(params=params, inp=inp, tgt=tgt)


def loss_of(module, args):
    return module.copy_loss(args['params'], args['inp'], args['tgt'], 3)[0]


def gradients_of(module, args):
    g = module.copy_loss(args['params'], args['inp'], args['tgt'], 3)[1]
    return dict(zip(['dWg', 'dbg', 'dWc', 'dbc', 'dWo', 'dbo'], g))


PATHS = {
    "Wg": ["params", 0],
    "bg": ["params", 1],
    "Wc": ["params", 2],
    "bc": ["params", 3],
    "Wo": ["params", 4],
    "bo": ["params", 5],
}
