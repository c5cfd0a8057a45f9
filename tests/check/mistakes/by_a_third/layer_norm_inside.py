import numpy as np

EPS = 1e-5


def ln_forward(a, gain):
    mu = a.mean(axis=1, keepdims=True)
    sd = np.sqrt(a.var(axis=1, keepdims=True) + EPS)
    ahat = (a - mu) / sd
    return gain * ahat, (ahat, sd, gain)


def ln_backward(dout, cache):
    ahat, sd, gain = cache
    dgain = (dout * ahat).sum(axis=0)
    d = dout * gain
    da = (d - d.mean(axis=1, keepdims=True) - ahat * (d * ahat).mean(axis=1, keepdims=True)) / sd
    return da, dgain


def lnrnn_forward(x, h0, p):
    """x (B, T, D) -> hidden states (B, T, H). Input and hidden projections are normalised each."""
    B, T, D = x.shape
    hs, caches = np.empty((B, T, h0.shape[1])), []
    h = h0
    for t in range(T):
        u, ln_u = ln_forward(x[:, t] @ p['Wx'], p['gx'])
        v, ln_v = ln_forward(h @ p['Wh'], p['gh'])
        h_new = np.tanh(u + v + p['bias'])
        caches.append((x[:, t], h, h_new, ln_u, ln_v))
        hs[:, t] = h = h_new
    return hs, caches


def logit_loss(hs, labels, p):
    score = hs.mean(axis=1) @ p['w']       # average over time
    loss = np.mean(np.log(1 + np.exp(-labels * score)))
    dscore = -labels / (1 + np.exp(labels * score)) / len(labels)
    dw = hs.mean(axis=1).T @ dscore
    dhs = np.repeat(np.outer(dscore, p['w'])[:, None, :], hs.shape[1], axis=1) / hs.shape[1]
    return loss, dhs, dw


def lnrnn_backward(dhs, caches, p):
    grads = {k: np.zeros_like(p[k]) for k in ('Wx', 'Wh', 'gx', 'gh', 'bias')}
    dx = np.empty((dhs.shape[0], dhs.shape[1], p['Wx'].shape[0]))
    dh = np.zeros(dhs.shape[::2])
    for t in range(dhs.shape[1])[::-1]:
        xt, h_prev, h_new, ln_u, ln_v = caches[t]
        dh += dhs[:, t]
        dpre = dh * (1 - h_new ** 2)
        grads['bias'] += dpre.sum(axis=0)
        dxw, dgx = ln_backward(dpre, ln_u)
        dhw, dgh = ln_backward(dpre, ln_v)
        grads['gx'] += dgx
        grads['gh'] += dgh
        grads['Wx'] += xt.T @ dxw
        grads['Wh'] += h_prev.T @ dhw
        dx[:, t] = dxw @ p['Wx'].T
        dh = dhw @ p['Wh'].T
    return grads, dx, dh


def inputs():
    r = np.random.RandomState(1212)
    B, T, D, H = 3, 4, 2, 6
    p = dict(Wx=r.randn(D, H), Wh=r.randn(H, H) * .7, gx=1 + r.randn(H) * .3, gh=.8 + r.randn(H) * .3, bias=r.randn(H) * .3, w=r.randn(H) * 1.5)
    return dict(x=r.randn(B, T, D), h0=r.randn(B, H) * .7, labels=np.array([1., -1, 1]), p=p)


def loss_of(module, args):
    hs, _ = module.lnrnn_forward(args['x'], args['h0'], args['p'])
    return module.logit_loss(hs, args['labels'], args['p'])[0]


def gradients_of(module, args):
    hs, caches = module.lnrnn_forward(args['x'], args['h0'], args['p'])
    _, dhs, dw = module.logit_loss(hs, args['labels'], args['p'])
    g, dx, dh0 = module.lnrnn_backward(dhs, caches, args['p'])
    out = {'d' + k: v for k, v in g.items()}
    out.update(dw=dw, dx=dx, dh0=dh0)
    return out


PATHS = {
    "Wx": ["p", "Wx"],
    "Wh": ["p", "Wh"],
    "gx": ["p", "gx"],
    "gh": ["p", "gh"],
    "bias": ["p", "bias"],
    "w": ["p", "w"],
    "x": ["x"],
    "h0": ["h0"],
}
