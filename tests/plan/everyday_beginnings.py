"""Everyday programs that begin with a state of their own, cut derivatives, or read windows."""

from __future__ import annotations

import numpy as np
from plan.everyday import RECURRENT, inputs, program, zeros

import autograd_seq as ag
import autograd_seq.numpy as anp
from autograd_seq import tanh


@program(inputs, RECURRENT)
def detached_every_step(W, U, b):
    def loss(x):
        h, total = zeros(x), 0.0
        for t in range(x.shape[2]):
            h = tanh(W @ ag.stop_gradient(h) + U @ x[:, :, t] + b)
            total = total + ag.sum(h**2)
        return total

    return loss


@program(lambda m, T: ((m, 3, T + 2),), {"W": (4, 4), "U": (4, 9)})
def windows(W, U):
    def loss(x):
        m, n, T = x.shape
        h = np.zeros((4, m))
        for t in range(T - 2):
            h = tanh(W @ h + U @ ag.reshape(x[:, :, t : t + 3], (m, 9)).T)
        return ag.sum(h**2)

    return loss


@program(inputs, RECURRENT, h0=(4, 1))
def learned_first_times_ones(W, U, b, h0):
    def loss(x):
        h = h0 * np.ones((1, x.shape[1]))
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
        return ag.sum(h**2)

    return loss


@program(inputs, RECURRENT, h0=(4, 1))
def learned_first_broadcast_to(W, U, b, h0):
    def loss(x):
        h = anp.broadcast_to(h0, (4, x.shape[1]))
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
        return ag.sum(h**2)

    return loss


@program(inputs, RECURRENT, h0=(4, 1))
def learned_first_tiled(W, U, b, h0):
    def loss(x):
        h = anp.tile(h0, (1, x.shape[1]))
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
        return ag.sum(h**2)

    return loss


@program(inputs, RECURRENT)
def first_and_last_apart(W, U, b):
    def loss(x):
        h, total, T = zeros(x), 0.0, x.shape[2]
        for t in range(T):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            if t == T - 1:
                total = total + 2 * ag.sum(h**2)
            else:
                total = total + ag.sum(h**2)
        return total

    return loss
