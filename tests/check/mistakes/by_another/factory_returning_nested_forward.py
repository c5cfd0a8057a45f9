import numpy as np

def make_birnn(P, keep):
    """bidirectional tanh RNN, outputs of both directions summed, dropout on the sum.
    P: dict with Wf Uf bf (left to right), Wb Ub bb (right to left), Wy, by"""

    def run(X, W, U, b):
        # X: T x N x D
        h = np.zeros((X.shape[1], U.shape[0]))
        out = []
        for x in X:
            h = np.tanh(x.dot(W) + h.dot(U) + b)
            out.append(h)
        return np.array(out)

    def run_back(X, hs, dhs, W, U):
        dW, dU, db = np.zeros(W.shape), np.zeros(U.shape), np.zeros(U.shape[0])
        dX = np.zeros(X.shape)
        carry = np.zeros(hs[0].shape)
        for t in range(len(X) - 1, -1, -1):
            da = (dhs[t] + carry) * (1 - hs[t] ** 2)
            dW += X[t].T.dot(da)
            db += da.sum(0)
            if t > 0:
                dU += hs[t - 1].T.dot(da)
            dX[t] = da.dot(W.T)
            carry = da.dot(U.T)
        return dX, dW, dU, db

    def forward(X, Y, drop):
        F = run(X, P['Wf'], P['Uf'], P['bf'])
        B = run(X[::-1], P['Wb'], P['Ub'], P['bb'])
        S = F + B[::-1]
        D = S * drop / keep
        Q = D.dot(P['Wy']) + P['by']
        loss = np.sum((Q - Y) ** 2) / (2 * X.shape[1])
        return loss, (X, Y, drop, F, B, D, Q)

    def backward(mem):
        X, Y, drop, F, B, D, Q = mem
        dQ = (Q - Y) / X.shape[1]
        dP = {}
        dP['Wy'] = np.tensordot(D, dQ, axes=([0, 1], [0, 1]))
        dP['by'] = dQ.sum(axis=(0, 1))
        dD = dQ.dot(P['Wy'].T)
        dS = dD * drop / keep
        dXf, dP['Wf'], dP['Uf'], dP['bf'] = run_back(X, F, dS, P['Wf'], P['Uf'])
        dXb, dP['Wb'], dP['Ub'], dP['bb'] = run_back(X[::-1], B, dS[::-1], P['Wb'], P['Ub'])
        dX = dXf + dXb[::-1]
        return dX, dP

    return forward, backward


# -- what it is called with --------------------------------------------------------------------------------------


def inputs():
    r = np.random.RandomState(1313)
    T, N, D, H, K = 5, 2, 3, 4, 6
    P = dict(Wy=r.randn(H, K) * .7, by=r.randn(K) * .5)
    for s in "fb":
        P["W" + s] = r.randn(D, H) * .7
        P["U" + s] = r.randn(H, H) * .6
        P["b" + s] = r.randn(H) * .4
    return dict(P=P, keep=.6, X=r.randn(T, N, D), Y=r.randn(T, N, K), drop=(r.rand(T, N, H) < .6).astype(float))


def loss_of(module, a):
    f, _ = module.make_birnn(a["P"], a["keep"])
    return f(a["X"], a["Y"], a["drop"])[0]


def gradients_of(module, a):
    f, b = module.make_birnn(a["P"], a["keep"])
    dX, dP = b(f(a["X"], a["Y"], a["drop"])[1])
    out = {"d" + k: v for k, v in dP.items()}
    out["dX"] = dX
    return out

PATHS = {
    "Wf": ["P", "Wf"],
    "Uf": ["P", "Uf"],
    "bf": ["P", "bf"],
    "Wb": ["P", "Wb"],
    "Ub": ["P", "Ub"],
    "bb": ["P", "bb"],
    "Wy": ["P", "Wy"],
    "by": ["P", "by"],
    "X": ["X"],
}
