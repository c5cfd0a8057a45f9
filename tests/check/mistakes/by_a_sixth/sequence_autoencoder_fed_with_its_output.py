import numpy as np

# Sequence autoencoder: LSTM encoder, LSTM decoder fed with its own last output, reconstructs the
# sequence backwards. Gate order i, j, f, o and forget bias as in BasicLSTMCell. Batch of rows.

FORGET_BIAS = 1.0


def sigm(a):
    return 1.0 / (1.0 + np.exp(-a))


def cell(x, state, kernel, bias):
    c, h = state
    n = c.shape[1]
    xh = np.concatenate([x, h], axis=1)
    a = xh @ kernel + bias
    i = sigm(a[:, :n])
    j = np.tanh(a[:, n:2 * n])
    f = sigm(a[:, 2 * n:3 * n] + FORGET_BIAS)
    o = sigm(a[:, 3 * n:])
    new_c = c * f + i * j
    tc = np.tanh(new_c)
    return (new_c, tc * o), (xh, c, i, j, f, o, tc)


def cell_grad(dc, dh, tape, kernel, dkernel, dbias):
    """adds to dkernel and dbias, returns (dx, dc_prev, dh_prev)"""
    xh, c, i, j, f, o, tc = tape
    n = c.shape[1]
    dc = dc + dh * o * (1 - tc ** 2)
    da = np.concatenate([dc * j * i * (1 - i),
                         dc * i * (1 - j ** 2),
                         dc * c * f * (1 - f),
                         dh * tc * o * (1 - o)], axis=1)
    dkernel += xh.T @ da
    dbias += da.sum(axis=0)
    dxh = da @ kernel.T
    nx = xh.shape[1] - n
    return dxh[:, :nx], dc * f, dxh[:, nx:]


def autoencode(params, seq):
    """seq: (T, N, D). Returns loss, gradients"""
    T, N, D = seq.shape
    n = params['enc_b'].size // 4
    state = (np.zeros((N, n)), np.zeros((N, n)))
    enc_tapes, dec_tapes, hs, outs = [], [], [], []
    for t in range(T):
        state, tape = cell(seq[t], state, params['enc_k'], params['enc_b'])
        enc_tapes.append(tape)
    out = np.zeros((N, D)) + params['go']
    loss = 0.0
    for t in range(T):
        state, tape = cell(out, state, params['dec_k'], params['dec_b'])
        dec_tapes.append(tape)
        hs.append(state[1])
        out = state[1] @ params['W'] + params['b']
        outs.append(out)
        loss += ((out - seq[T - 1 - t]) ** 2).sum() / (T * N)

    grad = {k: np.zeros_like(v) for k, v in params.items()}
    dc = np.zeros((N, n))
    dh = np.zeros((N, n))
    dfed = np.zeros((N, D))        # what the next step's input asks of this step's output
    for t in reversed(range(T)):
        dout = 2 * (outs[t] - seq[T - 1 - t]) / (T * N)
        dout = dout + dfed
        grad['W'] += hs[t].T @ dout
        grad['b'] += dout.sum(axis=0)
        dh = dh + dout @ params['W'].T
        dfed, dc, dh = cell_grad(dc, dh, dec_tapes[t], params['dec_k'], grad['dec_k'], grad['dec_b'])
    grad['go'] = dfed.sum(axis=0)
    for t in reversed(range(T)):
        _, dc, dh = cell_grad(dc, dh, enc_tapes[t], params['enc_k'], grad['enc_k'], grad['enc_b'])
    return loss, grad


def inputs():
    r = np.random.RandomState(121)
    T, N, D, n = 4, 3, 2, 3
    p = dict(enc_k=r.randn(D + n, 4 * n) * .8, enc_b=r.randn(4 * n) * .3, dec_k=r.randn(D + n, 4 * n) * .8, dec_b=r.randn(4 * n) * .3,
             W=r.randn(n, D), b=r.randn(D) * .3, go=r.randn(D) * .5)
    return dict(p=p, seq=r.randn(T, N, D))


def loss_of(module, args):
    return module.autoencode(args['p'], args['seq'])[0]


def gradients_of(module, args):
    return {'d' + k: v for k, v in module.autoencode(args['p'], args['seq'])[1].items()}


PATHS = {
    "enc_k": ["p", "enc_k"],
    "enc_b": ["p", "enc_b"],
    "dec_k": ["p", "dec_k"],
    "dec_b": ["p", "dec_b"],
    "W": ["p", "W"],
    "b": ["p", "b"],
    "go": ["p", "go"],
}
