"""
Decision-feedback equalizer, nonlinear version.
    u[n] = [x[n], x[n-1], ..., x[n-L+1]]          tapped delay line
    s[n] = tanh(A u[n] + B y[n-1] + F s[n-1] + b) hidden nodes
    y[n] = C s[n] + D x[n]                        output, fed back one sample later
cost: exponentially windowed error power, window lam^(N-1-n)
"""
import numpy as np


def delay_line(x, L):
    N, P = x.shape
    u = np.zeros((N, L * P))
    for n in range(N):
        for l in range(L):
            if n - l >= 0:
                u[n, l*P:(l+1)*P] = x[n-l]
    return u


def delay_line_adj(gu, L, P):
    """adjoint of the delay line: every sample collects from all the taps it went through"""
    N = gu.shape[0]
    gx = np.zeros((N, P))
    for n in range(N):
        for l in range(L):
            if n - l >= 0:
                gx[n-l] += gu[n, l*P:(l+1)*P]
    return gx


def dfe(x, d, A, B, C, D, F, b, L, lam=0.9):
    N, P = x.shape
    Q, M = C.shape
    u = delay_line(x, L)
    s = np.zeros((N + 1, M))      # s[0], y[0]: filter at rest; index n+1 belongs to sample n
    y = np.zeros((N + 1, Q))
    for n in range(N):
        s[n+1] = np.tanh(A.dot(u[n]) + B.dot(y[n]) + F.dot(s[n]) + b)
        y[n+1] = C.dot(s[n+1]) + D.dot(x[n])
    win = lam ** np.arange(N - 1, -1, -1)
    e = y[1:] - d
    J = 0.5 * np.sum(win * np.sum(e**2, axis=1)) / np.sum(win)

    # BPTT
    gA, gB, gC, gD, gF, gb = [np.zeros_like(q) for q in (A, B, C, D, F, b)]
    gu = np.zeros_like(u)
    gx = np.zeros_like(x)
    gy_fb = np.zeros(Q)           # from y[n] into s[n+1]
    gs_fb = np.zeros(M)           # from s[n] into s[n+1]
    for n in range(N - 1, -1, -1):
        gy = win[n] * e[n] / np.sum(win) + gy_fb
        gC += np.outer(gy, s[n+1])
        gD += np.outer(gy, x[n])
        gx[n] += D.T.dot(gy)
        gs = C.T.dot(gy) + gs_fb
        gv = gs * (1 - s[n+1]**2)
        gA += np.outer(gv, u[n])
        gB += np.outer(gv, y[n])
        gF += np.outer(gv, s[n])
        gb += gv
        gu[n] = A.T.dot(gv)
        gy_fb = B.T.dot(gv)
        gs_fb = F.T.dot(gv)
    gx += delay_line_adj(gu, L, P)
    return J, (gx, gA, gB, gC, gD, gF, gb)


def inputs():
    r = np.random.RandomState(18)
    N, P, Q, M, L = 6, 2, 2, 4, 3
    return dict(x=r.randn(N, P), d=r.randn(N, Q), A=r.randn(M, L * P) * .5, B=r.randn(M, Q) * .7, C=r.randn(Q, M) * .7, D=r.randn(Q, P) * .5,
                F=r.randn(M, M) * .5, b=r.randn(M) * .2, L=L)


def _run(module, a):
    return module.dfe(a['x'], a['d'], a['A'], a['B'], a['C'], a['D'], a['F'], a['b'], a['L'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    return dict(zip(['dx', 'dA', 'dB', 'dC', 'dD', 'dF', 'db'], _run(module, args)[1]))


PATHS = {
    "x": ["x"],
    "A": ["A"],
    "B": ["B"],
    "C": ["C"],
    "D": ["D"],
    "F": ["F"],
    "b": ["b"],
}
