# sine wave toy: the network gets a few true values, then lives on its own predictions
import numpy as np


def lossFun(wave, warm, w_in, W_rec, b, w_out, b_out, h0):
    """wave: 1-d array. For t < warm the input is wave[t], later the prediction made one step before.
    the target of step t is wave[t+1]"""
    n = len(wave) - 1
    hs = {-1: h0}
    ins, outs = {}, {}
    loss = 0.0
    for t in range(n):
        ins[t] = wave[t] if t < warm else outs[t - 1]
        hs[t] = np.tanh(w_in * ins[t] + W_rec.dot(hs[t - 1]) + b)
        outs[t] = w_out.dot(hs[t]) + b_out
        loss += 0.5 * (outs[t] - wave[t + 1]) ** 2

    dw_in, dW_rec, db = np.zeros_like(w_in), np.zeros_like(W_rec), np.zeros_like(b)
    dw_out, db_out = np.zeros_like(w_out), 0.0
    dh_next = np.zeros_like(h0)
    dout_next = 0.0      # what the next step says about this prediction
    for t in reversed(range(n)):
        dout = outs[t] - wave[t + 1] + dout_next
        dw_out += dout * hs[t]
        db_out += dout
        dh = dout * w_out + dh_next
        draw = (1 - hs[t] ** 2) * dh
        dw_in += draw * ins[t]
        dW_rec += np.outer(draw, hs[t - 1])
        db += draw
        dh_next = W_rec.T.dot(draw)
        if t >= warm:
            dout_next = w_in.dot(draw)
        else:
            dout_next = 0.0
    return loss, dw_in, dW_rec, db, dw_out, db_out, dh_next


def sample(wave, n, w_in, W_rec, b, w_out, b_out, h):
    res = []
    x = wave[-1]
    for t in range(n):
        h = np.tanh(w_in * x + W_rec.dot(h) + b)
        x = w_out.dot(h) + b_out
        res.append(x)
    return res


def inputs():
    r = np.random.RandomState(110)
    H = 4
    w = [r.randn(H), r.randn(H, H) * .6, r.randn(H) * .3, r.randn(H) * .8, np.array(.2), r.randn(H) * .5]
    return dict(w=w, wave=np.sin(np.arange(7) * .9) * 1.2)


def loss_of(module, args):
    return module.lossFun(args['wave'], 3, *args['w'])[0]


def gradients_of(module, args):
    return dict(zip(['dw_in', 'dW_rec', 'db', 'dw_out', 'db_out', 'dh0'], module.lossFun(args['wave'], 3, *args['w'])[1:]))


PATHS = {
    "w_in": ["w", 0],
    "W_rec": ["w", 1],
    "b": ["w", 2],
    "w_out": ["w", 3],
    "b_out": ["w", 4],
    "h0": ["w", 5],
}
