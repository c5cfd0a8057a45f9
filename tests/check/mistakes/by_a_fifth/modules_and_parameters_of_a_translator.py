"""A tiny torch.nn look-alike in numpy, and a seq2seq model on top of it."""
import numpy as np


class Parameter:
    def __init__(self, data):
        self.data = data
        self.grad = np.zeros_like(data)


class Module:
    def parameters(self):
        for name, value in self.__dict__.items():
            if isinstance(value, Parameter):
                yield name, value
            elif isinstance(value, Module):
                for sub, p in value.parameters():
                    yield name + '.' + sub, p

    def zero_grad(self):
        for _, p in self.parameters():
            p.grad = np.zeros_like(p.data)

    def __call__(self, *args):
        return self.forward(*args)


class Embedding(Module):
    def __init__(self, weight):
        self.weight = Parameter(weight)

    def forward(self, idx):
        self.idx = idx
        return self.weight.data[idx]

    def backward(self, grad_output):
        np.add.at(self.weight.grad, self.idx, grad_output)


class Linear(Module):
    """y = x W^T + b, weight is (out, in) as in torch"""

    def __init__(self, weight, bias):
        self.weight = Parameter(weight)
        self.bias = Parameter(bias)

    def forward(self, x):
        self.x = x
        return x @ self.weight.data.T + self.bias.data

    def backward(self, grad_output):
        x2 = self.x.reshape(-1, self.x.shape[-1])
        g2 = grad_output.reshape(-1, grad_output.shape[-1])
        self.weight.grad += g2.T @ x2
        self.bias.grad += g2.sum(0)
        return grad_output @ self.weight.data


class LSTM(Module):
    """batch_first, gates in torch's order: i, f, g, o"""

    def __init__(self, weight_ih, weight_hh, bias_ih, bias_hh):
        self.weight_ih = Parameter(weight_ih)
        self.weight_hh = Parameter(weight_hh)
        self.bias_ih = Parameter(bias_ih)
        self.bias_hh = Parameter(bias_hh)

    def forward(self, x, state):
        h, c = state
        self.saved = []
        outputs = []
        for t in range(x.shape[1]):
            gates = x[:, t] @ self.weight_ih.data.T + self.bias_ih.data \
                + h @ self.weight_hh.data.T + self.bias_hh.data
            i, f, g, o = np.split(gates, 4, axis=1)
            i = 1 / (1 + np.exp(-i))
            f = 1 / (1 + np.exp(-f))
            g = np.tanh(g)
            o = 1 / (1 + np.exp(-o))
            c_next = f * c + i * g
            tanh_c = np.tanh(c_next)
            self.saved.append((x[:, t], h, c, i, f, g, o, tanh_c))
            h, c = o * tanh_c, c_next
            outputs.append(h)
        return np.stack(outputs, axis=1), (h, c)

    def backward(self, grad_output, grad_state):
        dh, dc = grad_state
        grad_x = []
        for t in reversed(range(len(self.saved))):
            x, h, c, i, f, g, o, tanh_c = self.saved[t]
            dh = dh + grad_output[:, t]
            do = dh * tanh_c
            dc = dc + dh * o * (1 - tanh_c ** 2)
            di, df, dg = dc * g, dc * c, dc * i
            dgates = np.concatenate([di * i * (1 - i), df * f * (1 - f), dg * (1 - g ** 2), do * o * (1 - o)], axis=1)
            self.weight_ih.grad += dgates.T @ x
            self.weight_hh.grad += dgates.T @ h
            self.bias_ih.grad += dgates.sum(0)
            self.bias_hh.grad += dgates.sum(0)
            grad_x.append(dgates @ self.weight_ih.data)
            dh = dgates @ self.weight_hh.data
            dc = dc * f
        return np.stack(grad_x[::-1], axis=1), (dh, dc)


class CrossEntropyLoss(Module):
    def __init__(self, ignore_index):
        self.ignore_index = ignore_index

    def forward(self, logits, target):
        z = logits - logits.max(-1, keepdims=True)
        self.prob = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
        self.target = target
        self.keep = target != self.ignore_index
        picked = np.take_along_axis(self.prob, target[..., None], -1)[..., 0]
        return -np.log(picked)[self.keep].sum() / self.keep.sum()

    def backward(self):
        onehot = np.eye(self.prob.shape[-1])[self.target]
        return (self.prob - onehot) * self.keep[..., None] / self.keep.sum()


class Seq2Seq(Module):
    def __init__(self, emb, encoder, decoder, w_out, b_out, temperature):
        self.emb_src = Embedding(emb)
        self.emb_tgt = Embedding(emb)        # shared table, two lookups
        self.encoder = LSTM(*encoder)
        self.decoder = LSTM(*decoder)
        self.out = Linear(w_out, b_out)
        self.temperature = temperature
        self.criterion = CrossEntropyLoss(ignore_index=0)

    def forward(self, src, tgt_in, tgt_out):
        zeros = np.zeros((src.shape[0], self.encoder.weight_hh.data.shape[1]))
        _, state = self.encoder(self.emb_src(src), (zeros, zeros))
        hidden, _ = self.decoder(self.emb_tgt(tgt_in), state)
        logits = self.out(hidden) / self.temperature
        return self.criterion(logits, tgt_out)

    def backward(self):
        grad = self.out.backward(self.criterion.backward() / self.temperature)
        zeros = np.zeros_like(grad[:, 0])
        grad_emb, grad_state = self.decoder.backward(grad, (zeros, zeros))
        self.emb_tgt.backward(grad_emb)
        batch, steps = self.emb_src.idx.shape
        no_grad = np.zeros((batch, steps, zeros.shape[1]))   # the loss does not see the encoder's outputs
        grad_emb, _ = self.encoder.backward(no_grad, grad_state)
        self.emb_src.backward(grad_emb)


def inputs():
    r = np.random.RandomState(90)
    V, D, H = 5, 3, 3
    lstm = lambda: [r.randn(4 * H, D) * .7, r.randn(4 * H, H) * .7, r.randn(4 * H) * .3, r.randn(4 * H) * .3]
    return dict(emb=r.randn(V, D), enc=lstm(), dec=lstm(), w_out=r.randn(V, H), b_out=r.randn(V) * .3, temperature=.7,
                src=np.array([[1, 2, 3, 3], [4, 1, 2, 0]]), tgt_in=np.array([[1, 3, 2], [1, 4, 4]]),
                tgt_out=np.array([[3, 2, 4], [4, 2, 0]]))


def _model(module, a):
    m = module.Seq2Seq(a['emb'], a['enc'], a['dec'], a['w_out'], a['b_out'], a['temperature'])
    return m, m(a['src'], a['tgt_in'], a['tgt_out'])


def loss_of(module, args):
    return _model(module, args)[1]


def gradients_of(module, args):
    m, loss = _model(module, args)
    m.zero_grad()
    m.backward()
    out = {'demb': m.emb_src.weight.grad + m.emb_tgt.weight.grad,
           'dw_out': m.out.weight.grad, 'db_out': m.out.bias.grad}
    for short, part in (('enc', m.encoder), ('dec', m.decoder)):
        out['d%s_wih' % short] = part.weight_ih.grad
        out['d%s_whh' % short] = part.weight_hh.grad
        out['d%s_bih' % short] = part.bias_ih.grad
        out['d%s_bhh' % short] = part.bias_hh.grad
    return out


PATHS = {
    "emb": ["emb"],
    "w_out": ["w_out"],
    "b_out": ["b_out"],
    "enc_wih": ["enc", 0],
    "enc_whh": ["enc", 1],
    "enc_bih": ["enc", 2],
    "enc_bhh": ["enc", 3],
    "dec_wih": ["dec", 0],
    "dec_whh": ["dec", 1],
    "dec_bih": ["dec", 2],
    "dec_bhh": ["dec", 3],
}
