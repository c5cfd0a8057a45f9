import numpy as np


def seq2seq(P):
    """returns forward(); forward returns the loss and a backward() that knows all it needs"""

    def cell(x, h, k, G):
        a = np.tanh(x @ P['W' + k] + h @ P['U' + k] + P['b' + k])

        def back(da):
            ds = da * (1 - a * a)
            G['W' + k] += x.T @ ds
            G['U' + k] += h.T @ ds
            G['b' + k] += ds.sum(0)
            return ds @ P['W' + k].T, ds @ P['U' + k].T
        return a, back

    def readout(h, target, G):
        err = h @ P['V'] + P['c'] - target

        def back():
            G['V'] += h.T @ err
            G['c'] += err.sum(0)
            return err @ P['V'].T
        return 0.5 * (err ** 2).sum(), back

    def forward(src, tgt):
        G = {k: np.zeros_like(v) for k, v in P.items()}
        enc_backs, dec_backs, out_backs = [], [], []
        h = np.zeros((len(src), len(P['be'])))
        for t in range(src.shape[1]):
            h, back = cell(src[:, t], h, 'e', G)
            enc_backs.append(back)
        context = h                     # first state of the decoder and part of all its inputs
        y, loss = np.zeros_like(tgt[:, 0]), 0.
        for t in range(tgt.shape[1]):
            h, back = cell(np.concatenate([y, context], 1), h, 'd', G)
            dec_backs.append(back)
            part, back = readout(h, tgt[:, t], G)
            out_backs.append(lambda back=back: back())
            loss += part
            y = tgt[:, t]               # teacher forcing

        def backward():
            n_y = tgt.shape[2]
            dcontext = np.zeros_like(context)
            dh = np.zeros_like(context)
            for out_back, dec_back in zip(out_backs[::-1], dec_backs[::-1]):
                dh = dh + out_back()
                dx, dh = dec_back(dh)
                dcontext += dx[:, n_y:]
            dh = dh + dcontext
            G['src'] = np.zeros_like(src)
            for t in range(src.shape[1] - 1, -1, -1):
                G['src'][:, t], dh = enc_backs[t](dh)
            return G
        return loss, backward
    return forward


def inputs():
    r = np.random.RandomState(74)
    B, S, T, X, H, Y = 3, 3, 3, 2, 4, 2
    P = dict(We=r.randn(X, H) * .6, Ue=r.randn(H, H) * .5, be=r.randn(H) * .2, Wd=r.randn(Y + H, H) * .5, Ud=r.randn(H, H) * .5,
             bd=r.randn(H) * .2, V=r.randn(H, Y) * .7, c=r.randn(Y) * .2)
    return dict(src=r.randn(B, S, X), tgt=r.randn(B, T, Y), P=P)


def loss_of(module, args):
    return module.seq2seq(args['P'])(args['src'], args['tgt'])[0]


def gradients_of(module, args):
    _, backward = module.seq2seq(args['P'])(args['src'], args['tgt'])
    return {'d' + k: v for k, v in backward().items()}


PATHS = {
    "src": ["src"],
    "We": ["P", "We"],
    "Ue": ["P", "Ue"],
    "be": ["P", "be"],
    "Wd": ["P", "Wd"],
    "Ud": ["P", "Ud"],
    "bd": ["P", "bd"],
    "V": ["P", "V"],
    "c": ["P", "c"],
}
