"""Simple LSTM with nodes (one node = one time step), one sequence, vectors only; peepholes after Gers"""
import numpy as np


def sigmoid(x):
    return 1. / (1 + np.exp(-x))


class LstmParam:
    def __init__(self, w):
        # wg, wi, wf, wo: (mem, x+mem); bg.. : (mem,); pi, pf, po peepholes (mem,)
        for k, v in w.items():
            setattr(self, k, v)
            setattr(self, k + '_diff', np.zeros_like(v))
        self.mem_cell_ct = w['bg'].shape[0]


class LstmNode:
    def __init__(self, param):
        self.param = param

    def bottom_data_is(self, x, s_prev, h_prev):
        p = self.param
        self.x_dim = len(x)
        self.s_prev = s_prev
        self.xc = np.hstack((x, h_prev))
        self.g = np.tanh(np.dot(p.wg, self.xc) + p.bg)
        self.i = sigmoid(np.dot(p.wi, self.xc) + p.pi * s_prev + p.bi)
        self.f = sigmoid(np.dot(p.wf, self.xc) + p.pf * s_prev + p.bf)
        self.s = self.g * self.i + s_prev * self.f
        self.o = sigmoid(np.dot(p.wo, self.xc) + p.po * self.s + p.bo)
        self.h = np.tanh(self.s) * self.o

    def top_diff_is(self, top_diff_h, top_diff_s):
        p = self.param
        do = np.tanh(self.s) * top_diff_h
        do_input = self.o * (1. - self.o) * do
        # the output gate looks at the new cell state
        ds = self.o * top_diff_h * (1 - np.tanh(self.s) ** 2) + top_diff_s + p.po * do_input
        di = self.g * ds
        dg = self.i * ds
        df = self.s_prev * ds
        di_input = self.i * (1. - self.i) * di
        df_input = self.f * (1. - self.f) * df
        dg_input = (1. - self.g ** 2) * dg

        p.wi_diff += np.outer(di_input, self.xc)
        p.wf_diff += np.outer(df_input, self.xc)
        p.wo_diff += np.outer(do_input, self.xc)
        p.wg_diff += np.outer(dg_input, self.xc)
        p.bi_diff += di_input
        p.bf_diff += df_input
        p.bo_diff += do_input
        p.bg_diff += dg_input
        p.pi_diff += di_input * self.s_prev
        p.pf_diff += df_input * self.s_prev
        p.po_diff += do_input * self.s

        dxc = np.zeros_like(self.xc)
        dxc += np.dot(p.wi.T, di_input)
        dxc += np.dot(p.wf.T, df_input)
        dxc += np.dot(p.wo.T, do_input)
        dxc += np.dot(p.wg.T, dg_input)
        self.bottom_diff_s = ds * self.f + p.pi * di_input + p.pf * df_input
        self.bottom_diff_h = dxc[self.x_dim:]
        self.bottom_diff_x = dxc[:self.x_dim]


class LstmNetwork:
    def __init__(self, param):
        self.param = param
        self.nodes = []

    def add_input(self, x):
        zero = np.zeros(self.param.mem_cell_ct)
        node = LstmNode(self.param)
        last = self.nodes[-1] if self.nodes else None
        node.bottom_data_is(x, last.s if last else zero, last.h if last else zero)
        self.nodes.append(node)

    def loss(self, y_list):
        """squared distance of the first memory cell's output to the label, at every step"""
        return sum((node.h[0] - y) ** 2 for node, y in zip(self.nodes, y_list))

    def backward(self, y_list):
        idx = len(self.nodes) - 1
        diff_s = np.zeros(self.param.mem_cell_ct)
        diff_h = np.zeros(self.param.mem_cell_ct)
        while idx >= 0:
            top = diff_h.copy()
            top[0] += 2 * (self.nodes[idx].h[0] - y_list[idx])
            self.nodes[idx].top_diff_is(top, diff_s)
            diff_h = self.nodes[idx].bottom_diff_h
            diff_s = self.nodes[idx].bottom_diff_s
            idx -= 1
        return [node.bottom_diff_x for node in self.nodes]


def inputs():
    r = np.random.RandomState(111)
    D, H, T = 3, 4, 5
    w = {}
    for g in 'gifo':
        w['w' + g] = r.randn(H, D + H) * .7
        w['b' + g] = r.randn(H) * .3
        if g != 'g':
            w['p' + g] = r.randn(H) * .8
    return dict(w=w, xs=r.randn(T, D), ys=[.5, -.2, .1, -.6, .4])


def _net(m, a):
    n = m.LstmNetwork(m.LstmParam(a['w']))
    for x in a['xs']:
        n.add_input(x)
    return n


def loss_of(module, args):
    return _net(module, args).loss(args['ys'])


def gradients_of(module, args):
    n = _net(module, args)
    dx = np.array(n.backward(args['ys']))
    out = {'d' + k: getattr(n.param, k + '_diff') for k in args['w']}
    out['dxs'] = dx
    return out


PATHS = {
    "wg": ["w", "wg"],
    "bg": ["w", "bg"],
    "wi": ["w", "wi"],
    "bi": ["w", "bi"],
    "pi": ["w", "pi"],
    "wf": ["w", "wf"],
    "bf": ["w", "bf"],
    "pf": ["w", "pf"],
    "wo": ["w", "wo"],
    "bo": ["w", "bo"],
    "po": ["w", "po"],
    "xs": ["xs"],
}
