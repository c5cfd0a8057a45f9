"""minimal character model with two recurrent layers (after karpathy's gist)"""
import numpy as np


def lossFun(inputs, targets, hprev, model):
    # inputs, targets: lists of integers. hprev: [Hx1, Gx1]
    vocab_size = model['Why'].shape[0]
    xs, hs, gs, ys, ps = {}, {}, {}, {}, {}
    hs[-1], gs[-1] = np.copy(hprev[0]), np.copy(hprev[1])
    loss = 0
    # forward pass
    for t in range(len(inputs)):
        xs[t] = np.zeros((vocab_size, 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(model['Wxh'], xs[t]) + np.dot(model['Whh'], hs[t-1]) + model['bh'])
        gs[t] = np.tanh(np.dot(model['Whg'], hs[t]) + np.dot(model['Wgg'], gs[t-1]) + model['bg'])
        ys[t] = np.dot(model['Why'], gs[t]) + model['by']
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
        loss += -np.log(ps[t][targets[t], 0])
    # backward pass
    grads = {k: np.zeros_like(v) for k, v in model.items()}
    dhnext, dgnext = np.zeros_like(hs[0]), np.zeros_like(gs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1  # http://cs231n.github.io/neural-networks-case-study/#grad
        grads['Why'] += np.dot(dy, gs[t].T)
        grads['by'] += dy
        dg = np.dot(model['Why'].T, dy) + dgnext
        dgraw = (1 - gs[t] * gs[t]) * dg
        grads['bg'] += dgraw
        grads['Wgg'] += np.dot(dgraw, gs[t-1].T)
        grads['Whg'] += np.dot(dgraw, hs[t].T)
        dgnext = np.dot(model['Wgg'].T, dgraw)
        dh = np.dot(model['Whg'].T, dgraw) + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        grads['bh'] += dhraw
        grads['Wxh'] += np.dot(dhraw, xs[t].T)
        grads['Whh'] += np.dot(dhraw, hs[t-1].T)
        dhnext = np.dot(model['Whh'].T, dhraw)
    for dparam in grads.values():
        np.clip(dparam, -5, 5, out=dparam)  # exploding gradients
    return loss, grads, [hs[len(inputs)-1], gs[len(inputs)-1]]


def inputs():
    r = np.random.RandomState(102)
    V, H, G = 5, 3, 4
    model = dict(Wxh=r.randn(H, V) * .5, Whh=r.randn(H, H) * .5, bh=r.randn(H, 1) * .3,
                 Whg=r.randn(G, H) * .6, Wgg=r.randn(G, G) * .5, bg=r.randn(G, 1) * .3,
                 Why=r.randn(V, G) * .9, by=r.randn(V, 1) * .3)
    return dict(inputs=[0, 3, 1, 1, 4, 2], targets=[3, 1, 1, 4, 2, 0],
                hprev=[r.randn(H, 1) * .5, r.randn(G, 1) * .5], model=model)


def loss_of(module, args):
    return module.lossFun(args['inputs'], args['targets'], args['hprev'], args['model'])[0]


def gradients_of(module, args):
    g = module.lossFun(args['inputs'], args['targets'], args['hprev'], args['model'])[1]
    return {'d' + k: v for k, v in g.items()}


PATHS = {
    "Wxh": ["model", "Wxh"],
    "Whh": ["model", "Whh"],
    "bh": ["model", "bh"],
    "Whg": ["model", "Whg"],
    "Wgg": ["model", "Wgg"],
    "bg": ["model", "bg"],
    "Why": ["model", "Why"],
    "by": ["model", "by"],
}
