# 情感分类: GRU 读完整句话, 最后一个隐藏状态接一个 sigmoid
# juzi: (shuliang, changdu, weidu), biaoqian: (shuliang,) 取 0 或 1
import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def qian_xiang(juzi, h0, canshu):
    shuliang, changdu, weidu = juzi.shape
    yincang = np.zeros((shuliang, changdu + 1, h0.shape[1]))
    yincang[:, 0] = h0
    jilu = []                                    # 每一步的中间结果
    for i in range(changdu):
        xi = juzi[:, i]
        shang = yincang[:, i]
        gengxin = sigmoid(xi @ canshu['Wz'] + shang @ canshu['Uz'] + canshu['bz'])       # 更新门
        chongzhi = sigmoid(xi @ canshu['Wr'] + shang @ canshu['Ur'] + canshu['br'])      # 重置门
        houxuan = np.tanh(xi @ canshu['Wn'] + (chongzhi * shang) @ canshu['Un'] + canshu['bn'])  # 候选状态
        yincang[:, i + 1] = (1 - gengxin) * houxuan + gengxin * shang
        jilu.append((xi, shang, gengxin, chongzhi, houxuan))
    defen = yincang[:, changdu] @ canshu['wo'] + canshu['bo']
    gailv = sigmoid(defen)
    return gailv, yincang, jilu


def sun_shi(gailv, biaoqian):
    return -np.mean(biaoqian * np.log(gailv) + (1 - biaoqian) * np.log(1 - gailv))


def fan_xiang(gailv, biaoqian, yincang, jilu, canshu):
    tidu = {}
    for k in canshu:
        tidu[k] = np.zeros_like(canshu[k])
    shuliang = len(biaoqian)
    ddefen = (gailv - biaoqian) / shuliang
    tidu['wo'] = yincang[:, -1].T @ ddefen
    tidu['bo'] = np.array([ddefen.sum()])
    dh = np.outer(ddefen, canshu['wo'])
    for i in reversed(range(len(jilu))):
        xi, shang, gengxin, chongzhi, houxuan = jilu[i]
        dgengxin = dh * (shang - houxuan)
        dhouxuan = dh * (1 - gengxin)
        dshang = dh * gengxin
        # 候选状态
        dn = dhouxuan * (1 - houxuan ** 2)
        tidu['Wn'] += xi.T @ dn
        tidu['Un'] += (chongzhi * shang).T @ dn
        tidu['bn'] += dn.sum(axis=0)
        dcs = dn @ canshu['Un'].T
        dchongzhi = dcs * shang
        dshang += dcs * chongzhi
        # 重置门
        dr = dchongzhi * chongzhi * (1 - chongzhi)
        tidu['Wr'] += xi.T @ dr
        tidu['Ur'] += shang.T @ dr
        tidu['br'] += dr.sum(axis=0)
        dshang += dr @ canshu['Ur'].T
        # 更新门
        dz = dgengxin * gengxin * (1 - gengxin)
        tidu['Wz'] += xi.T @ dz
        tidu['Uz'] += shang.T @ dz
        tidu['bz'] += dz.sum(axis=0)
        dshang += dz @ canshu['Uz'].T
        dh = dshang
    return tidu


def yi_ci(juzi, biaoqian, h0, canshu):
    gailv, yincang, jilu = qian_xiang(juzi, h0, canshu)
    return sun_shi(gailv, biaoqian), fan_xiang(gailv, biaoqian, yincang, jilu, canshu)


def inputs():
    r = np.random.RandomState(14)
    N, T, D, H = 4, 4, 3, 4
    canshu = {}
    for g in 'zrn':
        canshu['W' + g] = r.randn(D, H) * .8
        canshu['U' + g] = r.randn(H, H) * .7
        canshu['b' + g] = r.randn(H) * .3
    canshu['wo'] = r.randn(H)
    canshu['bo'] = r.randn(1) * .2
    return dict(juzi=r.randn(N, T, D), biaoqian=np.array([1., 0., 0., 1.]), h0=r.randn(N, H) * .6, canshu=canshu)


def _run(module, a):
    return module.yi_ci(a['juzi'], a['biaoqian'], a['h0'], a['canshu'])


def loss_of(module, args):
    return _run(module, args)[0]


def gradients_of(module, args):
    return {'d' + k: v for k, v in _run(module, args)[1].items()}


PATHS = {
    "Wz": ["canshu", "Wz"],
    "Uz": ["canshu", "Uz"],
    "bz": ["canshu", "bz"],
    "Wr": ["canshu", "Wr"],
    "Ur": ["canshu", "Ur"],
    "br": ["canshu", "br"],
    "Wn": ["canshu", "Wn"],
    "Un": ["canshu", "Un"],
    "bn": ["canshu", "bn"],
    "wo": ["canshu", "wo"],
    "bo": ["canshu", "bo"],
}
