"""Hand-written BPTT in NumPy, to measure against: one in the course's style, one as fast as an expert writes it.

Every function takes x (n_x, m, T), y (n_y, m, T) one-hot, and the parameters by the notes' names, and gives the loss
J = Σ -y log ŷ and a dictionary of gradients. ŷ is the softmax of Wya a + by.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Result = tuple[float, dict[str, Array]]
Parameters = dict[str, Array]


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


# -- as in the course: a step a function, a cache of tuples, every gradient added up ------------


def course_lstm(x: Array, y: Array, p: Parameters) -> Result:
    """Gates one by one, on the stacked [a; x]."""
    n_a, T = p["bf"].shape[0], x.shape[2]
    a = c = np.zeros((n_a, x.shape[1]), x.dtype)
    caches, J = [], 0.0
    for t in range(T):
        stacked = np.concatenate([a, x[:, :, t]])
        f, u = sigmoid(p["Wf"] @ stacked + p["bf"]), sigmoid(p["Wu"] @ stacked + p["bu"])
        g, o = np.tanh(p["Wc"] @ stacked + p["bc"]), sigmoid(p["Wo"] @ stacked + p["bo"])
        c_prev, c = c, f * c + u * g
        a = o * np.tanh(c)
        y_hat = softmax(p["Wya"] @ a + p["by"])
        J -= np.sum(y[:, :, t] * np.log(y_hat))
        caches.append((stacked, f, u, g, o, c_prev, c, a, y_hat))
    d = {key: np.zeros_like(value) for key, value in p.items()}
    da_next = dc_next = np.zeros_like(a)
    for t in reversed(range(T)):
        stacked, f, u, g, o, c_prev, c, a, y_hat = caches[t]
        dz = y_hat - y[:, :, t]
        d["Wya"] += dz @ a.T
        d["by"] += dz.sum(axis=1, keepdims=True)
        da = p["Wya"].T @ dz + da_next
        tanh_c = np.tanh(c)
        dc = dc_next + da * o * (1 - tanh_c**2)
        gates = {"f": dc * c_prev * f * (1 - f), "u": dc * g * u * (1 - u), "c": dc * u * (1 - g**2),
                 "o": da * tanh_c * o * (1 - o)}  # fmt: skip
        dstacked = np.zeros_like(stacked)
        for gate, dgate in gates.items():
            d["W" + gate] += dgate @ stacked.T
            d["b" + gate] += dgate.sum(axis=1, keepdims=True)
            dstacked += p["W" + gate].T @ dgate
        da_next, dc_next = dstacked[:n_a], dc * f
    return float(J), d


def course_gru(x: Array, y: Array, p: Parameters) -> Result:
    """The full GRU, relevance gate before the candidate."""
    n_a, T = p["bu"].shape[0], x.shape[2]
    c = np.zeros((n_a, x.shape[1]), x.dtype)
    caches, J = [], 0.0
    for t in range(T):
        stacked = np.concatenate([c, x[:, :, t]])
        u, r = sigmoid(p["Wu"] @ stacked + p["bu"]), sigmoid(p["Wr"] @ stacked + p["br"])
        seen = np.concatenate([r * c, x[:, :, t]])
        g = np.tanh(p["Wc"] @ seen + p["bc"])
        c_prev, c = c, u * g + (1 - u) * c
        y_hat = softmax(p["Wya"] @ c + p["by"])
        J -= np.sum(y[:, :, t] * np.log(y_hat))
        caches.append((stacked, seen, u, r, g, c_prev, c, y_hat))
    d = {key: np.zeros_like(value) for key, value in p.items()}
    dc_next = np.zeros_like(c)
    for t in reversed(range(T)):
        stacked, seen, u, r, g, c_prev, c, y_hat = caches[t]
        dz = y_hat - y[:, :, t]
        d["Wya"] += dz @ c.T
        d["by"] += dz.sum(axis=1, keepdims=True)
        dc = p["Wya"].T @ dz + dc_next
        dg = dc * u * (1 - g**2)
        du = dc * (g - c_prev) * u * (1 - u)
        dseen = (p["Wc"].T @ dg)[:n_a]
        dr = dseen * c_prev * r * (1 - r)
        for gate, dgate, read in (("c", dg, seen), ("u", du, stacked), ("r", dr, stacked)):
            d["W" + gate] += dgate @ read.T
            d["b" + gate] += dgate.sum(axis=1, keepdims=True)
        dc_next = dc * (1 - u) + dseen * r + (p["Wu"].T @ du + p["Wr"].T @ dr)[:n_a]
    return float(J), d


def course_rnn(x: Array, y: Array, p: Parameters) -> Result:
    """tanh(Waa a + Wax x + ba)."""
    T = x.shape[2]
    a = np.zeros((p["ba"].shape[0], x.shape[1]), x.dtype)
    caches, J = [], 0.0
    for t in range(T):
        a_prev, a = a, np.tanh(p["Waa"] @ a + p["Wax"] @ x[:, :, t] + p["ba"])
        y_hat = softmax(p["Wya"] @ a + p["by"])
        J -= np.sum(y[:, :, t] * np.log(y_hat))
        caches.append((a_prev, a, y_hat))
    d = {key: np.zeros_like(value) for key, value in p.items()}
    da_next = np.zeros_like(a)
    for t in reversed(range(T)):
        a_prev, a, y_hat = caches[t]
        dz = y_hat - y[:, :, t]
        d["Wya"] += dz @ a.T
        d["by"] += dz.sum(axis=1, keepdims=True)
        dtanh = (p["Wya"].T @ dz + da_next) * (1 - a**2)
        d["Waa"] += dtanh @ a_prev.T
        d["Wax"] += dtanh @ x[:, :, t].T
        d["ba"] += dtanh.sum(axis=1, keepdims=True)
        da_next = p["Waa"].T @ dtanh
    return float(J), d


# -- as an expert writes it: rows are examples, every product that can wait waits for all steps ------


def _read_out(A: Array, y: Array, p: Parameters) -> tuple[float, dict[str, Array], Array]:
    """The output layer of all steps at once: loss, its gradients, and dA; A is (T, m, n_a)."""
    T, m, n_a = A.shape
    flat = A.reshape(T * m, n_a)
    Z = flat @ p["Wya"].T
    Z += p["by"].T
    Z -= Z.max(axis=1, keepdims=True)
    E = np.exp(Z)
    total = E.sum(axis=1, keepdims=True)
    Y = y.transpose(2, 1, 0).reshape(T * m, -1)
    Z -= np.log(total)
    J = -float(np.einsum("ij,ij->", Y, Z))
    E /= total
    E -= Y
    d = {"Wya": E.T @ flat, "by": E.sum(axis=0)[:, None]}
    return J, d, (E @ p["Wya"]).reshape(T, m, n_a)


def fast_lstm(x: Array, y: Array, p: Parameters) -> Result:
    """One GEMM a step and direction; σ(z) = ½ + ½ tanh(z/2), so one tanh over the four gates."""
    n, (n_x, m, T) = p["bf"].shape[0], x.shape
    half = np.repeat(np.array([0.5, 0.5, 0.5, 1.0], x.dtype), n)  # f, u, o, c
    W = np.concatenate([p["Wf"], p["Wu"], p["Wo"], p["Wc"]])
    scaled = (W * half[:, None]).T.copy()
    Wa, Wx = scaled[:n], scaled[n:]
    bias = np.concatenate([p["bf"], p["bu"], p["bo"], p["bc"]])[:, 0] * half
    X = x.transpose(2, 1, 0).reshape(T * m, n_x)
    G = (X @ Wx).reshape(T, m, 4 * n)
    G += bias
    A, C = np.zeros((T + 1, m, n), x.dtype), np.zeros((T + 1, m, n), x.dtype)
    H, recurrent, kept = np.empty((T, m, n), x.dtype), np.empty((m, 4 * n), x.dtype), np.empty((m, n), x.dtype)
    for t in range(T):
        g = G[t]
        np.matmul(A[t], Wa, out=recurrent)
        g += recurrent
        np.tanh(g, out=g)
        gates = g[:, : 3 * n]
        gates *= 0.5
        gates += 0.5
        np.multiply(g[:, :n], C[t], out=C[t + 1])
        np.multiply(g[:, n : 2 * n], g[:, 3 * n :], out=kept)
        C[t + 1] += kept
        np.tanh(C[t + 1], out=H[t])
        np.multiply(g[:, 2 * n : 3 * n], H[t], out=A[t + 1])
    J, d, dA = _read_out(A[1:], y, p)

    f, u, o, c = (G[:, :, k * n : (k + 1) * n] for k in range(4))
    L = np.empty_like(G)  # what multiplies dc (for o: da) in each gate, for all steps at once
    np.multiply(f, 1 - f, out=L[:, :, :n])
    L[:, :, :n] *= C[:-1]
    np.multiply(u, 1 - u, out=L[:, :, n : 2 * n])
    L[:, :, n : 2 * n] *= c
    np.multiply(o, 1 - o, out=L[:, :, 2 * n : 3 * n])
    L[:, :, 2 * n : 3 * n] *= H
    np.multiply(u, 1 - c * c, out=L[:, :, 3 * n :])
    H *= H
    np.subtract(1, H, out=H)
    H *= o
    back = W[:, :n].copy()
    dc, da = np.zeros((m, n), x.dtype), np.empty((m, n), x.dtype)
    for t in reversed(range(T)):
        g = L[t]
        da = dA[t]
        if t < T - 1:
            np.matmul(L[t + 1], back, out=kept)
            da += kept
        np.multiply(da, H[t], out=kept)
        dc += kept
        g[:, :n] *= dc
        g[:, n : 2 * n] *= dc
        g[:, 2 * n : 3 * n] *= da
        g[:, 3 * n :] *= dc
        dc *= f[t]
    flat = L.reshape(T * m, 4 * n)
    dW = np.concatenate([flat.T @ A[:-1].reshape(T * m, n), flat.T @ X], axis=1)
    db = flat.sum(axis=0)[:, None]
    for k, gate in enumerate("fuoc"):
        d["W" + gate], d["b" + gate] = dW[k * n : (k + 1) * n], db[k * n : (k + 1) * n]
    return J, d


def fast_gru(x: Array, y: Array, p: Parameters) -> Result:
    """Update and relevance gates in one GEMM, the candidate in a second."""
    n, (n_x, m, T) = p["bu"].shape[0], x.shape
    Wg = np.concatenate([p["Wu"], p["Wr"]])
    Wga, Wca = (Wg[:, :n] * 0.5).T.copy(), p["Wc"][:, :n].T.copy()
    X = x.transpose(2, 1, 0).reshape(T * m, n_x)
    G = (X @ (Wg[:, n:] * 0.5).T).reshape(T, m, 2 * n)
    G += 0.5 * np.concatenate([p["bu"], p["br"]])[:, 0]
    K = (X @ p["Wc"][:, n:].T).reshape(T, m, n)
    K += p["bc"][:, 0]
    C, R = np.zeros((T + 1, m, n), x.dtype), np.empty((T, m, n), x.dtype)
    wide, narrow = np.empty((m, 2 * n), x.dtype), np.empty((m, n), x.dtype)
    for t in range(T):
        g, k = G[t], K[t]
        np.matmul(C[t], Wga, out=wide)
        g += wide
        np.tanh(g, out=g)
        g *= 0.5
        g += 0.5
        np.multiply(g[:, n:], C[t], out=R[t])
        np.matmul(R[t], Wca, out=narrow)
        k += narrow
        np.tanh(k, out=k)
        np.subtract(k, C[t], out=narrow)
        narrow *= g[:, :n]
        np.add(C[t], narrow, out=C[t + 1])
    J, d, dC = _read_out(C[1:], y, p)

    u, r = G[:, :, :n], G[:, :, n:]
    L = np.empty_like(G)
    np.multiply(u, 1 - u, out=L[:, :, :n])
    L[:, :, :n] *= K - C[:-1]
    np.multiply(r, 1 - r, out=L[:, :, n:])
    L[:, :, n:] *= C[:-1]
    M = u * (1 - K * K)
    keep = 1 - u
    back_g, back_c = Wg[:, :n].copy(), p["Wc"][:, :n].copy()
    dc = np.zeros((m, n), x.dtype)
    for t in reversed(range(T)):
        dc += dC[t]
        M[t] *= dc
        np.matmul(M[t], back_c, out=narrow)
        L[t, :, :n] *= dc
        L[t, :, n:] *= narrow
        dc *= keep[t]
        narrow *= r[t]
        dc += narrow
        np.matmul(L[t], back_g, out=narrow)
        dc += narrow
    gates, candidate, before = L.reshape(T * m, 2 * n), M.reshape(T * m, n), C[:-1].reshape(T * m, n)
    dWg = np.concatenate([gates.T @ before, gates.T @ X], axis=1)
    d["Wu"], d["Wr"] = dWg[:n], dWg[n:]
    d["Wc"] = np.concatenate([candidate.T @ R.reshape(T * m, n), candidate.T @ X], axis=1)
    db = gates.sum(axis=0)[:, None]
    d["bu"], d["br"], d["bc"] = db[:n], db[n:], candidate.sum(axis=0)[:, None]
    return J, d


def fast_rnn(x: Array, y: Array, p: Parameters) -> Result:
    """One small GEMM a step and direction, everything else for all steps at once."""
    n, (n_x, m, T) = p["ba"].shape[0], x.shape
    X = x.transpose(2, 1, 0).reshape(T * m, n_x)
    A = np.empty((T + 1, m, n), x.dtype)
    A[0] = 0
    np.matmul(X, p["Wax"].T, out=A[1:].reshape(T * m, n))
    A[1:] += p["ba"][:, 0]
    Wa, recurrent = p["Waa"].T.copy(), np.empty((m, n), x.dtype)
    for t in range(1, T + 1):
        np.matmul(A[t - 1], Wa, out=recurrent)
        A[t] += recurrent
        np.tanh(A[t], out=A[t])
    J, d, dA = _read_out(A[1:], y, p)
    L = 1 - A[1:] * A[1:]
    for t in reversed(range(T)):
        if t < T - 1:
            np.matmul(dA[t + 1], p["Waa"], out=recurrent)
            dA[t] += recurrent
        dA[t] *= L[t]
    flat = dA.reshape(T * m, n)
    d["Waa"], d["Wax"] = flat.T @ A[:-1].reshape(T * m, n), flat.T @ X
    d["ba"] = flat.sum(axis=0)[:, None]
    return J, d


COURSE: dict[str, Callable[..., Result]] = {"LSTM": course_lstm, "GRU": course_gru, "RNN": course_rnn}
FAST: dict[str, Callable[..., Result]] = {"LSTM": fast_lstm, "GRU": fast_gru, "RNN": fast_rnn}
