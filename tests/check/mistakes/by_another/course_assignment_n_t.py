import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    """
    x: (N, D), prev_h: (N, H), prev_c: (N, H), Wx: (D, 4H), Wh: (H, 4H), b: (4H,)
    """
    N, H = prev_h.shape
    a = x.dot(Wx) + prev_h.dot(Wh) + b
    i = sigmoid(a[:, :H])
    f = sigmoid(a[:, H:2*H])
    o = sigmoid(a[:, 2*H:3*H])
    g = np.tanh(a[:, 3*H:])
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    cache = (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)
    return next_h, next_c, cache


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
    N, H = prev_h.shape
    tc = np.tanh(next_c)
    do = dnext_h * tc
    dc = dnext_c + dnext_h * o * (1 - tc**2)
    df = dc * prev_c
    di = dc * g
    dg = dc * i
    dprev_c = dc * f

    da = np.zeros((N, 4*H))
    da[:, :H] = di * i * (1 - i)
    da[:, H:2*H] = df * f * (1 - f)
    da[:, 2*H:3*H] = do * o * (1 - o)
    da[:, 3*H:] = dg * (1 - g**2)

    dx = da.dot(Wx.T)
    dWx = x.T.dot(da)
    dprev_h = da.dot(Wh.T)
    dWh = prev_h.T.dot(da)
    db = da.sum(axis=0)
    return dx, dprev_h, dprev_c, dWx, dWh, db


def lstm_forward(x, h0, Wx, Wh, b, mask):
    """x: (N, T, D); mask: (N, T, D) inverted dropout mask, already divided by keep prob"""
    N, T, D = x.shape
    H = h0.shape[1]
    h = np.zeros((N, T, H))
    caches = []
    prev_h, prev_c = h0, np.zeros((N, H))
    for t in range(T):
        prev_h, prev_c, c = lstm_step_forward(x[:, t] * mask[:, t], prev_h, prev_c, Wx, Wh, b)
        h[:, t] = prev_h
        caches.append(c)
    return h, (caches, mask)


def lstm_backward(dh, cache):
    caches, mask = cache
    N, T, H = dh.shape
    D = mask.shape[2]
    dx = np.zeros((N, T, D))
    dWx = np.zeros((D, 4*H))
    dWh = np.zeros((H, 4*H))
    db = np.zeros(4*H)
    dprev_h = np.zeros((N, H))
    dprev_c = np.zeros((N, H))
    for t in range(T - 1, -1, -1):
        dnext_h = dh[:, t] + dprev_h
        dxt, dprev_h, dprev_c, dWxt, dWht, dbt = lstm_step_backward(dnext_h, dprev_c, caches[t])
        dx[:, t] = dxt * mask[:, t]
        dWx += dWxt
        dWh += dWht
        db += dbt
    dh0 = dprev_h
    return dx, dh0, dWx, dWh, db


# -- what it is called with --------------------------------------------------------------------------------------


def inputs():
    r = np.random.RandomState(202)
    N, T, D, H = 2, 4, 3, 5
    mask = (r.rand(N, T, D) < .7) / .7
    return dict(x=r.randn(N, T, D), h0=r.randn(N, H) * .5, Wx=r.randn(D, 4 * H) * .6, Wh=r.randn(H, 4 * H) * .5,
                b=r.randn(4 * H) * .3, mask=mask, dh=r.randn(N, T, H))


def loss_of(module, a):
    h, _ = module.lstm_forward(a["x"], a["h0"], a["Wx"], a["Wh"], a["b"], a["mask"])
    return np.sum(h * a["dh"])


def gradients_of(module, a):
    h, cache = module.lstm_forward(a["x"], a["h0"], a["Wx"], a["Wh"], a["b"], a["mask"])
    return dict(zip(["dx", "dh0", "dWx", "dWh", "db"], module.lstm_backward(a["dh"], cache)))

PATHS = {
    "x": ["x"],
    "h0": ["h0"],
    "Wx": ["Wx"],
    "Wh": ["Wh"],
    "b": ["b"],
}
