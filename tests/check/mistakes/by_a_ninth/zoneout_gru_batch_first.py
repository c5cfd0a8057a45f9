"""GRU with zoneout (fixed masks are given), cross entropy for the tagged steps only."""
import numpy as np


def sigma(x):
    return 1 / (1 + np.exp(-x))


def run_forward(w, x, keep, tags, valid):
    B, T, _ = x.shape
    H = w["U"].shape[0]
    hs = np.zeros((B, T + 1, H))
    cache = []
    for t in range(T):
        h = hs[:, t]
        xi = x[:, t] @ w["W"] + w["b"]
        hu = h @ w["U"] + w["bu"]
        r = sigma(xi[:, :H] + hu[:, :H])
        z = sigma(xi[:, H:2 * H] + hu[:, H:2 * H])
        n = np.tanh(xi[:, 2 * H:] + r * hu[:, 2 * H:])
        cand = (1 - z) * n + z * h
        hs[:, t + 1] = keep[:, t] * h + (1 - keep[:, t]) * cand      # keep = 1: the unit is zoned out
        cache.append((h, r, z, n, hu[:, 2 * H:]))
    logit = hs[:, 1:] @ w["Q"]
    logit = logit - logit.max(-1, keepdims=True)
    logp = logit - np.log(np.exp(logit).sum(-1, keepdims=True))
    picked = np.take_along_axis(logp, tags[:, :, None], 2)[:, :, 0]
    loss = -(picked * valid).sum() / valid.sum()
    return loss, (cache, hs, logp)


def run_backward(w, x, keep, tags, valid, saved):
    cache, hs, logp = saved
    B, T, _ = x.shape
    H = w["U"].shape[0]
    d = {k: np.zeros_like(v) for k, v in w.items()}
    dx = np.zeros_like(x)
    dlogit = np.exp(logp)
    for b in range(B):
        dlogit[b, np.arange(T), tags[b]] -= 1
    dlogit *= valid[:, :, None] / valid.sum()
    d["Q"] = np.einsum("bth,btk->hk", hs[:, 1:], dlogit)
    dout = dlogit @ w["Q"].T
    dnext = np.zeros((B, H))
    for t in range(T - 1, -1, -1):
        h, r, z, n, hn = cache[t]
        dh = dout[:, t] + dnext
        k = keep[:, t]
        dcand = dh * (1 - k)
        dn = dcand * (1 - z) * (1 - n ** 2)
        dz = dcand * (h - n) * z * (1 - z)
        dr = dn * hn * r * (1 - r)
        dxi = np.concatenate([dr, dz, dn], 1)
        dhu = np.concatenate([dr, dz, dn * r], 1)
        d["W"] += x[:, t].T @ dxi
        d["b"] += dxi.sum(0)
        d["U"] += h.T @ dhu
        d["bu"] += dhu.sum(0)
        dx[:, t] = dxi @ w["W"].T
        dnext = dh * k + dcand * z + dhu @ w["U"].T
    return d, dx


def inputs():
    r = np.random.RandomState(61)
    w = dict(W=r.randn(3, 12), U=.6 * r.randn(4, 12), b=r.randn(12), bu=r.randn(12), Q=r.randn(4, 6))
    valid = np.ones((2, 5))
    valid[0, 3:] = 0
    valid[1, 0] = 0
    return dict(w=w, x=r.randn(2, 5, 3), keep=(r.rand(2, 5, 4) < .4).astype(float),
                tags=r.randint(0, 6, (2, 5)), valid=valid)


def loss_of(module, args):
    return float(module.run_forward(**args)[0])


def gradients_of(module, args):
    _, saved = module.run_forward(**args)
    d, dx = module.run_backward(saved=saved, **args)
    out = {"d" + k: v for k, v in d.items()}
    out["dx"] = dx
    return out


PATHS = {k: ["w", k] for k in ("W", "U", "b", "bu", "Q")}
PATHS["x"] = ["x"]
