# -*- coding: utf-8 -*-
# GRU shou xie fan xiang chuan bo (batch zai zui hou yi wei)
import numpy as np


def jihuo(x):
    return 1 / (1 + np.exp(-x))


def qianxiang(shuru, biaoqian, quanzhong):
    """shuru: (T, n_x, m), biaoqian: (T, m) zhengshu"""
    T, _, m = shuru.shape
    W, U, b = quanzhong['W'], quanzhong['U'], quanzhong['b']
    h = quanzhong['h0']
    huancun = []
    sunshi = 0.0
    for t in range(T):
        men = {}
        h_jiu = h
        for k in 'zr':
            men[k] = jihuo(np.dot(W[k], shuru[t]) + np.dot(U[k], h_jiu) + b[k])
        men['h'] = np.tanh(np.dot(W['h'], shuru[t]) + np.dot(U['h'], men['r'] * h_jiu) + b['h'])
        h = (1 - men['z']) * h_jiu + men['z'] * men['h']
        defen = np.dot(quanzhong['Wy'], h) + quanzhong['by']
        defen = defen - np.max(defen, axis=0, keepdims=True)
        gailv = np.exp(defen) / np.sum(np.exp(defen), axis=0, keepdims=True)
        sunshi -= np.sum(np.log(gailv[biaoqian[t], np.arange(m)])) / m
        huancun.append((men, h_jiu, h, gailv))
    return sunshi, huancun


def fanxiang(shuru, biaoqian, quanzhong, huancun):
    T, _, m = shuru.shape
    W, U = quanzhong['W'], quanzhong['U']
    tidu = {'W': {}, 'U': {}, 'b': {}}
    for k in 'zrh':
        tidu['W'][k] = np.zeros(W[k].shape)
        tidu['U'][k] = np.zeros(U[k].shape)
        tidu['b'][k] = np.zeros(quanzhong['b'][k].shape)
    tidu['Wy'] = np.zeros(quanzhong['Wy'].shape)
    tidu['by'] = np.zeros(quanzhong['by'].shape)
    dh_xia = 0
    for t in range(T - 1, -1, -1):
        men, h_jiu, h, gailv = huancun[t]
        ddefen = gailv.copy()
        ddefen[biaoqian[t], np.arange(m)] -= 1
        ddefen /= m
        tidu['Wy'] += np.dot(ddefen, h.T)
        tidu['by'] += np.sum(ddefen, axis=1, keepdims=True)
        dh = np.dot(quanzhong['Wy'].T, ddefen) + dh_xia

        d = {}
        d['z'] = dh * (men['h'] - h_jiu) * men['z'] * (1 - men['z'])
        d['h'] = dh * men['z'] * (1 - men['h'] ** 2)
        drh = np.dot(U['h'].T, d['h'])
        d['r'] = drh * h_jiu * men['r'] * (1 - men['r'])

        for k in 'zrh':
            tidu['W'][k] += np.dot(d[k], shuru[t].T)
            tidu['b'][k] += np.sum(d[k], axis=1, keepdims=True)
        tidu['U']['z'] += np.dot(d['z'], h_jiu.T)
        tidu['U']['r'] += np.dot(d['r'], h_jiu.T)
        tidu['U']['h'] += np.dot(d['h'], (men['r'] * h_jiu).T)

        dh_xia = dh * (1 - men['z'])
        dh_xia = dh_xia + drh * men['r']
        dh_xia = dh_xia + np.dot(U['z'].T, d['z']) + np.dot(U['r'].T, d['r'])
    tidu['h0'] = dh_xia
    return tidu


# -- what it is called with --------------------------------------------------------------------------------------


def inputs():
    r = np.random.RandomState(505)
    T, nx, na, m, ny = 4, 3, 5, 2, 6
    q = dict(W={k: r.randn(na, nx) * .7 for k in "zrh"}, U={k: r.randn(na, na) * .6 for k in "zrh"},
             b={k: r.randn(na, 1) * .4 for k in "zrh"}, Wy=r.randn(ny, na), by=r.randn(ny, 1), h0=r.randn(na, m) * .7)
    return dict(shuru=r.randn(T, nx, m), biaoqian=r.randint(0, ny, (T, m)), quanzhong=q)


def loss_of(module, a):
    return module.qianxiang(a["shuru"], a["biaoqian"], a["quanzhong"])[0]


def gradients_of(module, a):
    _, hc = module.qianxiang(a["shuru"], a["biaoqian"], a["quanzhong"])
    g = module.fanxiang(a["shuru"], a["biaoqian"], a["quanzhong"], hc)
    out = {"d" + p + k: g[p][k] for p in "WUb" for k in "zrh"}
    for k in ("Wy", "by", "h0"):
        out["d" + k] = g[k]
    return out

PATHS = {
    "Wz": ["quanzhong", "W", "z"],
    "Wr": ["quanzhong", "W", "r"],
    "Wh": ["quanzhong", "W", "h"],
    "Uz": ["quanzhong", "U", "z"],
    "Ur": ["quanzhong", "U", "r"],
    "Uh": ["quanzhong", "U", "h"],
    "bz": ["quanzhong", "b", "z"],
    "br": ["quanzhong", "b", "r"],
    "bh": ["quanzhong", "b", "h"],
    "Wy": ["quanzhong", "Wy"],
    "by": ["quanzhong", "by"],
    "h0": ["quanzhong", "h0"],
}
