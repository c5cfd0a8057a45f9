import numpy as np

# truncated bptt: the sequence is cut in chunks of k steps, every chunk starts from a stored
# state (of the previous pass), no gradient goes over the border


def chunk_bounds(T, k):
    return [(s, min(s + k, T)) for s in range(0, T, k)]


def bptt_forward(x, starts, k, par):
    """leaky units: h = (1 - a) h + a tanh(...), a = sigmoid(par['leak']) per unit"""
    T = len(x)
    a = 1 / (1 + np.exp(-par['leak']))
    h, z, p = [None] * T, [None] * T, [None] * T
    for n, (s, e) in enumerate(chunk_bounds(T, k)):
        prev = starts[n]
        for t in range(s, e):
            z[t] = np.tanh(x[t] @ par['Win'] + prev @ par['Wrec'] + par['bias'])
            h[t] = (1 - a) * prev + a * z[t]
            logits = h[t] @ par['Wout']
            ex = np.exp(logits - logits.max(1, keepdims=True))
            p[t] = ex / ex.sum(1, keepdims=True)
            prev = h[t]
    return h, z, p


def nll(p, y):
    T, m = y.shape
    return -sum(np.log(p[t][np.arange(m), y[t]]).sum() for t in range(T)) / (T * m)


def bptt_backward(x, y, starts, k, par, h, z, p):
    T, m = y.shape
    a = 1 / (1 + np.exp(-par['leak']))
    grad = {name: np.zeros(v.shape) for name, v in par.items()}
    dstarts = []
    chunks = chunk_bounds(T, k)
    for n in range(len(chunks)):
        s, e = chunks[n]
        carry = np.zeros_like(starts[n])
        for t in range(e - 1, s - 1, -1):
            prev = h[t - 1] if t > s else starts[n]
            d = p[t].copy()
            d[np.arange(m), y[t]] -= 1
            d /= T * m
            grad['Wout'] += h[t].T @ d
            dh = d @ par['Wout'].T + carry
            dz = dh * a * (1 - z[t] ** 2)
            grad['leak'] += np.sum(dh * (z[t] - prev), axis=0) * a * (1 - a)
            grad['Win'] += x[t].T @ dz
            grad['Wrec'] += prev.T @ dz
            grad['bias'] += np.sum(dz, axis=0)
            carry = dh * (1 - a) + dz @ par['Wrec'].T
        dstarts.append(carry)
    return grad, dstarts


def inputs():
    r = np.random.RandomState(1313)
    T, k, m, D, H, V = 6, 4, 2, 3, 5, 7
    par = dict(Win=r.randn(D, H) * .7, Wrec=r.randn(H, H) * .6, bias=r.randn(H) * .3, leak=r.randn(H) * .8, Wout=r.randn(H, V) * .9)
    return dict(x=r.randn(T, m, D), y=r.randint(V, size=(T, m)), starts=[r.randn(m, H) * .6 for _ in range(2)], k=k, par=par)


def loss_of(module, args):
    _, _, p = module.bptt_forward(args['x'], args['starts'], args['k'], args['par'])
    return module.nll(p, args['y'])


def gradients_of(module, args):
    h, z, p = module.bptt_forward(args['x'], args['starts'], args['k'], args['par'])
    g, ds = module.bptt_backward(args['x'], args['y'], args['starts'], args['k'], args['par'], h, z, p)
    out = {'d' + k: v for k, v in g.items()}
    out.update({'dstarts%d' % n: v for n, v in enumerate(ds)})
    return out


PATHS = {
    "Win": ["par", "Win"],
    "Wrec": ["par", "Wrec"],
    "bias": ["par", "bias"],
    "leak": ["par", "leak"],
    "Wout": ["par", "Wout"],
    "starts0": ["starts", 0],
    "starts1": ["starts", 1],
}
