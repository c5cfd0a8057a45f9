import numpy as np


def relu(z):
    return z * (z > 0)


def indrnn_forward(X, W, u, b, h0):
    """
    Stack of IndRNN layers, residual around every layer but the first.
      X: (T, B, D);  W: list of matrices;  u, b: lists of vectors;  h0: list of (B, H)
    """
    stores = []
    inp = X
    for l in range(len(W)):
        T, B, _ = inp.shape
        Z = np.zeros((T, B, W[l].shape[1]))
        Hs = np.zeros((T + 1, B, W[l].shape[1]))
        Hs[0] = h0[l]
        for t in range(T):
            Z[t] = inp[t] @ W[l] + u[l] * Hs[t] + b[l]
            Hs[t + 1] = relu(Z[t])
        out = Hs[1:].copy()
        if l > 0:
            out = out + inp
        stores.append((inp, Z, Hs, out))
        inp = out
    return inp, stores


def indrnn_backward(dout, stores, W, u):
    L = len(W)
    dW, du, db, dh0 = [None] * L, [None] * L, [None] * L, [None] * L
    for l in range(L - 1, -1, -1):
        inp, Z, Hs, out = stores[l]
        T = len(inp)
        dinp = np.zeros_like(inp)
        dW[l] = np.zeros_like(W[l])
        du[l] = np.zeros_like(u[l])
        db[l] = np.zeros_like(u[l])
        carry = np.zeros_like(Hs[0])
        for t in range(T - 1, -1, -1):
            dz = (dout[t] + carry) * (Z[t] > 0)
            dW[l] += inp[t].T @ dz
            du[l] += np.sum(dz * Hs[t], axis=0)
            db[l] += np.sum(dz, axis=0)
            dinp[t] = dz @ W[l].T
            carry = dz * u[l]
        dh0[l] = carry
        if l > 0:
            dinp = dinp + dout
        dout = dinp
    return dout, dW, du, db, dh0


# -- what it is called with --------------------------------------------------------------------------------------


def inputs():
    r = np.random.RandomState(1010)
    T, B, D, H = 5, 2, 3, 4
    return dict(X=r.randn(T, B, D), W=[r.randn(D, H) * .7, r.randn(H, H) * .7, r.randn(H, H) * .7],
                u=[r.randn(H) * .6 + .5 for _ in range(3)], b=[r.randn(H) * .3 + .3 for _ in range(3)],
                h0=[np.abs(r.randn(B, H)) * .5 for _ in range(3)], dout=r.randn(T, B, H))


def loss_of(module, a):
    return np.sum(module.indrnn_forward(a["X"], a["W"], a["u"], a["b"], a["h0"])[0] * a["dout"])


def gradients_of(module, a):
    _, st = module.indrnn_forward(a["X"], a["W"], a["u"], a["b"], a["h0"])
    dX, dW, du, db, dh0 = module.indrnn_backward(a["dout"].copy(), st, a["W"], a["u"])
    out = {"dX": dX}
    for n, g in (("W", dW), ("u", du), ("b", db), ("h0", dh0)):
        for l in range(3):
            out["d%s_%d" % (n, l) if n == "h0" else "d%s%d" % (n, l)] = g[l]
    return out

PATHS = {
    "X": ["X"],
    "W0": ["W", 0],
    "W1": ["W", 1],
    "W2": ["W", 2],
    "u0": ["u", 0],
    "u1": ["u", 1],
    "u2": ["u", 2],
    "b0": ["b", 0],
    "b1": ["b", 1],
    "b2": ["b", 2],
    "h0_0": ["h0", 0],
    "h0_1": ["h0", 1],
    "h0_2": ["h0", 2],
}
