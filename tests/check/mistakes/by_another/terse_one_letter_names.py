import numpy as np

sg = lambda a: 1 / (1 + np.exp(-a))

# SRU with highway; arrays are (features, time, batch)
def sru_f(x, c0, W, Wf, Wr, vf, vr, bf, br):
    n, T, m = x.shape
    u = np.einsum('ij,jtb->itb', W, x)
    pf = np.einsum('ij,jtb->itb', Wf, x) + bf[:, None, None]
    pr = np.einsum('ij,jtb->itb', Wr, x) + br[:, None, None]
    c = np.empty((n, T + 1, m)); f = np.empty((n, T, m)); r = np.empty((n, T, m)); h = np.empty((n, T, m))
    c[:, 0] = c0
    for t in range(T):
        f[:, t] = sg(pf[:, t] + vf[:, None] * c[:, t])
        r[:, t] = sg(pr[:, t] + vr[:, None] * c[:, t])
        c[:, t+1] = f[:, t] * c[:, t] + (1 - f[:, t]) * u[:, t]
        h[:, t] = r[:, t] * np.tanh(c[:, t+1]) + (1 - r[:, t]) * x[:, t]
    return h, (x, u, c, f, r)

def sru_b(dh, k, W, Wf, Wr, vf, vr):
    x, u, c, f, r = k
    n, T, m = x.shape
    du, dpf, dpr = np.empty_like(u), np.empty_like(u), np.empty_like(u)
    dvf, dvr = np.zeros_like(vf), np.zeros_like(vr)
    dx = np.zeros_like(x)
    dc = np.zeros((n, m))
    for t in range(T)[::-1]:
        tc = np.tanh(c[:, t+1])
        dr = dh[:, t] * (tc - x[:, t])
        dx[:, t] = dh[:, t] * (1 - r[:, t])
        dc = dc + dh[:, t] * r[:, t] * (1 - tc**2)
        df = dc * (c[:, t] - u[:, t])
        du[:, t] = dc * (1 - f[:, t])
        dpf[:, t] = df * f[:, t] * (1 - f[:, t])
        dpr[:, t] = dr * r[:, t] * (1 - r[:, t])
        dvf += np.sum(dpf[:, t] * c[:, t], axis=1)
        dvr += np.sum(dpr[:, t] * c[:, t], axis=1)
        dc = dc * f[:, t] + dpf[:, t] * vf[:, None] + dpr[:, t] * vr[:, None]
    dW = np.einsum('itb,jtb->ij', du, x)
    dWf = np.einsum('itb,jtb->ij', dpf, x)
    dWr = np.einsum('itb,jtb->ij', dpr, x)
    dbf = dpf.sum((1, 2))
    dbr = dpr.sum((1, 2))
    dx += np.einsum('ij,itb->jtb', W, du)
    dx += np.einsum('ij,itb->jtb', Wf, dpf)
    dx += np.einsum('ij,itb->jtb', Wr, dpr)
    return dx, dc, dW, dWf, dWr, dvf, dvr, dbf, dbr


# -- what it is called with --------------------------------------------------------------------------------------


def inputs():
    r = np.random.RandomState(909)
    n, T, m = 4, 5, 2
    return dict(x=r.randn(n, T, m), c0=r.randn(n, m), W=r.randn(n, n) * .7, Wf=r.randn(n, n) * .7, Wr=r.randn(n, n) * .7,
                vf=r.randn(n), vr=r.randn(n), bf=r.randn(n) * .4, br=r.randn(n) * .4, dh=r.randn(n, T, m))


P = ["x", "c0", "W", "Wf", "Wr", "vf", "vr", "bf", "br"]


def loss_of(module, a):
    return np.sum(module.sru_f(*[a[p] for p in P])[0] * a["dh"])


def gradients_of(module, a):
    h, k = module.sru_f(*[a[p] for p in P])
    return dict(zip(["d" + p for p in P], module.sru_b(a["dh"], k, a["W"], a["Wf"], a["Wr"], a["vf"], a["vr"])))

PATHS = {
    "x": ["x"],
    "c0": ["c0"],
    "W": ["W"],
    "Wf": ["Wf"],
    "Wr": ["Wr"],
    "vf": ["vf"],
    "vr": ["vr"],
    "bf": ["bf"],
    "br": ["br"],
}
