# spam or not: gru, max over time, two classes
import numpy as np
sg = lambda v: 1/(1+np.exp(-v))

def fwd(P, X, y):
    Wz,Uz,bz,Wr,Ur,br,Wn,Un,bn,V,c = P
    N,T,D = X.shape; H = Uz.shape[0]
    h = np.zeros((N,H)); C = []; hs = []
    for t in range(T):
        x = X[:,t]
        z = sg(x@Wz + h@Uz + bz)
        r = sg(x@Wr + h@Ur + br)
        n = np.tanh(x@Wn + (r*h)@Un + bn)
        hn = (1-z)*n + z*h
        C.append((x,h,z,r,n)); hs.append(hn); h = hn
    hs = np.stack(hs, 1)              # N,T,H
    am = hs.argmax(1)                 # N,H
    m = hs.max(1)
    s = m@V + c
    s = s - s.max(1, keepdims=True)
    lse = np.log(np.exp(s).sum(1, keepdims=True))
    L = -(s - lse)[np.arange(N), y].mean()
    return L, (C, am, m, np.exp(s-lse))

def bwd(P, X, y, cache):
    Wz,Uz,bz,Wr,Ur,br,Wn,Un,bn,V,c = P
    C, am, m, p = cache
    N,T,D = X.shape; H = Uz.shape[0]
    ds = (p - np.eye(2)[y]) / N
    gV = m.T@ds; gc = ds.sum(0)
    dm = ds@V.T
    dhs = np.zeros((N,T,H))
    for i in range(N):
        for j in range(H):
            dhs[i, am[i,j], j] = dm[i,j]
    gWz,gUz,gbz = np.zeros_like(Wz),np.zeros_like(Uz),np.zeros_like(bz)
    gWr,gUr,gbr = np.zeros_like(Wr),np.zeros_like(Ur),np.zeros_like(br)
    gWn,gUn,gbn = np.zeros_like(Wn),np.zeros_like(Un),np.zeros_like(bn)
    gX = np.zeros_like(X); dh = np.zeros((N,H))
    for t in range(T-1,-1,-1):
        x,h,z,r,n = C[t]
        dh = dh + dhs[:,t]
        dn = dh*(1-z)*(1-n*n)
        dz = dh*(h-n)*z*(1-z)
        drh = dn@Un.T
        dr = drh*h*r*(1-r)
        gWz += x.T@dz; gUz += h.T@dz; gbz += dz.sum(0)
        gWr += x.T@dr; gUr += h.T@dr; gbr += dr.sum(0)
        gWn += x.T@dn; gUn += (r*h).T@dn; gbn += dn.sum(0)
        gX[:,t] = dz@Wz.T + dr@Wr.T + dn@Wn.T
        dh = dh*z + drh*r + dz@Uz.T + dr@Ur.T
    return (gWz,gUz,gbz,gWr,gUr,gbr,gWn,gUn,gbn,gV,gc), gX


NAMES = ['Wz', 'Uz', 'bz', 'Wr', 'Ur', 'br', 'Wn', 'Un', 'bn', 'V', 'c']


def inputs():
    r = np.random.RandomState(113)
    N, T, D, H = 3, 5, 3, 4
    P = []
    for _ in range(3):
        P += [r.randn(D, H), r.randn(H, H) * .7, r.randn(H) * .4]
    return dict(P=P + [r.randn(H, 2), r.randn(2) * .3], X=r.randn(N, T, D), y=np.array([1, 0, 1]))


def loss_of(module, args):
    return module.fwd(args['P'], args['X'], args['y'])[0]


def gradients_of(module, args):
    _, c = module.fwd(args['P'], args['X'], args['y'])
    g, gX = module.bwd(args['P'], args['X'], args['y'], c)
    out = {'d' + k: v for k, v in zip(NAMES, g)}
    out['dX'] = gX
    return out


PATHS = {
    "Wz": ["P", 0],
    "Uz": ["P", 1],
    "bz": ["P", 2],
    "Wr": ["P", 3],
    "Ur": ["P", 4],
    "br": ["P", 5],
    "Wn": ["P", 6],
    "Un": ["P", 7],
    "bn": ["P", 8],
    "V": ["P", 9],
    "c": ["P", 10],
    "X": ["X"],
}
