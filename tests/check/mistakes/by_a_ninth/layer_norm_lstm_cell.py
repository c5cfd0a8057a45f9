"""LSTM with layer norm on the preactivations and on the cell; last hidden state regresses a scalar per item."""
import numpy as np

EPS = 1e-5


def ln_forward(a, gain, bias):
    mu = a.mean(1, keepdims=True)
    sd = np.sqrt(a.var(1, keepdims=True) + EPS)
    xhat = (a - mu) / sd
    return xhat * gain + bias, (xhat, sd, gain)


def ln_backward(dy, cache):
    xhat, sd, gain = cache
    dgain = (dy * xhat).sum(0)
    dbias = dy.sum(0)
    dxhat = dy * gain
    da = (dxhat - dxhat.mean(1, keepdims=True) - xhat * (dxhat * xhat).mean(1, keepdims=True)) / sd
    return da, dgain, dbias


def sg(a):
    return 1 / (1 + np.exp(-a))


def cell_forward(P, x, h, c):
    n = h.shape[1]
    a = x @ P["Wx"] + h @ P["Wh"]
    pre, ln1 = ln_forward(a, P["g1"], P["b1"])
    i, f, o = sg(pre[:, :n]), sg(pre[:, n:2 * n] + 1.0), sg(pre[:, 2 * n:3 * n])
    u = np.tanh(pre[:, 3 * n:])
    c2 = f * c + i * u
    norm, ln2 = ln_forward(c2, P["g2"], P["b2"])
    tc = np.tanh(norm)
    return o * tc, c2, (x, h, c, i, f, o, u, tc, ln1, ln2)


def cell_backward(P, dh, dc2, cache, G):
    x, h, c, i, f, o, u, tc, ln1, ln2 = cache
    do = dh * tc
    dnorm = dh * o * (1 - tc ** 2)
    dcn, dg2, db2 = ln_backward(dnorm, ln2)
    dc2 = dc2 + dcn
    di, df, du = dc2 * u, dc2 * c, dc2 * i
    dpre = np.hstack([di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), du * (1 - u ** 2)])
    da, dg1, db1 = ln_backward(dpre, ln1)
    G["Wx"] += x.T @ da
    G["Wh"] += h.T @ da
    G["g1"] += dg1
    G["b1"] += db1
    G["g2"] += dg2
    G["b2"] += db2
    return da @ P["Wx"].T, da @ P["Wh"].T, dc2 * f


def train_step(P, X, h0, c0, y):
    h, c, tape = h0, c0, []
    for t in range(X.shape[1]):
        h, c, cache = cell_forward(P, X[:, t, :], h, c)
        tape.append(cache)
    e = h @ P["w"] - y
    loss = 0.5 * np.mean(e ** 2)
    G = {k: np.zeros_like(v) for k, v in P.items()}
    de = e / e.size
    G["w"] = h.T @ de
    dh = np.outer(de, P["w"])
    dc = np.zeros_like(c)
    dX = np.zeros_like(X)
    for t in reversed(range(X.shape[1])):
        dX[:, t, :], dh, dc = cell_backward(P, dh, dc, tape[t], G)
    return loss, G, dX, dh, dc


def inputs():
    r = np.random.RandomState(81)
    P = dict(Wx=r.randn(3, 20), Wh=r.randn(5, 20), g1=1 + .3 * r.randn(20), b1=.3 * r.randn(20),
             g2=1 + .3 * r.randn(5), b2=.3 * r.randn(5), w=r.randn(5))
    return dict(P=P, X=r.randn(6, 4, 3), h0=r.randn(6, 5), c0=r.randn(6, 5), y=r.randn(6))


def loss_of(module, args):
    return float(module.train_step(**args)[0])


def gradients_of(module, args):
    _, G, dX, dh, dc = module.train_step(**args)
    return dict({"d" + k: v for k, v in G.items()}, dX=dX, dh0=dh, dc0=dc)


PATHS = dict({k: ["P", k] for k in ("Wx", "Wh", "g1", "b1", "g2", "b2", "w")}, X=["X"], h0=["h0"], c0=["c0"])
