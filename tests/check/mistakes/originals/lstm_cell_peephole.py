"""LSTM cell with diagonal peepholes."""

import numpy as np

INPUTS = {"x": ("n_x", "m"), "a_prev": ("n_a", "m"), "c_prev": ("n_a", "m")}
for g in "fuco":
    INPUTS["W" + g] = ("n_a", "n_a + n_x")
    INPUTS["b" + g] = ("n_a", 1)
for g in "fuo":
    INPUTS["p" + g] = ("n_a", 1)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def forward(x, a_prev, c_prev, Wf, bf, Wu, bu, Wc, bc, Wo, bo, pf, pu, po):
    s = np.concatenate([a_prev, x])
    f = sigmoid(Wf @ s + pf * c_prev + bf)
    u = sigmoid(Wu @ s + pu * c_prev + bu)
    h = np.tanh(Wc @ s + bc)
    c = f * c_prev + u * h
    o = sigmoid(Wo @ s + po * c + bo)
    a = o * np.tanh(c)
    return {"a": a, "c": c}, (s, c_prev, f, u, h, c, o, Wf, Wu, Wc, Wo, pf, pu, po)


def backward(upstream, cache):
    s, c_prev, f, u, h, c, o, Wf, Wu, Wc, Wo, pf, pu, po = cache
    n_a = c.shape[0]
    da = upstream["a"]
    dzo = da * np.tanh(c) * o * (1 - o)
    dc = upstream["c"] + da * o * (1 - np.tanh(c) ** 2) + dzo * po
    dzf = dc * c_prev * f * (1 - f)
    dzu = dc * h * u * (1 - u)
    dzc = dc * u * (1 - h ** 2)
    ds = Wf.T @ dzf + Wu.T @ dzu + Wc.T @ dzc + Wo.T @ dzo
    dc_prev = dc * f + dzf * pf + dzu * pu
    total = lambda z: z.sum(axis=1, keepdims=True)
    return {
        "dx": ds[n_a:], "da_prev": ds[:n_a], "dc_prev": dc_prev,
        "dWf": dzf @ s.T, "dWu": dzu @ s.T, "dWc": dzc @ s.T, "dWo": dzo @ s.T,
        "dbf": total(dzf), "dbu": total(dzu), "dbc": total(dzc), "dbo": total(dzo),
        "dpf": total(dzf * c_prev), "dpu": total(dzu * c_prev), "dpo": total(dzo * c),
    }
