"""Hand-written BPTT in NumPy, in the course's style: to measure against.

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


COURSE: dict[str, Callable[..., Result]] = {"LSTM": course_lstm, "GRU": course_gru, "RNN": course_rnn}
