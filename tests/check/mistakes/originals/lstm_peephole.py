"""LSTM with diagonal peepholes over a sequence, examples in rows."""

import numpy as np

INPUTS = {
    "x": ("T", "m", "n_x"), "h0": ("m", "n_h"), "c0": ("m", "n_h"),
    "W": ("n_x", "n_h+n_h+n_h+n_h"), "U": ("n_h", "n_h+n_h+n_h+n_h"), "b": ("n_h+n_h+n_h+n_h",),
    "p_i": ("n_h",), "p_f": ("n_h",), "p_o": ("n_h",),
}


def logistic(v):
    return 1.0 / (1.0 + np.exp(-v))


def forward(x, h0, c0, W, U, b, p_i, p_f, p_o):
    h, c = h0, c0
    H = []
    store = []
    for x_t in x:
        zi, zf, zg, zo = np.split(x_t @ W + h @ U + b, 4, axis=-1)
        i = logistic(zi + p_i * c)
        f = logistic(zf + p_f * c)
        g = np.tanh(zg)
        c_new = f * c + i * g
        o = logistic(zo + p_o * c_new)
        h_new = o * np.tanh(c_new)
        store.append(dict(x=x_t, h=h, c=c, i=i, f=f, g=g, o=o, cn=c_new))
        h, c = h_new, c_new
        H.append(h)
    return {"H": np.stack(H)}, (store, W, U, p_i, p_f, p_o)


def backward(upstream, cache):
    store, W, U, p_i, p_f, p_o = cache
    dH = upstream["H"]
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros(W.shape[1])
    dp_i, dp_f, dp_o = np.zeros_like(p_i), np.zeros_like(p_f), np.zeros_like(p_o)
    dx = []
    dh_next = np.zeros_like(dH[0])
    dc_next = np.zeros_like(dH[0])

    for t in range(len(store) - 1, -1, -1):
        s = store[t]
        i, f, g, o = s["i"], s["f"], s["g"], s["o"]
        tanh_c = np.tanh(s["cn"])

        dh = dH[t] + dh_next
        do = dh * tanh_c * o * (1 - o)
        # output gate peeps at the new cell
        dc = dc_next + dh * o * (1 - tanh_c ** 2) + do * p_o
        di = dc * g * i * (1 - i)
        df = dc * s["c"] * f * (1 - f)
        dg = dc * i * (1 - g ** 2)

        dp_i += np.sum(di * s["c"], axis=0)
        dp_f += np.sum(df * s["c"], axis=0)
        dp_o += np.sum(do * s["cn"], axis=0)

        dz = np.concatenate([di, df, dg, do], axis=-1)
        dW += s["x"].T @ dz
        dU += s["h"].T @ dz
        db += dz.sum(axis=0)
        dx.append(dz @ W.T)
        dh_next = dz @ U.T
        dc_next = dc * f + di * p_i + df * p_f

    dx = np.array(dx[::-1])
    return {"dx": dx, "dh0": dh_next, "dc0": dc_next, "dW": dW, "dU": dU, "db": db,
            "dp_i": dp_i, "dp_f": dp_f, "dp_o": dp_o}
