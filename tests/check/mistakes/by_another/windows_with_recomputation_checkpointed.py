import numpy as np

# memory saving BPTT: keep only the state at the start of each window, recompute the inside


def step(x, h, Wx, Wh, b):
    return np.tanh(x @ Wx + h @ Wh + b)


def total_loss(xs, ys, h, Wx, Wh, b, Wo, window):
    loss = 0.0
    starts = []
    for t in range(len(xs)):
        if t % window == 0:
            starts.append(h)
        h = step(xs[t], h, Wx, Wh, b)
        loss += np.abs(h @ Wo - ys[t]).sum()
    return loss, starts


def bptt(xs, ys, h0, Wx, Wh, b, Wo, window):
    loss, starts = total_loss(xs, ys, h0, Wx, Wh, b, Wo, window)
    gWx = np.zeros_like(Wx)
    gWh = np.zeros_like(Wh)
    gb = np.zeros_like(b)
    gWo = np.zeros_like(Wo)
    gxs = [None for _ in xs]
    gh = np.zeros_like(h0)
    for w in range(len(starts) - 1, -1, -1):
        first = w * window
        last = min(first + window, len(xs))
        hs = [starts[w]]
        for t in range(first, last):
            hs.append(step(xs[t], hs[-1], Wx, Wh, b))
        for t in range(last - 1, first - 1, -1):
            k = t - first
            gout = np.sign(hs[k + 1] @ Wo - ys[t])
            gWo += hs[k + 1].T @ gout
            gh = gh + gout @ Wo.T
            gz = gh * (1 - hs[k + 1] ** 2)
            gWx += xs[t].T @ gz
            gWh += hs[k].T @ gz
            gb += gz.sum(axis=0)
            gxs[t] = gz @ Wx.T
            gh = gz @ Wh.T
    return loss, gxs, gh, gWx, gWh, gb, gWo


# -- what it is called with --------------------------------------------------------------------------------------


def inputs():
    r = np.random.RandomState(1919)
    T, m, d, n, k = 8, 2, 3, 5, 4
    return dict(xs=[r.randn(m, d) for _ in range(T)], ys=[r.randn(m, k) for _ in range(T)], h0=r.randn(m, n), Wx=r.randn(d, n) * .7,
                Wh=r.randn(n, n) * .6, b=r.randn(n) * .4, Wo=r.randn(n, k), window=3)


P = ["h0", "Wx", "Wh", "b", "Wo", "window"]


def loss_of(module, a):
    return module.total_loss(a["xs"], a["ys"], *[a[p] for p in P])[0]


def gradients_of(module, a):
    o = module.bptt(a["xs"], a["ys"], *[a[p] for p in P])
    out = {"dxs%d" % t: v for t, v in enumerate(o[1])}
    out.update(zip(["dh0", "dWx", "dWh", "db", "dWo"], o[2:]))
    return out

PATHS = {
    "h0": ["h0"],
    "Wx": ["Wx"],
    "Wh": ["Wh"],
    "b": ["b"],
    "Wo": ["Wo"],
    "xs0": ["xs", 0],
    "xs1": ["xs", 1],
    "xs2": ["xs", 2],
    "xs3": ["xs", 3],
    "xs4": ["xs", 4],
    "xs5": ["xs", 5],
    "xs6": ["xs", 6],
    "xs7": ["xs", 7],
}
