"""LSTM with coupled input and forget gate; all weights in one vector theta (for scipy.optimize)."""
import numpy as np

NX, NH, NY = 3, 4, 2
SHAPES = [("Wf", (NH, NH + NX)), ("Wo", (NH, NH + NX)), ("Wg", (NH, NH + NX)),
          ("bf", (NH,)), ("bo", (NH,)), ("bg", (NH,)), ("V", (NY, NH)), ("c", (NY,))]
SIZE = sum(int(np.prod(s)) for _, s in SHAPES)


def unpack(theta):
    out, at = {}, 0
    for name, shape in SHAPES:
        n = int(np.prod(shape))
        out[name] = theta[at:at + n].reshape(shape)
        at += n
    return out


def lg(a):
    return 1. / (1. + np.exp(-a))


def objective(theta, X, Y, weight_decay=0.03):
    """X (N, T, NX), Y (N, T, NY); mean over N and T of the squared error, plus weight decay on V only."""
    P = unpack(theta)
    N, T, _ = X.shape
    h = np.zeros((N, NH))
    c = np.zeros((N, NH))
    store = []
    f_val = 0.
    for t in range(T):
        hx = np.hstack((h, X[:, t]))
        f = lg(hx @ P["Wf"].T + P["bf"])
        o = lg(hx @ P["Wo"].T + P["bo"])
        g = np.tanh(hx @ P["Wg"].T + P["bg"])
        c_old = c
        c = f * c_old + (1 - f) * g
        q = np.tanh(c)
        h = o * q
        r = h @ P["V"].T + P["c"] - Y[:, t]
        f_val += (r * r).sum() / (N * T)
        store.append((hx, f, o, g, c_old, q, h, r))
    f_val += 0.5 * weight_decay * (P["V"] ** 2).sum()

    grad = np.zeros(SIZE)
    D = unpack(grad)            # views into grad
    dh = np.zeros((N, NH))
    dc = np.zeros((N, NH))
    for hx, f, o, g, c_old, q, h, r in store[::-1]:
        dr = 2 * r / (N * T)
        D["V"] += dr.T @ h
        D["c"] += dr.sum(0)
        dh = dh + dr @ P["V"]
        do = dh * q * o * (1 - o)
        dc = dc + dh * o * (1 - q * q)
        df = dc * (c_old - g) * f * (1 - f)
        dg = dc * (1 - f) * (1 - g * g)
        for name, d in (("f", df), ("o", do), ("g", dg)):
            D["W" + name] += d.T @ hx
            D["b" + name] += d.sum(0)
        dhx = df @ P["Wf"] + do @ P["Wo"] + dg @ P["Wg"]
        dh = dhx[:, :NH]
        dc = dc * f
    D["V"] += weight_decay * P["V"]
    return f_val, grad


def inputs():
    r = np.random.RandomState(51)
    return dict(theta=0.6 * r.randn(SIZE), X=r.randn(5, 6, NX), Y=r.randn(5, 6, NY))


def loss_of(module, args):
    return float(module.objective(args["theta"], args["X"], args["Y"])[0])


def gradients_of(module, args):
    g = module.objective(args["theta"], args["X"], args["Y"])[1]
    return dict(dtheta=g)


PATHS = {"theta": ["theta"]}
