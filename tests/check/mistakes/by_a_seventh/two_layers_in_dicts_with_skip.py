"""
Minimal character-level two layer RNN, in the spirit of min-char-rnn. BSD License
"""
import numpy as np


def lossFun(inputs, targets, h1prev, h2prev, m):
    """
    inputs, targets are both list of integers.
    h1prev, h2prev are Hx1 arrays of the initial hidden states, m is the model dict
    returns the loss, gradients on model parameters, and last hidden states
    """
    vocab_size = m['Wxh'].shape[1]
    xs, h1s, h2s, ys, ps = {}, {}, {}, {}, {}
    h1s[-1] = np.copy(h1prev)
    h2s[-1] = np.copy(h2prev)
    loss = 0
    # forward pass
    for t in range(len(inputs)):
        xs[t] = np.zeros((vocab_size, 1))  # encode in 1-of-k representation
        xs[t][inputs[t]] = 1
        h1s[t] = np.tanh(np.dot(m['Wxh'], xs[t]) + np.dot(m['W11'], h1s[t-1]) + m['bh1'])  # first layer
        h2s[t] = np.tanh(np.dot(m['W12'], h1s[t]) + np.dot(m['W22'], h2s[t-1]) + m['bh2'])  # second layer
        ys[t] = np.dot(m['Why'], h2s[t]) + np.dot(m['Wsk'], h1s[t]) + m['by']  # skip connection to the output
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
        loss += -np.log(ps[t][targets[t], 0])
    # backward pass: compute gradients going backwards
    d = {k: np.zeros_like(v) for k, v in m.items()}
    dh1next, dh2next = np.zeros_like(h1s[0]), np.zeros_like(h2s[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1  # backprop into y
        d['Why'] += np.dot(dy, h2s[t].T)
        d['Wsk'] += np.dot(dy, h1s[t].T)
        d['by'] += dy
        dh2 = np.dot(m['Why'].T, dy) + dh2next  # backprop into h2
        dh2raw = (1 - h2s[t] * h2s[t]) * dh2  # backprop through tanh nonlinearity
        d['bh2'] += dh2raw
        d['W12'] += np.dot(dh2raw, h1s[t].T)
        d['W22'] += np.dot(dh2raw, h2s[t-1].T)
        dh2next = np.dot(m['W22'].T, dh2raw)
        dh1 = np.dot(m['W12'].T, dh2raw) + np.dot(m['Wsk'].T, dy) + dh1next  # backprop into h1
        dh1raw = (1 - h1s[t] * h1s[t]) * dh1
        d['bh1'] += dh1raw
        d['Wxh'] += np.dot(dh1raw, xs[t].T)
        d['W11'] += np.dot(dh1raw, h1s[t-1].T)
        dh1next = np.dot(m['W11'].T, dh1raw)
    return loss, d, h1s[len(inputs)-1], h2s[len(inputs)-1]


def inputs():
    r = np.random.RandomState(12)
    V, H1, H2 = 4, 3, 4
    m = dict(Wxh=r.randn(H1, V) * .8, W11=r.randn(H1, H1) * .7, W12=r.randn(H2, H1) * .8, W22=r.randn(H2, H2) * .6, Why=r.randn(V, H2),
             Wsk=r.randn(V, H1), bh1=r.randn(H1, 1) * .2, bh2=r.randn(H2, 1) * .2, by=r.randn(V, 1) * .2)
    return dict(inputs=[0, 2, 3, 1, 2], targets=[2, 3, 1, 2, 0], h1prev=r.randn(H1, 1) * .5, h2prev=r.randn(H2, 1) * .5, m=m)


def _run(module, a):
    return module.lossFun(a['inputs'], a['targets'], a['h1prev'], a['h2prev'], a['m'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    return {'d' + k: v for k, v in _run(module, args)[1].items()}


PATHS = {
    "Wxh": ["m", "Wxh"],
    "W11": ["m", "W11"],
    "W12": ["m", "W12"],
    "W22": ["m", "W22"],
    "Why": ["m", "Why"],
    "Wsk": ["m", "Wsk"],
    "bh1": ["m", "bh1"],
    "bh2": ["m", "bh2"],
    "by": ["m", "by"],
}
