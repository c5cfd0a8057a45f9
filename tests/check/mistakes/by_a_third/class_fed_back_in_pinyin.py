# Jordan wangluo: shangyibu de shuchu fanhui yincang ceng
import numpy as np


class JordanWang:

    def __init__(self, quan):
        self.quan = quan      # quanzhong: W, U, F, b, V, c

    def qian(self, shuru):
        """shuru: (n, m, T); fanhui gailv (k, m, T)"""
        q = self.quan
        n, m, T = shuru.shape
        self.yin = [np.zeros((q['U'].shape[0], m))]
        self.chu = [np.zeros((q['V'].shape[0], m))]
        for t in range(T):
            jing = q['W'] @ shuru[:, :, t] + q['U'] @ self.yin[-1] + q['F'] @ self.chu[-1] + q['b']
            self.yin.append(np.tanh(jing))
            self.chu.append(1 / (1 + np.exp(-(q['V'] @ self.yin[-1] + q['c']))))
        return np.stack(self.chu[1:], axis=2)

    def sunshi(self, gailv, biao):
        m, T = biao.shape[1:]
        jiaocha = -(biao * np.log(gailv) + (1 - biao) * np.log(1 - gailv))
        return jiaocha.sum() / (m * T)

    def fan(self, shuru, biao):
        q = self.quan
        n, m, T = shuru.shape
        tidu = {k: np.zeros_like(v) for k, v in q.items()}
        dshuru = np.zeros_like(shuru)
        dyin = np.zeros_like(self.yin[0])
        dchu = np.zeros_like(self.chu[0])
        for t in range(T, 0, -1):
            y, h = self.chu[t], self.yin[t]
            ds = (y - biao[:, :, t - 1]) / (m * T)     # sunshi
            ds = ds + dchu * y * (1 - y)               # huilu
            tidu['V'] += ds @ h.T
            tidu['c'] += ds.sum(axis=1, keepdims=True)
            dh = q['V'].T @ ds + dyin
            djing = dh * (1 - h ** 2)
            tidu['W'] += djing @ shuru[:, :, t - 1].T
            tidu['U'] += djing @ self.yin[t - 1].T
            tidu['F'] += djing @ self.chu[t - 1].T
            tidu['b'] += djing.sum(axis=1, keepdims=True)
            dshuru[:, :, t - 1] = q['W'].T @ djing
            dyin = q['U'].T @ djing
            dchu = q['F'].T @ djing
        return tidu, dshuru


def inputs():
    r = np.random.RandomState(1616)
    n, m, T, H, k = 3, 2, 5, 4, 6
    quan = dict(W=r.randn(H, n) * .7, U=r.randn(H, H) * .6, F=r.randn(H, k) * .7, b=r.randn(H, 1) * .3, V=r.randn(k, H) * .9, c=r.randn(k, 1) * .3)
    return dict(shuru=r.randn(n, m, T), biao=(r.rand(k, m, T) > .5).astype(float), quan=quan)


def loss_of(module, args):
    w = module.JordanWang(args['quan'])
    return w.sunshi(w.qian(args['shuru']), args['biao'])


def gradients_of(module, args):
    w = module.JordanWang(args['quan'])
    w.qian(args['shuru'])
    tidu, dshuru = w.fan(args['shuru'], args['biao'])
    out = {'d' + k: v for k, v in tidu.items()}
    out['dshuru'] = dshuru
    return out


PATHS = {
    "W": ["quan", "W"],
    "U": ["quan", "U"],
    "F": ["quan", "F"],
    "b": ["quan", "b"],
    "V": ["quan", "V"],
    "c": ["quan", "c"],
    "shuru": ["shuru"],
}
