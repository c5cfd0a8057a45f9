# -*- coding: utf-8 -*-
# 循环神经网络（截断反向传播），纯 numpy 实现
# 序列切成若干段，每段的初始状态是常数（不传梯度）
import numpy as np


class XunhuanWangluo(object):
    def __init__(self, quanzhong, xielv=0.1, lam=0.01):
        self.qz = quanzhong          # 权重字典: Wx, Wh, bh, Wy, by
        self.xielv = xielv           # leaky relu 的负半轴斜率
        self.lam = lam               # 正则系数

    def jihuo(self, a):
        return np.where(a > 0, a, self.xielv * a)

    def jihuo_daoshu(self, a):
        return np.where(a > 0, 1.0, self.xielv)

    def qianxiang(self, duan, h0):
        """前向传播一段, duan: (T, N, D)"""
        T = duan.shape[0]
        zhuangtai = [h0]             # 隐藏状态
        jinghuo = []                 # 激活前的值
        shuchu = []
        for t in range(T):
            a = np.dot(duan[t], self.qz['Wx']) + np.dot(zhuangtai[t], self.qz['Wh']) + self.qz['bh']
            jinghuo.append(a)
            zhuangtai.append(self.jihuo(a))
            shuchu.append(np.dot(zhuangtai[t + 1], self.qz['Wy']) + self.qz['by'])
        return zhuangtai, jinghuo, shuchu

    def sunshi(self, shuchu, biaoqian, yanma):
        """带掩码的交叉熵，除以有效步数由外面做"""
        zong = 0.0
        gailv = []
        for y, b, m in zip(shuchu, biaoqian, yanma):
            e = np.exp(y - y.max(axis=1, keepdims=True))
            p = e / e.sum(axis=1, keepdims=True)
            gailv.append(p)
            zong -= np.sum(m * np.log(p[range(len(b)), b]))
        return zong, gailv

    def fanxiang(self, duan, biaoqian, yanma, zhuangtai, jinghuo, gailv, youxiao, tidu):
        """反向传播一段，梯度累加到 tidu"""
        T = duan.shape[0]
        dh_xia = np.zeros_like(zhuangtai[0])      # 下一时刻传回来的梯度
        for t in range(T - 1, -1, -1):
            dy = gailv[t].copy()
            dy[range(len(biaoqian[t])), biaoqian[t]] -= 1
            dy = dy * yanma[t][:, None] / youxiao
            tidu['Wy'] += np.dot(zhuangtai[t + 1].T, dy)
            tidu['by'] += dy.sum(axis=0)
            dh = np.dot(dy, self.qz['Wy'].T) + dh_xia
            da = dh * self.jihuo_daoshu(jinghuo[t])
            tidu['Wx'] += np.dot(duan[t].T, da)
            tidu['Wh'] += np.dot(zhuangtai[t].T, da)
            tidu['bh'] += da.sum(axis=0)
            dh_xia = np.dot(da, self.qz['Wh'].T)

    def xunlian(self, X, Y, M, kaishi, duanchang):
        """一次完整的损失和梯度; kaishi[k] 是第 k 段的初始状态（上一轮存下来的）"""
        tidu = {}
        for ming in self.qz:
            tidu[ming] = np.zeros_like(self.qz[ming])
        youxiao = M.sum()            # 有效步数
        zong = 0.0
        for k, s in enumerate(range(0, X.shape[0], duanchang)):
            duan, biaoqian, yanma = X[s:s + duanchang], Y[s:s + duanchang], M[s:s + duanchang]
            zhuangtai, jinghuo, shuchu = self.qianxiang(duan, kaishi[k])
            l, gailv = self.sunshi(shuchu, biaoqian, yanma)
            zong += l
            self.fanxiang(duan, biaoqian, yanma, zhuangtai, jinghuo, gailv, youxiao, tidu)
        sunshi = zong / youxiao
        # L2 正则，只加在矩阵上
        for ming in ['Wx', 'Wh', 'Wy']:
            sunshi += 0.5 * self.lam * np.sum(self.qz[ming] ** 2)
        for ming in ['Wx', 'Wh', 'Wy']:
            tidu[ming] += self.lam * self.qz[ming]
        return sunshi, tidu


def inputs():
    r = np.random.RandomState(22)
    T, N, D, H, K = 5, 3, 3, 4, 3
    q = dict(Wx=r.randn(D, H) * .8, Wh=r.randn(H, H) * .6, bh=r.randn(H) * .3, Wy=r.randn(H, K), by=r.randn(K) * .3)
    M = np.array([[1, 1, 1], [1, 1, 1], [1, 0, 1], [1, 0, 1], [1, 0, 0]], float)
    return dict(q=q, X=r.randn(T, N, D), Y=r.randint(0, K, (T, N)), M=M, kaishi=[r.randn(N, H) * .5, r.randn(N, H) * .5])


def _run(module, a):
    return module.XunhuanWangluo(a['q']).xunlian(a['X'], a['Y'], a['M'], a['kaishi'], 3)


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    return {'d' + k: v for k, v in _run(module, args)[1].items()}


PATHS = {
    "Wx": ["q", "Wx"],
    "Wh": ["q", "Wh"],
    "bh": ["q", "bh"],
    "Wy": ["q", "Wy"],
    "by": ["q", "by"],
}
