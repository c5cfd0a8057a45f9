"""Each step gives back its output and a function that takes a gradient through it."""

import numpy as np


def affine(x, W, b):
    out = W @ x + b

    def back(dout):
        return W.T @ dout, dout @ x.T, dout.sum(axis=1, keepdims=True)

    return out, back


def tanh(z):
    a = np.tanh(z)

    def back(da):
        return da * (1 - a * a)

    return a, back


def gate(z):
    g = 1 / (1 + np.exp(-z))

    def back(dg):
        return dg * g * (1 - g)

    return g, back


def mix(u, new, old):
    out = u * new + (1 - u) * old

    def back(dout):
        return dout * (new - old), dout * u, dout * (1 - u)

    return out, back


def cell(x, h, Wu, bu, Wc, bc):
    n = h.shape[0]
    hx = np.concatenate([h, x])
    zu, back_u = affine(hx, Wu, bu)
    u, back_gate = gate(zu)
    zc, back_c = affine(hx, Wc, bc)
    c, back_tanh = tanh(zc)
    out, back_mix = mix(u, c, h)

    def back(dout):
        du, dc, dh = back_mix(dout)
        dhx_u, dWu, dbu = back_u(back_gate(du))
        dhx_c, dWc, dbc = back_c(back_tanh(dc))
        dhx = dhx_u + dhx_c
        return dhx[n:], dh + dhx[:n], (dWu, dbu, dWc, dbc)

    return out, back


INPUTS = {"x": ("n_x", "m", "T"), "h0": ("n_a", "m"), "Wu": ("n_a", "n_a + n_x"), "bu": ("n_a", 1),
          "Wc": ("n_a", "n_a + n_x"), "bc": ("n_a", 1)}  # fmt: skip


def forward(x, h0, Wu, bu, Wc, bc):
    h, hs, tape = h0, [], []
    for t in range(x.shape[2]):
        h, back = cell(x[:, :, t], h, Wu, bu, Wc, bc)
        hs.append(h)
        tape.append(back)
    return {"h": np.stack(hs, axis=2)}, (tape, x.shape, (Wu, bu, Wc, bc))


def backward(upstream, cache):
    tape, shape, weights = cache
    dx = np.zeros(shape)
    totals = [np.zeros(w.shape) for w in weights]
    dh = 0
    for t in range(len(tape) - 1, -1, -1):
        dx[:, :, t], dh, parts = tape[t](upstream["h"][:, :, t] + dh)
        for total, part in zip(totals, parts):
            total += part
    dWu, dbu, dWc, dbc = totals
    return {"dx": dx, "dh0": dh, "dWu": dWu, "dbu": dbu, "dWc": dWc, "dbc": dbc}
