# Char LSTM notebook: Param objects with value v and derivative d, z = [h_prev; x]
# forget and input gate are coupled (i = 1 - f), embedding instead of one-hot
import numpy as np


class Param:
    def __init__(self, name, value):
        self.name = name
        self.v = value                   # parameter value
        self.d = np.zeros_like(value)    # derivative


class Parameters:
    def __init__(self, w):
        for name in ('W_f', 'W_C', 'W_o', 'W_v', 'b_f', 'b_C', 'b_o', 'b_v', 'emb'):
            setattr(self, name, Param(name, w[name]))

    def all(self):
        return [self.W_f, self.W_C, self.W_o, self.W_v, self.b_f, self.b_C, self.b_o, self.b_v, self.emb]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def dsigmoid(y):
    return y * (1 - y)


def dtanh(y):
    return 1 - y * y


def forward_pass(idx, h_prev, C_prev, p):
    x = p.emb.v[:, [idx]]
    z = np.vstack((h_prev, x))
    f = sigmoid(np.dot(p.W_f.v, z) + p.b_f.v)
    C_bar = np.tanh(np.dot(p.W_C.v, z) + p.b_C.v)
    C = f * C_prev + (1 - f) * C_bar
    o = sigmoid(np.dot(p.W_o.v, z) + p.b_o.v)
    h = o * np.tanh(C)
    v = np.dot(p.W_v.v, h) + p.b_v.v
    y = np.exp(v) / np.sum(np.exp(v))
    return z, f, C_bar, C, o, h, y


def backward_pass(idx, target, dh_next, dC_next, C_prev, z, f, C_bar, C, o, h, y, p):
    dv = np.copy(y)
    dv[target] -= 1
    p.W_v.d += np.dot(dv, h.T)
    p.b_v.d += dv

    dh = np.dot(p.W_v.v.T, dv)
    dh += dh_next
    do = dh * np.tanh(C)
    do = dsigmoid(o) * do
    p.W_o.d += np.dot(do, z.T)
    p.b_o.d += do

    dC = np.copy(dC_next)
    dC += dh * o * dtanh(np.tanh(C))
    dC_bar = dC * (1 - f)
    dC_bar = dtanh(C_bar) * dC_bar
    p.W_C.d += np.dot(dC_bar, z.T)
    p.b_C.d += dC_bar

    df = dC * (C_prev - C_bar)
    df = dsigmoid(f) * df
    p.W_f.d += np.dot(df, z.T)
    p.b_f.d += df

    dz = (np.dot(p.W_f.v.T, df)
          + np.dot(p.W_C.v.T, dC_bar)
          + np.dot(p.W_o.v.T, do))
    H_size = h.shape[0]
    p.emb.d[:, [idx]] += dz[H_size:, :]
    dh_prev = dz[:H_size, :]
    dC_prev = f * dC
    return dh_prev, dC_prev


def forward_backward(inputs, targets, h_prev, C_prev, p):
    steps = []
    h, C = h_prev, C_prev
    loss = 0
    for t in range(len(inputs)):
        cache = forward_pass(inputs[t], h, C, p)
        steps.append(cache)
        C, h, y = cache[3], cache[5], cache[6]
        loss += -np.log(y[targets[t], 0])
    for q in p.all():
        q.d = np.zeros_like(q.v)
    dh_next = np.zeros_like(h_prev)
    dC_next = np.zeros_like(C_prev)
    for t in reversed(range(len(inputs))):
        C_before = steps[t - 1][3] if t > 0 else C_prev
        dh_next, dC_next = backward_pass(inputs[t], targets[t], dh_next, dC_next, C_before, *steps[t], p=p)
    return loss, dh_next, dC_next


def inputs():
    r = np.random.RandomState(115)
    V, E, H = 5, 3, 4
    w = dict(W_f=r.randn(H, H + E) * .7, W_C=r.randn(H, H + E) * .7, W_o=r.randn(H, H + E) * .7, W_v=r.randn(V, H),
             b_f=r.randn(H, 1) * .3, b_C=r.randn(H, 1) * .3, b_o=r.randn(H, 1) * .3, b_v=r.randn(V, 1) * .3, emb=r.randn(E, V))
    return dict(w=w, text=[0, 2, 2, 4, 1], nxt=[2, 2, 4, 1, 3], h=r.randn(H, 1) * .5, C=r.randn(H, 1) * .7)


def _run(m, a):
    p = m.Parameters(a['w'])
    return m.forward_backward(a['text'], a['nxt'], a['h'], a['C'], p), p


def loss_of(module, args):
    return _run(module, args)[0][0]


def gradients_of(module, args):
    (_, dh, dC), p = _run(module, args)
    out = {'d' + q.name: q.d for q in p.all()}
    out['dh'], out['dC'] = dh, dC
    return out


PATHS = {
    "W_f": ["w", "W_f"],
    "W_C": ["w", "W_C"],
    "W_o": ["w", "W_o"],
    "W_v": ["w", "W_v"],
    "b_f": ["w", "b_f"],
    "b_C": ["w", "b_C"],
    "b_o": ["w", "b_o"],
    "b_v": ["w", "b_v"],
    "emb": ["w", "emb"],
    "h": ["h"],
    "C": ["C"],
}
