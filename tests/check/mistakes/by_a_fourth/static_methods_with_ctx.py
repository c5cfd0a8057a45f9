import numpy as np


class Context:
    def save(self, *values):
        self.saved = values


class GRUFunction:
    """like torch.autograd.Function; weights packed as in torch.nn.GRU (r, z, n), the reset gate acts after W_hh"""

    @staticmethod
    def forward(ctx, input, h0, w_ih, w_hh, b_ih, b_hh):
        h, outputs, gates = h0, [], []
        for x in input:
            gi_r, gi_z, gi_n = np.split(x @ w_ih.T + b_ih, 3, axis=1)
            gh_r, gh_z, gh_n = np.split(h @ w_hh.T + b_hh, 3, axis=1)
            r = 1 / (1 + np.exp(-gi_r - gh_r))
            z = 1 / (1 + np.exp(-gi_z - gh_z))
            n = np.tanh(gi_n + r * gh_n)
            gates.append((h, r, z, n, gh_n))
            h = (1 - z) * n + z * h
            outputs.append(h)
        ctx.save(input, w_ih, w_hh, gates)
        return np.stack(outputs), h

    @staticmethod
    def backward(ctx, grad_output, grad_hn):
        input, w_ih, w_hh, gates = ctx.saved
        grad_input = np.empty_like(input)
        grad_w_ih, grad_w_hh = np.zeros_like(w_ih), np.zeros_like(w_hh)
        grad_b_ih, grad_b_hh = np.zeros(len(w_ih)), np.zeros(len(w_hh))
        grad_h = grad_hn
        for t in reversed(range(len(input))):
            h_prev, r, z, n, gh_n = gates[t]
            grad_h = grad_h + grad_output[t]
            grad_n = grad_h * (1 - z) * (1 - n * n)
            grad_z = grad_h * (h_prev - n) * z * (1 - z)
            grad_r = grad_n * gh_n * r * (1 - r)
            grad_gi = np.concatenate([grad_r, grad_z, grad_n], axis=1)
            grad_gh = np.concatenate([grad_r, grad_z, grad_n * r], axis=1)
            grad_w_ih += grad_gi.T @ input[t]
            grad_w_hh += grad_gh.T @ h_prev
            grad_b_ih += grad_gi.sum(axis=0)
            grad_b_hh += grad_gh.sum(axis=0)
            grad_input[t] = grad_gi @ w_ih
            grad_h = grad_h * z + grad_gh @ w_hh
        return grad_input, grad_h, grad_w_ih, grad_w_hh, grad_b_ih, grad_b_hh


NAMES = ('input', 'h0', 'w_ih', 'w_hh', 'b_ih', 'b_hh')


def inputs():
    r = np.random.RandomState(85)
    T, N, D, H = 4, 3, 2, 3
    return dict(input=r.randn(T, N, D), h0=r.randn(N, H) * .7, w_ih=r.randn(3 * H, D) * .7, w_hh=r.randn(3 * H, H) * .7,
                b_ih=r.randn(3 * H) * .3, b_hh=r.randn(3 * H) * .4, R=r.randn(T, N, H), Q=r.randn(N, H))


def loss_of(module, args):
    out, hn = module.GRUFunction.forward(module.Context(), *[args[k] for k in NAMES])
    return np.sum(out * args['R']) + np.sum(hn * args['Q'])


def gradients_of(module, args):
    ctx = module.Context()
    module.GRUFunction.forward(ctx, *[args[k] for k in NAMES])
    return {'d' + k: g for k, g in zip(NAMES, module.GRUFunction.backward(ctx, args['R'], args['Q']))}


PATHS = {
    "input": ["input"],
    "h0": ["h0"],
    "w_ih": ["w_ih"],
    "w_hh": ["w_hh"],
    "b_ih": ["b_ih"],
    "b_hh": ["b_hh"],
}
