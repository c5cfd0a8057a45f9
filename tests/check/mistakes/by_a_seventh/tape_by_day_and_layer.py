# stacked LSTM: predict tomorrow's log-returns from a window of past days
import numpy as np

sig = lambda z: 1/(1+np.exp(-z))


def init_state(n_layers, batch, hidden):
    return [(np.zeros((batch, hidden)), np.zeros((batch, hidden))) for _ in range(n_layers)]


def predict(weights, window):
    """window: (batch, days, features); weights['lstm'] = list of dicts W (in+hidden, 4*hidden), b"""
    batch, days, _ = window.shape
    hidden = weights['lstm'][0]['b'].size // 4
    state = init_state(len(weights['lstm']), batch, hidden)
    tape = []
    for day in range(days):
        inp = window[:, day, :]
        row = []
        for li, layer in enumerate(weights['lstm']):
            h, c = state[li]
            hx = np.hstack((inp, h))
            a = hx @ layer['W'] + layer['b']
            i, f, o = sig(a[:, :hidden]), sig(a[:, hidden:2*hidden]), sig(a[:, 2*hidden:3*hidden])
            g = np.tanh(a[:, 3*hidden:])
            c_new = f*c + i*g
            h_new = o*np.tanh(c_new)
            row.append(dict(hx=hx, i=i, f=f, o=o, g=g, c_prev=c, c=c_new))
            state[li] = (h_new, c_new)
            inp = h_new
        tape.append(row)
    top = state[-1][0]
    return top @ weights['W_ret'] + weights['b_ret'], top, tape


def train_loss(weights, window, returns, asset_weight, l2=0.02):
    """weighted squared error of the last prediction, mean over the batch, + l2 on all matrices"""
    batch, days, n_feat = window.shape
    hidden = weights['lstm'][0]['b'].size // 4
    pred, top, tape = predict(weights, window)
    diff = pred - returns
    loss = np.sum(asset_weight * diff**2) / batch
    loss += 0.5*l2*np.sum(weights['W_ret']**2)
    for layer in weights['lstm']:
        loss += 0.5*l2*np.sum(layer['W']**2)

    grads = {'lstm': [{'W': l2*layer['W'], 'b': np.zeros_like(layer['b'])} for layer in weights['lstm']]}
    d_pred = 2*asset_weight*diff / batch
    grads['W_ret'] = top.T @ d_pred + l2*weights['W_ret']
    grads['b_ret'] = d_pred.sum(0)
    n_layers = len(weights['lstm'])
    dh = [np.zeros((batch, hidden)) for _ in range(n_layers)]
    dc = [np.zeros((batch, hidden)) for _ in range(n_layers)]
    dh[-1] = d_pred @ weights['W_ret'].T
    for day in range(days-1, -1, -1):
        for li in range(n_layers-1, -1, -1):
            s = tape[day][li]
            tc = np.tanh(s['c'])
            do = dh[li]*tc
            dcell = dc[li] + dh[li]*s['o']*(1-tc**2)
            di, df, dg = dcell*s['g'], dcell*s['c_prev'], dcell*s['i']
            da = np.hstack((di*s['i']*(1-s['i']), df*s['f']*(1-s['f']), do*s['o']*(1-s['o']), dg*(1-s['g']**2)))
            grads['lstm'][li]['W'] += s['hx'].T @ da
            grads['lstm'][li]['b'] += da.sum(0)
            dhx = da @ weights['lstm'][li]['W'].T
            dh[li] = dhx[:, -hidden:]
            dc[li] = dcell*s['f']
            if li > 0:
                dh[li-1] += dhx[:, :-hidden]
    return loss, grads


def inputs():
    r = np.random.RandomState(19)
    B, T, D, H, K = 3, 4, 2, 3, 2
    lstm = [dict(W=r.randn(D + H, 4 * H) * .8, b=r.randn(4 * H) * .3), dict(W=r.randn(2 * H, 4 * H) * .9, b=r.randn(4 * H) * .3)]
    return dict(weights=dict(lstm=lstm, W_ret=r.randn(H, K) * 1.2, b_ret=r.randn(K) * .2), window=r.randn(B, T, D), returns=r.randn(B, K),
                asset_weight=np.array([.7, 1.6]))


def _run(module, a):
    return module.train_loss(a['weights'], a['window'], a['returns'], a['asset_weight'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    g = _run(module, args)[1]
    return dict(dW1=g['lstm'][0]['W'], db1=g['lstm'][0]['b'], dW2=g['lstm'][1]['W'], db2=g['lstm'][1]['b'], dW_ret=g['W_ret'], db_ret=g['b_ret'])


PATHS = {
    "W1": ["weights", "lstm", 0, "W"],
    "b1": ["weights", "lstm", 0, "b"],
    "W2": ["weights", "lstm", 1, "W"],
    "b2": ["weights", "lstm", 1, "b"],
    "W_ret": ["weights", "W_ret"],
    "b_ret": ["weights", "b_ret"],
}
