"""
Toy translation with global attention (general score), encoder and decoder are Elman RNNs.
Single sentence; states are columns of a matrix: S = [s_0 ... s_{n-1}] is (h, n).
"""
import numpy as np


def softmax(v):
    e = np.exp(v - v.max())
    return e / e.sum()


def encode(P, src):
    S = np.zeros((P['We'].shape[0], len(src)))
    s = P['s_init']
    for j, w in enumerate(src):
        s = np.tanh(P['Xe'][:, w] + P['We'] @ s + P['be'])
        S[:, j] = s
    return S


def decode(P, S, trg):
    """teacher forcing; the decoder is fed the attentional vector of the step before (input feeding)"""
    d, at = S[:, -1], np.zeros(P['Wt'].shape[0])
    nll, tape = 0.0, []
    for prev, cur in zip(trg[:-1], trg[1:]):
        d_old, at_old = d, at
        d = np.tanh(P['Xd'][:, prev] + P['Wd'] @ d_old + P['Fd'] @ at_old + P['bd'])
        key = P['Wa'] @ d                   # score_j = s_j . Wa d
        a = softmax(S.T @ key)
        ctx = S @ a
        cd = np.concatenate([ctx, d])
        at = np.tanh(P['Wt'] @ cd)
        y = softmax(P['Wy'] @ at + P['by'])
        nll -= np.log(y[cur])
        tape.append((prev, cur, d_old, at_old, d, key, a, cd, at, y))
    return nll, tape


def backprop(P, src, S, tape):
    G = {k: np.zeros_like(v) for k, v in P.items()}
    h = S.shape[0]
    dS = np.zeros_like(S)
    dd_next = np.zeros(h)
    dat_next = np.zeros(P['Wt'].shape[0])
    for prev, cur, d_old, at_old, d, key, a, cd, at, y in reversed(tape):
        dlogit = y.copy()
        dlogit[cur] -= 1
        G['Wy'] += np.outer(dlogit, at)
        G['by'] += dlogit
        dat = P['Wy'].T @ dlogit + dat_next
        dpre = dat * (1 - at ** 2)
        G['Wt'] += np.outer(dpre, cd)
        dcd = P['Wt'].T @ dpre
        dctx = dcd[:h]
        dd = dcd[h:] + dd_next
        # ctx = S a
        da = S.T @ dctx
        dS += np.outer(dctx, a)
        dscore = a * (da - a @ da)
        # score = S^T key
        dkey = S @ dscore
        dS += np.outer(key, dscore)
        G['Wa'] += np.outer(dkey, d)
        dd = dd + P['Wa'].T @ dkey
        # decoder cell
        dz = dd * (1 - d ** 2)
        G['Xd'][:, prev] += dz
        G['Wd'] += np.outer(dz, d_old)
        G['Fd'] += np.outer(dz, at_old)
        G['bd'] += dz
        dd_next = P['Wd'].T @ dz
        dat_next = P['Fd'].T @ dz
    # the first decoder state is the last encoder state
    dS[:, -1] += dd_next
    ds = np.zeros(h)
    for j in range(len(src) - 1, -1, -1):
        ds = ds + dS[:, j]
        dz = ds * (1 - S[:, j] ** 2)
        G['Xe'][:, src[j]] += dz
        G['We'] += np.outer(dz, S[:, j - 1] if j > 0 else P['s_init'])
        G['be'] += dz
        ds = P['We'].T @ dz
    G['s_init'] = ds
    return G


def inputs():
    r = np.random.RandomState(119)
    V, W, h, q = 5, 5, 4, 3
    P = dict(Xe=r.randn(h, V) * .8, We=r.randn(h, h) * .6, be=r.randn(h) * .3, s_init=r.randn(h) * .5, Xd=r.randn(h, W) * .8,
             Wd=r.randn(h, h) * .6, Fd=r.randn(h, q) * .7, bd=r.randn(h) * .3, Wa=r.randn(h, h) * .8, Wt=r.randn(q, 2 * h) * .7,
             Wy=r.randn(W, q), by=r.randn(W) * .3)
    return dict(P=P, src=[1, 3, 4, 3, 2], trg=[0, 2, 4, 2, 1])


def loss_of(module, args):
    return module.decode(args['P'], module.encode(args['P'], args['src']), args['trg'])[0]


def gradients_of(module, args):
    P = args['P']
    S = module.encode(P, args['src'])
    _, tape = module.decode(P, S, args['trg'])
    return {'d' + k: v for k, v in module.backprop(P, args['src'], S, tape).items()}


PATHS = {
    "Xe": ["P", "Xe"],
    "We": ["P", "We"],
    "be": ["P", "be"],
    "s_init": ["P", "s_init"],
    "Xd": ["P", "Xd"],
    "Wd": ["P", "Wd"],
    "Fd": ["P", "Fd"],
    "bd": ["P", "bd"],
    "Wa": ["P", "Wa"],
    "Wt": ["P", "Wt"],
    "Wy": ["P", "Wy"],
    "by": ["P", "by"],
}
