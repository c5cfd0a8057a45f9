import numpy as np


def sig(a):
    return 1.0 / (1.0 + np.exp(-a))


# Jordan network: the OUTPUT of the last step is fed back, there is no hidden-to-hidden matrix.
# Some labels are missing (known == 0), their outputs are fed back all the same.
def jordan_forward(net, seq, labels, known):
    trace = []
    y = sig(np.zeros((seq.shape[1], 1)) + net['y_init'])
    loss = 0.0
    for x, lab, k in zip(seq, labels, known):
        step = {'x': x, 'fed': y, 'lab': lab, 'k': k}
        step['h'] = np.tanh(x.dot(net['Wx']) + y.dot(net['Wf']) + net['bh'])
        y = sig(step['h'].dot(net['Wy']) + net['by'])
        step['y'] = y
        bce = -(lab * np.log(y) + (1 - lab) * np.log(1 - y))
        loss += (bce * k).sum() / known.sum()
        trace.append(step)
    return loss, trace


def jordan_backward(net, trace):
    total = sum(step['k'].sum() for step in trace)
    grads = {name: 0 for name in net}
    dfed = 0
    for step in reversed(trace):
        y, h = step['y'], step['h']
        dlogit = (y - step['lab']) * step['k'] / total
        dlogit = dlogit + dfed * y * (1 - y)
        grads['Wy'] = grads['Wy'] + h.T.dot(dlogit)
        grads['by'] = grads['by'] + dlogit.sum(axis=0)
        dz = dlogit.dot(net['Wy'].T) * (1 - h ** 2)
        grads['Wx'] = grads['Wx'] + step['x'].T.dot(dz)
        grads['Wf'] = grads['Wf'] + step['fed'].T.dot(dz)
        grads['bh'] = grads['bh'] + dz.sum(axis=0)
        dfed = dz.dot(net['Wf'].T)
    first = trace[0]['fed']
    grads['y_init'] = (dfed * first * (1 - first)).sum(axis=0)
    return grads


def inputs():
    r = np.random.RandomState(83)
    T, N, D, H, O = 5, 3, 2, 4, 3
    net = dict(Wx=r.randn(D, H) * .7, Wf=r.randn(O, H) * 1.2, bh=r.randn(H) * .2, Wy=r.randn(H, O) * 1.2, by=r.randn(O) * .2, y_init=r.randn(O))
    known = np.ones((T, N, 1))
    for t, n in ((0, 1), (1, 0), (2, 1), (2, 2), (3, 0)):
        known[t, n] = 0
    return dict(net=net, seq=r.randn(T, N, D), labels=(r.rand(T, N, O) < .5) * 1.0, known=known)


def loss_of(module, args):
    return module.jordan_forward(args['net'], args['seq'], args['labels'], args['known'])[0]


def gradients_of(module, args):
    _, trace = module.jordan_forward(args['net'], args['seq'], args['labels'], args['known'])
    return {'d' + k: v for k, v in module.jordan_backward(args['net'], trace).items()}


PATHS = {
    "Wx": ["net", "Wx"],
    "Wf": ["net", "Wf"],
    "bh": ["net", "bh"],
    "Wy": ["net", "Wy"],
    "by": ["net", "by"],
    "y_init": ["net", "y_init"],
}
