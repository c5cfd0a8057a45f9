# -*- coding: utf-8 -*-
# 作业四: seq2seq 翻译模型（编码器-解码器），numpy 手写反向传播
# 编码器和解码器共用词向量, 输出层也用词向量的转置 (weight tying)
import numpy as np


def chushihua(canshu):
    return dict((ming, np.zeros_like(zhi)) for ming, zhi in canshu.items())


def qianxiang(canshu, yuanju, mubiao):
    """yuanju: (批, 源长) 整数; mubiao: (批, 目标长) 整数, 第一个是开始符"""
    cixl = canshu['cixl']                       # 词向量 (词数, 维)
    pi, yuanchang = yuanju.shape
    bianma = [np.zeros((pi, canshu['W_bian'].shape[0]))]
    for t in range(yuanchang):
        z = cixl[yuanju[:, t]].dot(canshu['U_bian']) + bianma[-1].dot(canshu['W_bian']) + canshu['b_bian']
        bianma.append(np.tanh(z))
    yujing = bianma[-1]                         # 语境向量，每一步解码都要用
    jiema = [np.tanh(yujing.dot(canshu['W_qi']))]
    touying, gailv = [], []
    sunshi = 0.0
    for t in range(mubiao.shape[1] - 1):
        z = cixl[mubiao[:, t]].dot(canshu['U_jie']) + jiema[-1].dot(canshu['W_jie']) \
            + yujing.dot(canshu['C_jie']) + canshu['b_jie']
        jiema.append(np.tanh(z))
        touying.append(jiema[-1].dot(canshu['P']))
        fenshu = touying[-1].dot(cixl.T)
        fenshu = fenshu - fenshu.max(axis=1, keepdims=True)
        p = np.exp(fenshu) / np.exp(fenshu).sum(axis=1, keepdims=True)
        gailv.append(p)
        sunshi += -np.log(p[np.arange(pi), mubiao[:, t + 1]]).sum()
    zongshu = pi * (mubiao.shape[1] - 1)
    return sunshi / zongshu, (bianma, jiema, touying, gailv, zongshu)


def houxiang(canshu, yuanju, mubiao, huancun):
    bianma, jiema, touying, gailv, zongshu = huancun
    cixl = canshu['cixl']
    pi = yuanju.shape[0]
    yujing = bianma[-1]
    tidu = chushihua(canshu)
    d_yujing = np.zeros_like(yujing)
    d_zt = np.zeros_like(jiema[0])              # 解码器状态的梯度
    for t in range(mubiao.shape[1] - 2, -1, -1):
        d_fen = gailv[t].copy()
        d_fen[np.arange(pi), mubiao[:, t + 1]] -= 1.0
        d_fen /= zongshu
        tidu['cixl'] += d_fen.T.dot(touying[t])
        d_tou = d_fen.dot(cixl)
        tidu['P'] += jiema[t + 1].T.dot(d_tou)
        d_zt = d_zt + d_tou.dot(canshu['P'].T)
        dz = d_zt * (1 - jiema[t + 1] ** 2)
        tidu['U_jie'] += cixl[mubiao[:, t]].T.dot(dz)
        tidu['W_jie'] += jiema[t].T.dot(dz)
        tidu['C_jie'] += yujing.T.dot(dz)
        tidu['b_jie'] += dz.sum(axis=0)
        np.add.at(tidu['cixl'], mubiao[:, t], dz.dot(canshu['U_jie'].T))
        d_yujing += dz.dot(canshu['C_jie'].T)
        d_zt = dz.dot(canshu['W_jie'].T)
    # 解码器的初始状态
    d_qi = d_zt * (1 - jiema[0] ** 2)
    tidu['W_qi'] += yujing.T.dot(d_qi)
    d_yujing += d_qi.dot(canshu['W_qi'].T)
    # 编码器
    d_bian = d_yujing
    for t in range(yuanju.shape[1] - 1, -1, -1):
        dz = d_bian * (1 - bianma[t + 1] ** 2)
        tidu['U_bian'] += cixl[yuanju[:, t]].T.dot(dz)
        tidu['W_bian'] += bianma[t].T.dot(dz)
        tidu['b_bian'] += dz.sum(axis=0)
        np.add.at(tidu['cixl'], yuanju[:, t], dz.dot(canshu['U_bian'].T))
        d_bian = dz.dot(canshu['W_bian'].T)
    return tidu


def inputs():
    r = np.random.RandomState(106)
    V, E, H = 6, 3, 4
    c = dict(cixl=r.randn(V, E) * .8, U_bian=r.randn(E, H) * .7, W_bian=r.randn(H, H) * .6, b_bian=r.randn(H) * .3,
             W_qi=r.randn(H, H) * .6, U_jie=r.randn(E, H) * .7, W_jie=r.randn(H, H) * .6, C_jie=r.randn(H, H) * .6,
             b_jie=r.randn(H) * .3, P=r.randn(H, E) * .8)
    return dict(c=c, yuan=np.array([[2, 4, 3, 2], [5, 5, 1, 3]]), mu=np.array([[0, 3, 2, 3, 1], [0, 5, 4, 4, 1]]))


def loss_of(module, args):
    return module.qianxiang(args['c'], args['yuan'], args['mu'])[0]


def gradients_of(module, args):
    _, h = module.qianxiang(args['c'], args['yuan'], args['mu'])
    return {'d' + k: v for k, v in module.houxiang(args['c'], args['yuan'], args['mu'], h).items()}


PATHS = {
    "cixl": ["c", "cixl"],
    "U_bian": ["c", "U_bian"],
    "W_bian": ["c", "W_bian"],
    "b_bian": ["c", "b_bian"],
    "W_qi": ["c", "W_qi"],
    "U_jie": ["c", "U_jie"],
    "W_jie": ["c", "W_jie"],
    "C_jie": ["c", "C_jie"],
    "b_jie": ["c", "b_jie"],
    "P": ["c", "P"],
}
