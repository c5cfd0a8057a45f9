import numpy as np

sig = lambda v: 1. / (1. + np.exp(-v))


def mgu_loss_and_grads(X, Y, h0, Wf, Uf, bf, Wh, Uh, bh):
    """minimal gated unit; X (T, n, m), Y (T, k, m); recursion instead of loops"""
    T = len(X)
    G = dict(Wf=np.zeros_like(Wf), Uf=np.zeros_like(Uf), bf=np.zeros_like(bf),
             Wh=np.zeros_like(Wh), Uh=np.zeros_like(Uh), bh=np.zeros_like(bh), X=np.zeros_like(X))

    def go(t, h):
        # returns (loss from step t on, gradient wrt the state that enters step t)
        if t == T:
            return 0., np.zeros_like(h)

        f = sig(Wf @ X[t] + Uf @ h + bf)
        fh = f * h
        q = np.tanh(Wh @ X[t] + Uh @ fh + bh)
        hn = (1 - f) * h + f * q
        err = hn - Y[t]
        rest, d_later = go(t + 1, hn)

        dhn = 2 * err + d_later
        dq = dhn * f * (1 - q * q)
        dfh = Uh.T @ dq
        df = dhn * (q - h) + dfh * h
        dsf = df * f * (1 - f)
        G['Wh'] += dq @ X[t].T
        G['Uh'] += dq @ fh.T
        G['bh'] += dq.sum(1, keepdims=True)
        G['Wf'] += dsf @ X[t].T
        G['Uf'] += dsf @ h.T
        G['bf'] += dsf.sum(1, keepdims=True)
        G['X'][t] = Wh.T @ dq + Wf.T @ dsf
        dh = dhn * (1 - f) + dfh * f + Uf.T @ dsf
        return np.sum(err ** 2) + rest, dh

    L, G['h0'] = go(0, h0)
    return L, G


# -- what it is called with --------------------------------------------------------------------------------------


P = ["h0", "Wf", "Uf", "bf", "Wh", "Uh", "bh"]


def inputs():
    r = np.random.RandomState(707)
    T, n, k, m = 5, 3, 4, 2
    return dict(X=r.randn(T, n, m), Y=r.randn(T, k, m), h0=r.randn(k, m), Wf=r.randn(k, n) * .7, Uf=r.randn(k, k) * .7,
                bf=r.randn(k, 1) * .4, Wh=r.randn(k, n) * .7, Uh=r.randn(k, k) * .7, bh=r.randn(k, 1) * .4)


def loss_of(module, a):
    return module.mgu_loss_and_grads(a["X"], a["Y"], *[a[p] for p in P])[0]


def gradients_of(module, a):
    G = module.mgu_loss_and_grads(a["X"], a["Y"], *[a[p] for p in P])[1]
    return {"d" + k: v for k, v in G.items()}

PATHS = {
    "X": ["X"],
    "h0": ["h0"],
    "Wf": ["Wf"],
    "Uf": ["Uf"],
    "bf": ["bf"],
    "Wh": ["Wh"],
    "Uh": ["Uh"],
    "bh": ["bh"],
}
