# Elman network after the 1990 paper, written with plain loops (so that every index can be seen)
import numpy as np


def logistic(s):
    return 1.0 / (1.0 + np.exp(-s))


def elman(pattern, desired, context0, w_in, w_ctx, w_out, th_hid, th_out):
    nstep = len(pattern)
    nin, nhid = w_in.shape
    nout = w_out.shape[1]

    # ----- forward -----
    hid = np.zeros((nstep + 1, nhid))
    out = np.zeros((nstep, nout))
    for j in range(nhid):
        hid[0, j] = context0[j]
    for t in range(nstep):
        for j in range(nhid):
            net = th_hid[j]
            for i in range(nin):
                net += pattern[t, i] * w_in[i, j]
            for k in range(nhid):
                net += hid[t, k] * w_ctx[k, j]
            hid[t + 1, j] = logistic(net)
        for m in range(nout):
            net = th_out[m]
            for j in range(nhid):
                net += hid[t + 1, j] * w_out[j, m]
            out[t, m] = logistic(net)
    energy = 0.0
    for t in range(nstep):
        for m in range(nout):
            energy += 0.5 * (desired[t, m] - out[t, m]) ** 2

    # ----- backward through time -----
    g_in, g_ctx, g_out = np.zeros((nin, nhid)), np.zeros((nhid, nhid)), np.zeros((nhid, nout))
    g_th_hid, g_th_out = np.zeros(nhid), np.zeros(nout)
    back = np.zeros(nhid)                 # error that arrives from the next step
    for t in range(nstep - 1, -1, -1):
        delta_out = np.zeros(nout)
        for m in range(nout):
            delta_out[m] = (out[t, m] - desired[t, m]) * out[t, m] * (1.0 - out[t, m])
            g_th_out[m] += delta_out[m]
            for j in range(nhid):
                g_out[j, m] += delta_out[m] * hid[t + 1, j]
        delta_hid = np.zeros(nhid)
        for j in range(nhid):
            err = back[j]
            for m in range(nout):
                err += delta_out[m] * w_out[j, m]
            delta_hid[j] = err * hid[t + 1, j] * (1.0 - hid[t + 1, j])
            g_th_hid[j] += delta_hid[j]
            for i in range(nin):
                g_in[i, j] += delta_hid[j] * pattern[t, i]
            for k in range(nhid):
                g_ctx[k, j] += delta_hid[j] * hid[t, k]
        back = np.zeros(nhid)
        for k in range(nhid):
            for j in range(nhid):
                back[k] += delta_hid[j] * w_ctx[k, j]
    g_context0 = back
    return energy, g_in, g_ctx, g_out, g_th_hid, g_th_out, g_context0


def inputs():
    r = np.random.RandomState(25)
    T, I, H, O = 4, 2, 3, 3
    return dict(pattern=r.randn(T, I), desired=r.rand(T, O), context0=r.rand(H), w_in=r.randn(I, H), w_ctx=r.randn(H, H) * 1.5, w_out=r.randn(H, O) * 1.5,
                th_hid=r.randn(H) * .3, th_out=r.randn(O) * .3)


def _run(module, a):
    return module.elman(**a)


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    return dict(zip(['dw_in', 'dw_ctx', 'dw_out', 'dth_hid', 'dth_out', 'dcontext0'], _run(module, args)[1:]))


PATHS = {
    "w_in": ["w_in"],
    "w_ctx": ["w_ctx"],
    "w_out": ["w_out"],
    "th_hid": ["th_hid"],
    "th_out": ["th_out"],
    "context0": ["context0"],
}
