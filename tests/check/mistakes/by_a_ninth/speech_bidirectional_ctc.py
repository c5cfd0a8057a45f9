"""Phoneme recogniser: bidirectional tanh RNN over frames and the CTC loss in plain probabilities."""
import numpy as np

BLANK = 0


def ctc(prob, labels):
    """prob (T, K); returns the loss and d loss / d logits."""
    ext = [BLANK]
    for l in labels:
        ext += [l, BLANK]
    T, S = len(prob), len(ext)
    skip = [s >= 2 and ext[s] != BLANK and ext[s] != ext[s - 2] for s in range(S)]
    alpha = np.zeros((T, S))
    beta = np.zeros((T, S))
    alpha[0, 0], alpha[0, 1] = prob[0, ext[0]], prob[0, ext[1]]
    for t in range(1, T):
        for s in range(S):
            a = alpha[t - 1, s]
            if s >= 1:
                a += alpha[t - 1, s - 1]
            if skip[s]:
                a += alpha[t - 1, s - 2]
            alpha[t, s] = a * prob[t, ext[s]]
    total = alpha[-1, -1] + alpha[-1, -2]
    beta[-1, -1] = beta[-1, -2] = 1.0
    for t in range(T - 2, -1, -1):
        for s in range(S):
            b = beta[t + 1, s] * prob[t + 1, ext[s]]
            if s + 1 < S:
                b += beta[t + 1, s + 1] * prob[t + 1, ext[s + 1]]
            if s + 2 < S and skip[s + 2]:
                b += beta[t + 1, s + 2] * prob[t + 1, ext[s + 2]]
            beta[t, s] = b
    occupancy = np.zeros_like(prob)
    for s in range(S):
        occupancy[:, ext[s]] += alpha[:, s] * beta[:, s] / total
    return -np.log(total), prob - occupancy


class Direction:
    def __init__(self, par):
        self.par = par

    def forward(self, x):
        self.x = x
        h = np.zeros(len(self.par["b"]))
        self.h = [h]
        for frame in x:
            h = np.tanh(self.par["W"] @ frame + self.par["R"] @ h + self.par["b"])
            self.h.append(h)
        return np.array(self.h[1:])

    def backward(self, dh_all):
        g = {k: np.zeros_like(v) for k, v in self.par.items()}
        dx = np.zeros_like(self.x)
        back = 0
        for t in reversed(range(len(self.x))):
            da = (dh_all[t] + back) * (1 - self.h[t + 1] ** 2)
            g["W"] += np.outer(da, self.x[t])
            g["R"] += np.outer(da, self.h[t])
            g["b"] += da
            dx[t] = self.par["W"].T @ da
            back = self.par["R"].T @ da
        return g, dx


def recognise(fw, bw, V, x, labels):
    left, right = Direction(fw), Direction(bw)
    hl = left.forward(x)
    hr = right.forward(x[::-1])[::-1]
    both = np.hstack([hl, hr])
    z = both @ V
    prob = np.exp(z - z.max(1, keepdims=True))
    prob /= prob.sum(1, keepdims=True)
    loss, dz = ctc(prob, labels)
    dV = both.T @ dz
    dboth = dz @ V.T
    n = hl.shape[1]
    gl, dxl = left.backward(dboth[:, :n])
    gr, dxr = right.backward(dboth[::-1, n:])
    return loss, dict(dWf=gl["W"], dRf=gl["R"], dbf=gl["b"], dWb=gr["W"], dRb=gr["R"], dbb=gr["b"],
                      dV=dV, dx=dxl + dxr[::-1])


def inputs():
    r = np.random.RandomState(121)
    one = lambda: dict(W=r.randn(3, 2), R=.6 * r.randn(3, 3), b=r.randn(3))
    return dict(fw=one(), bw=one(), V=r.randn(6, 5), x=r.randn(8, 2), labels=[2, 2, 4])


def loss_of(module, args):
    return float(module.recognise(**args)[0])


def gradients_of(module, args):
    return module.recognise(**args)[1]


PATHS = {"Wf": ["fw", "W"], "Rf": ["fw", "R"], "bf": ["fw", "b"], "Wb": ["bw", "W"], "Rb": ["bw", "R"],
         "bb": ["bw", "b"], "V": ["V"], "x": ["x"]}
