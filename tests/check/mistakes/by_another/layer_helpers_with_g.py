import numpy as np

### pyramidal encoder (listener), 2 layers, halves the time axis once

def rnn_layer(x, W, U, b):
    T, B, _ = x.shape
    h = np.zeros((T, B, U.shape[0]))
    prev = np.zeros((B, U.shape[0]))
    for t in range(T):
        prev = h[t] = np.tanh(x[t] @ W + prev @ U + b)
    return h

def rnn_layer_grad(g, x, h, W, U):
    T, B, _ = x.shape
    gW, gU, gb, gx = 0, 0, 0, np.zeros_like(x)
    back = 0
    for t in reversed(range(T)):
        prev = h[t - 1] if t > 0 else np.zeros_like(h[0])
        ga = (g[t] + back) * (1 - h[t] ** 2)
        gW = gW + x[t].T @ ga
        gU = gU + prev.T @ ga
        gb = gb + ga.sum(0)
        gx[t] = ga @ W.T
        back = ga @ U.T
    return gx, gW, gU, gb

def pool_pairs(h):
    T, B, H = h.shape
    out = np.zeros((T // 2, B, 2 * H))
    for s in range(T // 2):
        out[s, :, :H] = h[2 * s]
        out[s, :, H:] = h[2 * s + 1]
    return out

def listener(x, p):
    h1 = rnn_layer(x, p['W1'], p['U1'], p['b1'])
    z = pool_pairs(h1)
    h2 = rnn_layer(z, p['W2'], p['U2'], p['b2'])
    mean = h2.mean(axis=0)
    scores = mean @ p['V']
    return scores, (x, h1, z, h2, mean)

def xent(scores, y):
    s = scores - scores.max(1, keepdims=True)
    return -np.mean(s[np.arange(len(y)), y] - np.log(np.exp(s).sum(1)))

def listener_grad(scores, y, cache, p):
    x, h1, z, h2, mean = cache
    n = len(y)
    H = h1.shape[2]
    prob = np.exp(scores - scores.max(1, keepdims=True))
    prob = prob / prob.sum(1, keepdims=True)
    prob[np.arange(n), y] -= 1
    gs = prob / n
    gV = mean.T @ gs
    gmean = gs @ p['V'].T
    gh2 = np.repeat(gmean[None], len(h2), axis=0) / len(h2)
    gz, gW2, gU2, gb2 = rnn_layer_grad(gh2, z, h2, p['W2'], p['U2'])
    gh1 = np.zeros_like(h1)
    for s in range(len(gz)):
        gh1[2 * s] = gz[s, :, :H]
        gh1[2 * s + 1] = gz[s, :, H:]
    gx, gW1, gU1, gb1 = rnn_layer_grad(gh1, x, h1, p['W1'], p['U1'])
    return dict(W1=gW1, U1=gU1, b1=gb1, W2=gW2, U2=gU2, b2=gb2, V=gV, x=gx)


# -- what it is called with --------------------------------------------------------------------------------------


def inputs():
    r = np.random.RandomState(1414)
    T, B, D, H, K = 8, 2, 3, 4, 5
    p = dict(W1=r.randn(D, H) * .7, U1=r.randn(H, H) * .6, b1=r.randn(H) * .4, W2=r.randn(2 * H, K) * .5,
             U2=r.randn(K, K) * .6, b2=r.randn(K) * .4, V=r.randn(K, 6))
    return dict(x=r.randn(T, B, D), y=np.array([2, 5]), p=p)


def loss_of(module, a):
    return module.xent(module.listener(a["x"], a["p"])[0], a["y"])


def gradients_of(module, a):
    s, c = module.listener(a["x"], a["p"])
    return {"d" + k: v for k, v in module.listener_grad(s, a["y"], c, a["p"]).items()}

PATHS = {
    "W1": ["p", "W1"],
    "U1": ["p", "U1"],
    "b1": ["p", "b1"],
    "W2": ["p", "W2"],
    "U2": ["p", "U2"],
    "b2": ["p", "b2"],
    "V": ["p", "V"],
    "x": ["x"],
}
