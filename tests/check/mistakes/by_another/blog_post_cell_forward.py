import numpy as np

# --- residual Elman cell: h_t = h_{t-1} + scale * sigmoid-gated tanh --------------------------
# names of arrays follow the blog post: s = state, v = candidate, k = gate


def cell_forward(s, x, th):
    v = np.tanh(th['A'] @ s + th['B'] @ x + th['a'])
    k = 1 / (1 + np.exp(-(th['C'] @ x + th['c'])))
    return s + th['scale'][0] * k * v, (s, x, v, k)


def cell_backward(ds_new, tape, th, out):
    s, x, v, k = tape
    sc = th['scale'][0]
    out['scale'][0] += np.sum(ds_new * k * v)
    dv = ds_new * sc * k
    dk = ds_new * sc * v
    dvz = dv * (1 - v ** 2)
    dkz = dk * k * (1 - k)
    out['A'] += dvz @ s.T
    out['B'] += dvz @ x.T
    out['a'] += dvz.sum(axis=1, keepdims=True)
    out['C'] += dkz @ x.T
    out['c'] += dkz.sum(axis=1, keepdims=True)
    dx = th['B'].T @ dvz + th['C'].T @ dkz
    ds = ds_new + th['A'].T @ dvz
    return ds, dx


def objective(x_seq, y, s0, th, decay):
    s, tapes = s0, []
    for x in x_seq:
        s, tape = cell_forward(s, x, th)
        tapes.append(tape)
    score = (th['w'] @ s)[0]
    slack = np.maximum(0, 1 - y * score)
    reg = 0.5 * decay * sum(np.sum(th[n] ** 2) for n in 'ABCw')
    return slack.mean() + reg, (s, tapes, slack)


def objective_gradient(x_seq, y, s0, th, decay):
    value, (s, tapes, slack) = objective(x_seq, y, s0, th, decay)
    out = dict((n, np.zeros_like(th[n])) for n in th)
    dscore = -y * (slack > 0) / y.size
    out['w'] += dscore[None] @ s.T
    ds = th['w'].T @ dscore[None]
    dx_seq = []
    for tape in tapes[::-1]:
        ds, dx = cell_backward(ds, tape, th, out)
        dx_seq.append(dx)
    dx_seq.reverse()
    for n in 'ABCw':
        out[n] += decay * th[n]
    out['s0'] = ds
    out['x_seq'] = np.array(dx_seq)
    return value, out


# -- what it is called with --------------------------------------------------------------------------------------


def inputs():
    r = np.random.RandomState(2222)
    T, d, n, m = 5, 3, 4, 6
    th = dict(A=r.randn(n, n) * .6, B=r.randn(n, d) * .7, a=r.randn(n, 1) * .4, C=r.randn(n, d) * .7, c=r.randn(n, 1) * .4,
              scale=np.array([.8]), w=r.randn(1, n) * .4)
    return dict(x_seq=r.randn(T, d, m), y=np.array([1., -1., 1., 1., -1., -1.]), s0=r.randn(n, m) * .4, th=th, decay=.05)


P = ["x_seq", "y", "s0", "th", "decay"]


def loss_of(module, a):
    return module.objective(*[a[p] for p in P])[0]


def gradients_of(module, a):
    return {"d" + k: v for k, v in module.objective_gradient(*[a[p] for p in P])[1].items()}

PATHS = {
    "A": ["th", "A"],
    "B": ["th", "B"],
    "a": ["th", "a"],
    "C": ["th", "C"],
    "c": ["th", "c"],
    "scale": ["th", "scale"],
    "w": ["th", "w"],
    "s0": ["s0"],
    "x_seq": ["x_seq"],
}
