# mrnn.py -- multiplicative RNN, port of our old matlab code (columns = cases, third index = time)
import numpy as np
from numpy import zeros, exp, log, tanh, dot


def mrnn_fprop(W, data):
    numdims, numcases, numsteps = data.shape
    numhid, numfac = W['fh'].shape
    fx = zeros((numfac, numcases, numsteps))
    fh = zeros((numfac, numcases, numsteps))
    hid = zeros((numhid, numcases, numsteps + 1))
    for t in range(numsteps):
        fx[:, :, t] = dot(W['xf'], data[:, :, t])
        fh[:, :, t] = dot(W['hf'], hid[:, :, t])
        hid[:, :, t+1] = tanh(dot(W['xh'], data[:, :, t]) + dot(W['fh'], fx[:, :, t] * fh[:, :, t]) + W['bh'])
    return fx, fh, hid


def mrnn_bprop(W, data, fx, fh, hid, dEdhid):
    numsteps = data.shape[2]
    D = {}
    for name in ('xf', 'hf', 'xh', 'fh', 'bh'):
        D[name] = zeros(W[name].shape)
    Ix = zeros(hid[:, :, 0].shape)
    for t in range(numsteps - 1, -1, -1):
        Ix = (dEdhid[:, :, t+1] + Ix) * (1 - hid[:, :, t+1] ** 2)
        D['xh'] += dot(Ix, data[:, :, t].T)
        D['fh'] += dot(Ix, (fx[:, :, t] * fh[:, :, t]).T)
        D['bh'] += Ix.sum(1).reshape(-1, 1)
        If = dot(W['fh'].T, Ix)
        Ifx = If * fh[:, :, t]
        Ifh = If * fx[:, :, t]
        D['xf'] += dot(Ifx, data[:, :, t].T)
        D['hf'] += dot(Ifh, hid[:, :, t].T)
        Ix = dot(W['hf'].T, Ifh)
    return D


def mrnn(W, data, nextsym, label, mix=0.5):
    """next symbol at every step (softmax) + one binary label per case from the mean state (logistic)"""
    numdims, numcases, numsteps = data.shape
    fx, fh, hid = mrnn_fprop(W, data)
    dEdhid = zeros(hid.shape)
    D = dict(hy=zeros(W['hy'].shape), by=zeros(W['by'].shape))
    E = 0
    for t in range(numsteps):
        y = dot(W['hy'], hid[:, :, t+1]) + W['by']
        y = exp(y - y.max(0))
        y = y / y.sum(0)
        tgt = zeros(y.shape)
        tgt[nextsym[:, t], range(numcases)] = 1
        E = E - (tgt * log(y)).sum() / (numcases * numsteps)
        dEdy = (y - tgt) / (numcases * numsteps)
        D['hy'] += dot(dEdy, hid[:, :, t+1].T)
        D['by'] += dEdy.sum(1).reshape(-1, 1)
        dEdhid[:, :, t+1] += dot(W['hy'].T, dEdy)
    # label
    avg = hid[:, :, 1:].mean(2)
    s = 1 / (1 + exp(-(dot(W['hs'], avg) + W['bs'])))
    E = E - mix * (label * log(s) + (1 - label) * log(1 - s)).sum() / numcases
    dEds = mix * (s - label) / numcases
    D['hs'] = dot(dEds, avg.T)
    D['bs'] = dEds.sum(1).reshape(-1, 1)
    for t in range(numsteps):
        dEdhid[:, :, t+1] += dot(W['hs'].T, dEds) / numsteps
    D.update(mrnn_bprop(W, data, fx, fh, hid, dEdhid))
    return E, D


def inputs():
    r = np.random.RandomState(28)
    X, N, T, H, F, K = 3, 2, 4, 4, 3, 3
    W = dict(xf=r.randn(F, X) * .7, hf=r.randn(F, H) * .7, xh=r.randn(H, X) * .8, fh=r.randn(H, F) * .8, bh=r.randn(H, 1) * .5, hy=r.randn(K, H) * .8, by=r.randn(K, 1) * .2,
             hs=r.randn(1, H), bs=r.randn(1, 1) * .2)
    return dict(W=W, data=r.randn(X, N, T) * .8, nextsym=r.randint(0, K, (N, T)), label=np.array([[1., 0.]]))


def _run(module, a):
    return module.mrnn(a['W'], a['data'], a['nextsym'], a['label'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    return {'d' + k: v for k, v in _run(module, args)[1].items()}


PATHS = {
    "xf": ["W", "xf"],
    "hf": ["W", "hf"],
    "xh": ["W", "xh"],
    "fh": ["W", "fh"],
    "bh": ["W", "bh"],
    "hy": ["W", "hy"],
    "by": ["W", "by"],
    "hs": ["W", "hs"],
    "bs": ["W", "bs"],
}
