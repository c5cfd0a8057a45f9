"""Encoder-decoder with teacher forcing, one function, word ids."""

import numpy as np


def one_hot(idx, n):
    v = np.zeros((n, len(idx)))
    v[idx, np.arange(len(idx))] = 1.0
    return v


def seq2seq(src, tgt, params):
    """Encoder-decoder with teacher forcing.

    src (T_s, m) and tgt (T_d + 1, m) are word ids; tgt[0] is the start symbol.
    Returns the mean loss per predicted word and the gradients."""
    Ts, m = src.shape
    Td = tgt.shape[0] - 1
    Vs, Vt = params["enc_Wx"].shape[1], params["dec_Wx"].shape[1]
    H = params["enc_Wh"].shape[0]

    # ---- encoder
    eh = {-1: np.zeros((H, m))}
    ex = {}
    for t in range(Ts):
        ex[t] = one_hot(src[t], Vs)
        eh[t] = np.tanh(params["enc_Wx"].dot(ex[t]) + params["enc_Wh"].dot(eh[t - 1]) + params["enc_b"])

    # ---- decoder
    dh_ = {-1: eh[Ts - 1]}
    dx_, probs = {}, {}
    loss = 0.0
    for t in range(Td):
        dx_[t] = one_hot(tgt[t], Vt)
        dh_[t] = np.tanh(params["dec_Wx"].dot(dx_[t]) + params["dec_Wh"].dot(dh_[t - 1]) + params["dec_b"])
        s = params["out_W"].dot(dh_[t]) + params["out_b"]
        s = np.exp(s - s.max(axis=0))
        probs[t] = s / s.sum(axis=0)
        loss -= np.log(probs[t][tgt[t + 1], np.arange(m)]).sum()
    loss /= Td * m

    # ---- backward
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    dnext = np.zeros((H, m))
    for t in range(Td - 1, -1, -1):
        ds = (probs[t] - one_hot(tgt[t + 1], Vt)) / (Td * m)
        grads["out_W"] += ds.dot(dh_[t].T)
        grads["out_b"] += ds.sum(axis=1, keepdims=True)
        dh = params["out_W"].T.dot(ds) + dnext
        da = dh * (1 - dh_[t] ** 2)
        grads["dec_Wx"] += da.dot(dx_[t].T)
        grads["dec_Wh"] += da.dot(dh_[t - 1].T)
        grads["dec_b"] += da.sum(axis=1, keepdims=True)
        dnext = params["dec_Wh"].T.dot(da)

    for t in range(Ts - 1, -1, -1):
        da = dnext * (1 - eh[t] ** 2)
        grads["enc_Wx"] += da.dot(ex[t].T)
        grads["enc_Wh"] += da.dot(eh[t - 1].T)
        grads["enc_b"] += da.sum(axis=1, keepdims=True)
        dnext = params["enc_Wh"].T.dot(da)
    return loss, grads


# -- how it is called -----------------------------------------------------------------------------------------

def inputs():
    rng = np.random.default_rng(115)
    Ts, Td, m, Vs, Vt, H = 5, 4, 3, 7, 6, 8
    p = {"enc_Wx": rng.normal(size=(H, Vs)) * 0.7, "enc_Wh": rng.normal(size=(H, H)) * 0.4, "enc_b": rng.normal(size=(H, 1)) * 0.3,
         "dec_Wx": rng.normal(size=(H, Vt)) * 0.7, "dec_Wh": rng.normal(size=(H, H)) * 0.4, "dec_b": rng.normal(size=(H, 1)) * 0.3,
         "out_W": rng.normal(size=(Vt, H)), "out_b": rng.normal(size=(Vt, 1)) * 0.3}
    tgt = rng.integers(1, Vt, size=(Td + 1, m))
    tgt[0] = 0
    return {"src": rng.integers(0, Vs, size=(Ts, m)), "tgt": tgt, "params": p}


def loss_of(module, args):
    return (module.seq2seq(args["src"], args["tgt"], args["params"])[0])


def gradients_of(module, args):
    return {"d" + k: v for k, v in module.seq2seq(args["src"], args["tgt"], args["params"])[1].items()}

class _Module:
    """This file's functions and variables."""

    def __getattr__(self, name):
        return globals()[name]

    def __setattr__(self, name, value):
        globals()[name] = value


PATHS = {
    "enc_Wx": ["params", "enc_Wx"],
    "enc_Wh": ["params", "enc_Wh"],
    "enc_b": ["params", "enc_b"],
    "dec_Wx": ["params", "dec_Wx"],
    "dec_Wh": ["params", "dec_Wh"],
    "dec_b": ["params", "dec_b"],
    "out_W": ["params", "out_W"],
    "out_b": ["params", "out_b"],
}


def _at(thing, path):
    for key in path:
        thing = thing[key]
    return thing


INPUTS = {key: _at(inputs(), path) for key, path in PATHS.items()}


def _args(given):
    args = inputs()
    for key, path in PATHS.items():
        _at(args, path[:-1])[path[-1]] = given[key]
    return args


def forward(**given):
    return {"loss": loss_of(_Module(), _args(given))}, given


def backward(upstream, cache):
    return {key: value * upstream["loss"] for key, value in gradients_of(_Module(), _args(cache)).items()}
