"""Self-attention over one sequence with a residual path, a step at a time through the softmax."""

import numpy as np


def softmax(v):
    e = np.exp(v - np.max(v))
    return e / np.sum(e)


def forward(X, Wq, Wk, Wv, W1, b1, W2):
    T, d = X.shape
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    S = Q @ K.T / np.sqrt(d)
    A = np.stack([softmax(S[t]) for t in range(T)])
    C = A @ V
    R = X + C
    H = np.maximum(R @ W1 + b1, 0)
    out = R + H @ W2
    return {"out": out}, (X, Wq, Wk, Wv, W1, W2, Q, K, V, A, C, R, H)


def backward(upstream, cache):
    X, Wq, Wk, Wv, W1, W2, Q, K, V, A, C, R, H = cache
    T, d = X.shape
    dout = upstream["out"]
    dW2 = H.T @ dout
    dH = dout @ W2.T
    dZ = dH * (H > 0)
    dW1 = R.T @ dZ
    db1 = dZ.sum(axis=0)
    dR = dout + dZ @ W1.T
    dC = dR
    dA = dC @ V.T
    dV = A.T @ dC
    dS = np.zeros_like(A)
    for t in range(T):
        a = A[t]
        J = np.diag(a) - np.outer(a, a)
        dS[t] = J @ dA[t]
    dS = dS / np.sqrt(d)
    dQ = dS @ K
    dK = dS.T @ Q
    dWq, dWk, dWv = X.T @ dQ, X.T @ dK, X.T @ dV
    dX = dR + dQ @ Wq.T + dK @ Wk.T + dV @ Wv.T
    return {"dX": dX, "dWq": dWq, "dWk": dWk, "dWv": dWv, "dW1": dW1, "db1": db1, "dW2": dW2}


INPUTS = {"X": (5, 4), "Wq": (4, 4), "Wk": (4, 4), "Wv": (4, 4), "W1": (4, 6), "b1": (6,), "W2": (6, 4)}
