import numpy as np

# deep LSTM, time first (T, m, d), one fused weight per layer, columns: i | f | o | g
# layers above the first add their input to their output (skip)


def sigm(x):
    return 1. / (1. + np.exp(-x))


def stack_forward(xs, W, b, h0, c0):
    L = len(W)
    h, c = list(h0), list(c0)
    tape, outs = [], []
    for x in xs:
        inp, row = x, []
        for l in range(L):
            hx = np.hstack([inp, h[l]])
            i, f, o, g = np.split(hx @ W[l] + b[l], 4, axis=1)
            i, f, o, g = sigm(i), sigm(f), sigm(o), np.tanh(g)
            c_new = f * c[l] + i * g
            tc = np.tanh(c_new)
            row.append((hx, i, f, o, g, c[l], tc))
            c[l] = c_new
            h[l] = o * tc
            inp = h[l] + inp if l > 0 else h[l]
        tape.append(row)
        outs.append(inp)
    return np.stack(outs), tape


def stack_backward(douts, tape, W):
    L = len(W)
    m, H = tape[0][0][1].shape
    dW = [np.zeros_like(w) for w in W]
    db = [np.zeros(4 * H) for _ in W]
    dh = [np.zeros((m, H)) for _ in W]
    dc = [np.zeros((m, H)) for _ in W]
    dxs = []
    for row, dout in zip(tape[::-1], douts[::-1]):
        dinp = dout
        for l in reversed(range(L)):
            hx, i, f, o, g, c_prev, tc = row[l]
            dhl = dh[l] + dinp
            do = dhl * tc * o * (1 - o)
            dcl = dc[l] + dhl * o * (1 - tc ** 2)
            di = dcl * g * i * (1 - i)
            df = dcl * c_prev * f * (1 - f)
            dg = dcl * i * (1 - g ** 2)
            dgates = np.hstack([di, df, do, dg])
            dW[l] += hx.T @ dgates
            db[l] += dgates.sum(axis=0)
            dhx = dgates @ W[l].T
            dh[l] = dhx[:, -H:]
            dc[l] = dcl * f
            dinp = dhx[:, :-H] + dinp if l > 0 else dhx[:, :-H]
        dxs.insert(0, dinp)
    return dW, db, np.stack(dxs), dh, dc


def inputs():
    r = np.random.RandomState(707)
    T, m, D, H = 5, 3, 6, 4
    W = [r.randn(D + H, 4 * H) * .5, r.randn(2 * H, 4 * H) * .5]
    b = [r.randn(4 * H) * .4, r.randn(4 * H) * .4]
    return dict(xs=r.randn(T, m, D), W=W, b=b, h0=[r.randn(m, H) * .6 for _ in W], c0=[r.randn(m, H) for _ in W],
                douts=r.randn(T, m, H))


def loss_of(module, args):
    outs, _ = module.stack_forward(args['xs'], args['W'], args['b'], args['h0'], args['c0'])
    return np.sum(outs * args['douts'])


def gradients_of(module, args):
    _, tape = module.stack_forward(args['xs'], args['W'], args['b'], args['h0'], args['c0'])
    dW, db, dxs, dh, dc = module.stack_backward(args['douts'], tape, args['W'])
    out = dict(dxs=dxs)
    for l in range(2):
        out.update({'dW%d' % l: dW[l], 'db%d' % l: db[l], 'dh0_%d' % l: dh[l], 'dc0_%d' % l: dc[l]})
    return out


PATHS = {
    "xs": ["xs"],
    "W0": ["W", 0],
    "b0": ["b", 0],
    "h0_0": ["h0", 0],
    "c0_0": ["c0", 0],
    "W1": ["W", 1],
    "b1": ["b", 1],
    "h0_1": ["h0", 1],
    "c0_1": ["c0", 1],
}
