import numpy as np

# stacked LSTM, same weight layout as torch.nn.LSTM (gates i, f, g, o in one matrix of 4H rows, two biases)
# batch_first=True; the mean of the top layer's outputs goes to one logit (BCE with logits)


def _sig(x):
    return 1. / (1. + np.exp(-x))


class LSTMLayer:

    def __init__(self, w_ih, w_hh, b_ih, b_hh):
        self.w_ih, self.w_hh, self.b_ih, self.b_hh = w_ih, w_hh, b_ih, b_hh
        self.H = w_hh.shape[1]

    def forward(self, x):
        B, L, _ = x.shape
        H = self.H
        self.x = x
        self.hs = [np.zeros((B, H))]
        self.cs = [np.zeros((B, H))]
        self.gates = []
        out = np.empty((B, L, H))
        for t in range(L):
            a = x[:, t] @ self.w_ih.T + self.b_ih + self.hs[-1] @ self.w_hh.T + self.b_hh
            act = np.empty_like(a)
            act[:, :2 * H] = _sig(a[:, :2 * H])
            act[:, 2 * H:3 * H] = np.tanh(a[:, 2 * H:3 * H])
            act[:, 3 * H:] = _sig(a[:, 3 * H:])
            i, f, g, o = np.split(act, 4, axis=1)
            self.cs.append(f * self.cs[-1] + i * g)
            self.hs.append(o * np.tanh(self.cs[-1]))
            self.gates.append(act)
            out[:, t] = self.hs[-1]
        return out

    def backward(self, dout):
        B, L, H = dout.shape
        self.dw_ih = np.zeros_like(self.w_ih)
        self.dw_hh = np.zeros_like(self.w_hh)
        self.db = np.zeros(4 * H)
        dx = np.zeros_like(self.x)
        dh_next = np.zeros((B, H))
        dc_next = np.zeros((B, H))
        for t in range(L)[::-1]:
            i, f, g, o = np.split(self.gates[t], 4, axis=1)
            tanh_c = np.tanh(self.cs[t + 1])
            dh = dout[:, t] + dh_next
            dc = dc_next + dh * o * (1 - tanh_c ** 2)
            da = np.empty((B, 4 * H))
            da[:, :H] = dc * g * i * (1 - i)
            da[:, H:2 * H] = dc * self.cs[t] * f * (1 - f)
            da[:, 2 * H:3 * H] = dc * i * (1 - g ** 2)
            da[:, 3 * H:] = dh * tanh_c * o * (1 - o)
            self.dw_ih += da.T @ self.x[:, t]
            self.dw_hh += da.T @ self.hs[t]
            self.db += da.sum(0)
            dx[:, t] = da @ self.w_ih
            dh_next = da @ self.w_hh
            dc_next = dc * f
        return dx


class StackedLSTM:

    def __init__(self, layers, fc_w, fc_b):
        self.layers = [LSTMLayer(*ws) for ws in layers]
        self.fc_w, self.fc_b = fc_w, fc_b

    def loss(self, x, y):
        out = x
        for k, layer in enumerate(self.layers):
            res = layer.forward(out)
            out = res + out if k > 0 else res        # residual between equal sizes
        self.pooled = out.mean(axis=1)
        self.L = out.shape[1]
        self.y = y
        self.logit = self.pooled @ self.fc_w + self.fc_b
        return np.mean(np.maximum(self.logit, 0) - self.logit * y + np.log1p(np.exp(-np.abs(self.logit))))

    def backward(self):
        dlogit = (_sig(self.logit) - self.y) / len(self.y)
        self.dfc_w = self.pooled.T @ dlogit
        self.dfc_b = dlogit.sum()
        dpooled = dlogit[:, None] * self.fc_w[None, :]
        dout = np.repeat(dpooled[:, None, :], self.L, axis=1) / self.L
        for k in range(len(self.layers) - 1, -1, -1):
            dinp = self.layers[k].backward(dout)
            dout = dinp + dout if k > 0 else dinp
        return dout


def inputs():
    r = np.random.RandomState(109)
    B, L, D, H = 3, 4, 2, 3
    layers = [[r.randn(4 * H, D if k == 0 else H) * .8, r.randn(4 * H, H) * .6, r.randn(4 * H) * .3, r.randn(4 * H) * .3] for k in range(3)]
    return dict(layers=layers, fc_w=r.randn(H) * 1.5, fc_b=np.array(-.3), x=r.randn(B, L, D), y=np.array([1., 0., 1.]))


def loss_of(module, args):
    return module.StackedLSTM(args['layers'], args['fc_w'], args['fc_b']).loss(args['x'], args['y'])


def gradients_of(module, args):
    n = module.StackedLSTM(args['layers'], args['fc_w'], args['fc_b'])
    n.loss(args['x'], args['y'])
    out = dict(dx=n.backward(), dfc_w=n.dfc_w, dfc_b=n.dfc_b)
    for k, l in enumerate(n.layers):
        out.update({'dw_ih%d' % k: l.dw_ih, 'dw_hh%d' % k: l.dw_hh, 'db_ih%d' % k: l.db, 'db_hh%d' % k: l.db})
    return out


PATHS = {
    "w_ih0": ["layers", 0, 0],
    "w_hh0": ["layers", 0, 1],
    "b_ih0": ["layers", 0, 2],
    "b_hh0": ["layers", 0, 3],
    "w_ih1": ["layers", 1, 0],
    "w_hh1": ["layers", 1, 1],
    "b_ih1": ["layers", 1, 2],
    "b_hh1": ["layers", 1, 3],
    "w_ih2": ["layers", 2, 0],
    "w_hh2": ["layers", 2, 1],
    "b_ih2": ["layers", 2, 2],
    "b_hh2": ["layers", 2, 3],
    "fc_w": ["fc_w"],
    "fc_b": ["fc_b"],
    "x": ["x"],
}
