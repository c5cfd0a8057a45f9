"""Everyday programs that read arrays of NumPy's own, which stand around them."""

from __future__ import annotations

import numpy as np
from plan.everyday import RECURRENT, inputs, program, zeros

import autograd_seq as ag
from autograd_seq import tanh

TABLE = np.random.default_rng(5).standard_normal((5, 4))
LONG = np.random.default_rng(6).standard_normal((4, 200))


@program(lambda m, T: ((T,),), {"W": (4, 4), "b": (4,)}, (5,))
def plain_table_one(W, b):
    def loss(ids):
        h = np.zeros(4)
        for t in range(ids.shape[0]):
            h = tanh(W @ h + TABLE[ids[t]] + b)
        return ag.sum(h**2)

    return loss


@program(lambda m, T: ((m, T),), {"W": (4, 4), "U": (4, 4)}, (5,))
def plain_table(W, U):
    def loss(ids):
        h = np.zeros((ids.shape[0], 4))
        for t in range(ids.shape[1]):
            h = tanh(h @ W + TABLE[ids[:, t]] @ U)
        return ag.sum(h**2)

    return loss


@program(lambda m, T: ((m, T),), {"W": (4, 4), "U": (4, 4)}, (5,))
def plain_table_all(W, U):
    def loss(ids):
        h = np.zeros((ids.shape[0], 4))
        vec = TABLE[ids]
        for t in range(ids.shape[1]):
            h = tanh(h @ W + vec[:, t] @ U)
        return ag.sum(h**2)

    return loss


@program(inputs, RECURRENT)
def positions(W, U, b):
    def loss(x):
        h = zeros(x)
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b + LONG[:, t : t + 1])
        return ag.sum(h**2)

    return loss


@program(inputs, RECURRENT)
def positions_column(W, U, b):
    def loss(x):
        h = zeros(x)
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b + LONG[:, t][:, None])
        return ag.sum(h**2)

    return loss


@program(inputs, RECURRENT)
def closed_over_mask(W, U, b):
    mask = (np.arange(200) % 3 > 0).astype(float)
    def loss(x):
        h, total = zeros(x), 0.0
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            total = total + mask[t] * ag.sum(h**2)
        return total

    return loss
