"""Encoder-decoder of two GRUs for padded load curves; the decoder is fed with its own forecast (free running)."""
import numpy as np


def s(a):
    return 1 / (1 + np.exp(-a))


class GRUCell:
    names = ("Wr", "Wz", "Wn", "br", "bz", "bn")

    def __init__(self, par):
        self.par = par
        self.grad = {k: np.zeros_like(par[k]) for k in self.names}
        self.stack = []

    def __call__(self, x, h):
        p = self.par
        xh = np.concatenate((x, h), axis=1)
        r, z = s(xh @ p["Wr"] + p["br"]), s(xh @ p["Wz"] + p["bz"])
        xrh = np.concatenate((x, r * h), axis=1)
        n = np.tanh(xrh @ p["Wn"] + p["bn"])
        self.stack.append((xh, xrh, h, r, z, n))
        return z * h + (1 - z) * n

    def back(self, dh_new):
        p, g = self.par, self.grad
        xh, xrh, h, r, z, n = self.stack.pop()
        m = xh.shape[1] - h.shape[1]
        dz = dh_new * (h - n) * z * (1 - z)
        dn = dh_new * (1 - z) * (1 - n ** 2)
        dxrh = dn @ p["Wn"].T
        dr = dxrh[:, m:] * h * r * (1 - r)
        dxh = dr @ p["Wr"].T + dz @ p["Wz"].T
        g["Wr"] += xh.T @ dr
        g["Wz"] += xh.T @ dz
        g["Wn"] += xrh.T @ dn
        g["br"] += dr.sum(0)
        g["bz"] += dz.sum(0)
        g["bn"] += dn.sum(0)
        dh = dh_new * z + dxh[:, m:] + dxrh[:, m:] * r
        return dxh[:, :m] + dxrh[:, :m], dh


def forecast(enc, dec, V, past, lengths, future):
    B, T, _ = past.shape
    E, D = GRUCell(enc), GRUCell(dec)
    alive = (np.arange(T)[None, :] < lengths[:, None]).astype(float)
    h = np.zeros((B, V.shape[0]))
    for t in range(T):
        a = alive[:, t:t + 1]
        h = a * E(past[:, t], h) + (1 - a) * h
    y = past[np.arange(B), lengths - 1]
    outs, hs = [], []
    for j in range(future.shape[1]):
        h = D(y, h)
        y = h @ V
        hs.append(h)
        outs.append(y)
    err = np.stack(outs, 1) - future
    loss = np.abs(err).sum() / B

    derr = np.sign(err) / B
    dV = np.zeros_like(V)
    dpast = np.zeros_like(past)
    dh = np.zeros_like(h)
    dfeed = np.zeros_like(y)
    for j in reversed(range(future.shape[1])):
        dy = derr[:, j] + dfeed
        dV += hs[j].T @ dy
        dh = dh + dy @ V.T
        dfeed, dh = D.back(dh)
    dpast[np.arange(B), lengths - 1] += dfeed
    for t in reversed(range(T)):
        a = alive[:, t:t + 1]
        dx, dprev = E.back(a * dh)
        dpast[:, t] += dx
        dh = dprev + (1 - a) * dh
    return loss, E.grad, D.grad, dV, dpast


def inputs():
    r = np.random.RandomState(151)

    def gru():
        d = {k: .7 * r.randn(6, 4) for k in ("Wr", "Wz", "Wn")}
        d.update({k: .5 * r.randn(4) for k in ("br", "bz", "bn")})
        return d
    return dict(enc=gru(), dec=gru(), V=r.randn(4, 2), past=r.randn(3, 5, 2), lengths=np.array([5, 3, 4]),
                future=3 * r.randn(3, 6, 2))


def loss_of(module, args):
    return float(module.forecast(**args)[0])


def gradients_of(module, args):
    _, ge, gd, dV, dpast = module.forecast(**args)
    out = dict(dV=dV, dpast=dpast)
    out.update({"denc_" + k: v for k, v in ge.items()})
    out.update({"ddec_" + k: v for k, v in gd.items()})
    return out


PATHS = dict(V=["V"], past=["past"])
for _who in ("enc", "dec"):
    for _k in GRUCell.names:
        PATHS[_who + "_" + _k] = [_who, _k]
