"""LSTMP for acoustic frames: peepholes, recurrent projection, variational dropout with a mask given. Column = batch."""
import numpy as np


def logistic(a):
    return 1.0 / (1.0 + np.exp(-a))


def run_forward(th, frames, mask, y):
    # frames: list of (D, B); mask (P, B) is one inverted dropout mask for all times; y: list of int arrays
    Wx, Wr, b, pi, pf, po, Wp, Wy = (th[k] for k in "Wx Wr b pi pf po Wp Wy".split())
    n, B = len(pi), frames[0].shape[1]
    c, m = np.zeros((n, B)), np.zeros((len(Wp), B))
    tape, J = [], 0.0
    for x, lab in zip(frames, y):
        a = Wx @ x + Wr @ m + b[:, None]
        i = logistic(a[:n] + pi[:, None] * c)
        f = logistic(a[n:2 * n] + pf[:, None] * c)
        g = np.tanh(a[2 * n:3 * n])
        cn = f * c + i * g
        o = logistic(a[3 * n:] + po[:, None] * cn)
        tc = np.tanh(cn)
        h = o * tc
        mn = (Wp @ h) * mask
        sc = Wy @ mn
        sc = sc - sc.max(0)
        pr = np.exp(sc) / np.exp(sc).sum(0)
        J -= np.log(pr[lab, np.arange(B)]).sum()
        tape.append((x, c, m, i, f, g, cn, o, tc, h, mn, pr, lab))
        c, m = cn, mn
    return J / (B * len(frames)), tape


def run_backward(th, tape, mask):
    Wx, Wr, b, pi, pf, po, Wp, Wy = (th[k] for k in "Wx Wr b pi pf po Wp Wy".split())
    gr = {k: np.zeros_like(v) for k, v in th.items()}
    B = mask.shape[1]
    scale = 1.0 / (B * len(tape))
    dc, dm = np.zeros((len(pi), B)), np.zeros((len(Wp), B))
    dframes = []
    for x, c, m, i, f, g, cn, o, tc, h, mn, pr, lab in reversed(tape):
        dsc = pr.copy()
        dsc[lab, np.arange(B)] -= 1
        dsc *= scale
        gr["Wy"] += dsc @ mn.T
        dm = dm + Wy.T @ dsc
        dproj = dm * mask
        gr["Wp"] += dproj @ h.T
        dh = Wp.T @ dproj
        do = dh * tc * o * (1 - o)
        dc = dc + dh * o * (1 - tc ** 2) + do * po[:, None]
        di = dc * g * i * (1 - i)
        df = dc * c * f * (1 - f)
        dg = dc * i * (1 - g ** 2)
        gr["po"] += (do * cn).sum(1)
        gr["pi"] += (di * c).sum(1)
        gr["pf"] += (df * c).sum(1)
        da = np.concatenate([di, df, dg, do])
        gr["Wx"] += da @ x.T
        gr["Wr"] += da @ m.T
        gr["b"] += da.sum(1)
        dframes.insert(0, Wx.T @ da)
        dm = Wr.T @ da
        dc = dc * f + di * pi[:, None] + df * pf[:, None]
    return gr, dframes


def inputs():
    r = np.random.RandomState(161)
    th = dict(Wx=r.randn(20, 4), Wr=.6 * r.randn(20, 3), b=r.randn(20), pi=r.randn(5), pf=r.randn(5), po=r.randn(5),
              Wp=r.randn(3, 5), Wy=r.randn(6, 3))
    mask = np.array([[1, 0], [1, 1], [0, 1.]]) / 0.75
    return dict(th=th, frames=[r.randn(4, 2) for _ in range(7)], mask=mask, y=[r.randint(0, 6, 2) for _ in range(7)])


def loss_of(module, args):
    return float(module.run_forward(**args)[0])


def gradients_of(module, args):
    _, tape = module.run_forward(**args)
    gr, dfr = module.run_backward(args["th"], tape, args["mask"])
    out = {"d" + k: v for k, v in gr.items()}
    out.update({"dframe%d" % t: dfr[t] for t in (0, 3, 6)})
    return out


PATHS = {k: ["th", k] for k in "Wx Wr b pi pf po Wp Wy".split()}
PATHS.update({"frame%d" % t: ["frames", t] for t in (0, 3, 6)})
