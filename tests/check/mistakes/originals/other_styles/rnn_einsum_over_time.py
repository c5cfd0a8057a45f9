"""The assignment's RNN over a sequence: the weights' gradients by one einsum."""

import numpy as np


def rnn_backward(da, caches):
    cell_caches, x = caches
    T = da.shape[-1]
    p = cell_caches[0][-1]

    dx_list = []
    deltas = []
    carry = np.zeros(da.shape[:2])
    for t in reversed(range(T)):
        a_next = cell_caches[t][0]
        delta = (da[..., t] + carry) * (1 - a_next ** 2)
        deltas.append(delta)
        dx_list.append(p["Wax"].T @ delta)
        carry = p["Waa"].T @ delta

    dx = np.stack(dx_list[::-1], axis=2)

    # weights: one einsum over batch and time
    D = np.stack(deltas[::-1], axis=2)
    A_prev = np.stack([c[1] for c in cell_caches], axis=2)
    dWax = np.einsum('imt,jmt->ij', D, x)
    dWaa = np.einsum('imt,jmt->ij', D, A_prev)
    dba = D.sum(axis=(1, 2)).reshape(-1, 1)
    return dict(dx=dx, da0=carry, dWax=dWax, dWaa=dWaa, dba=dba)
