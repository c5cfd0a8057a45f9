"""Everyday programs whose steps are of several kinds in turn, or go several at once."""

from __future__ import annotations

import numpy as np
from plan.everyday import RECURRENT, inputs, program, with_targets, zeros

import autograd_seq as ag
from autograd_seq import concatenate, tanh


@program(inputs, RECURRENT, V=(4, 4))
def alternating_weights(W, U, b, V):
    def loss(x):
        h = zeros(x)
        for t in range(x.shape[2]):
            h = tanh((W if t % 2 else V) @ h + U @ x[:, :, t] + b)
        return ag.sum(h**2)

    return loss


@program(inputs, RECURRENT, V=(4, 4))
def alternating_loss_at_all(W, U, b, V):
    def loss(x):
        h, total = zeros(x), 0.0
        for t in range(x.shape[2]):
            if t % 2 == 0:
                h = tanh(W @ h + U @ x[:, :, t] + b)
            else:
                h = tanh(V @ h + U @ x[:, :, t] + b)
            total = total + ag.sum(h**2)
        return total / x.shape[2]

    return loss


@program(inputs, RECURRENT, V=(4, 4), A=(4, 4))
def three_in_turn(W, U, b, V, A):
    def loss(x):
        h, total = zeros(x), 0.0
        for t in range(x.shape[2]):
            h = tanh([W, V, A][t % 3] @ h + U @ x[:, :, t] + b)
            total = total + ag.sum(h**2)
        return total

    return loss


@program(inputs, RECURRENT, Ws=(4, 4), Us=(4, 4))
def clockwork(W, U, b, Ws, Us):
    def loss(x):
        h, s, total = zeros(x), zeros(x), 0.0
        for t in range(x.shape[2]):
            if t % 2 == 0:
                s = tanh(Ws @ s + Us @ h)
            h = tanh(W @ h + U @ x[:, :, t] + s + b)
            total = total + ag.sum(h**2)
        return total

    return loss


@program(inputs, RECURRENT, Ws=(4, 4), Us=(4, 4))
def clockwork_three_last(W, U, b, Ws, Us):
    def loss(x):
        h, s = zeros(x), zeros(x)
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + s + b)
            if (t + 1) % 3 == 0:
                s = tanh(Ws @ s + Us @ h)
        return ag.sum(h**2) + ag.sum(s**2)

    return loss


@program(inputs, RECURRENT)
def truncated_chunks(W, U, b):
    def loss(x):
        h, total, T = zeros(x), 0.0, x.shape[2]
        for start in range(0, T, 3):
            h = ag.stop_gradient(h)
            for t in range(start, min(start + 3, T)):
                h = tanh(W @ h + U @ x[:, :, t] + b)
                total = total + ag.sum(h**2)
        return total

    return loss


@program(lambda m, T: ((m, 3, T + 2),), {"W": (4, 4), "U": (4, 9)})
def windows_stride_two(W, U):
    def loss(x):
        m, n, T = x.shape
        h = np.zeros((4, m))
        for t in range(0, T - 2, 2):
            h = tanh(W @ h + U @ ag.reshape(x[:, :, t : t + 3], (m, 9)).T)
        return ag.sum(h**2)

    return loss


@program(inputs, RECURRENT)
def every_second(W, U, b):
    def loss(x):
        h = zeros(x)
        for t in range(0, x.shape[2], 2):
            h = tanh(W @ h + U @ x[:, :, t] + b)
        return ag.sum(h**2)

    return loss


@program(inputs, RECURRENT)
def every_second_sliced(W, U, b):
    def loss(x):
        h, y = zeros(x), x[:, :, ::2]
        for t in range(y.shape[2]):
            h = tanh(W @ h + U @ y[:, :, t] + b)
        return ag.sum(h**2)

    return loss


@program(inputs, {"W": (4, 4), "U": (4, 6), "b": (4, 1)})
def pairs_of_steps(W, U, b):
    def loss(x):
        h = zeros(x)
        for t in range(0, x.shape[2] - 1, 2):
            h = tanh(W @ h + U @ concatenate([x[:, :, t], x[:, :, t + 1]]) + b)
        return ag.sum(h**2)

    return loss


@program(inputs, RECURRENT, V=(2, 4))
def loss_every_third(W, U, b, V):
    def loss(x):
        h, total = zeros(x), 0.0
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            if t % 3 == 2:
                total = total + ag.sum((V @ h) ** 2)
        return total + ag.sum(h)

    return loss


@program(inputs, RECURRENT, V=(4, 4))
def stacked_alternating(W, U, b, V):
    def loss(x):
        h, states = zeros(x), []
        for t in range(x.shape[2]):
            h = tanh((W if t % 2 else V) @ h + U @ x[:, :, t] + b)
            states.append(h)
        return ag.mean(ag.stack(states, axis=2) ** 2)

    return loss


@program(inputs, RECURRENT, V=(4, 4), A=(4, 4))
def layer_above_alternating(W, U, b, V, A):
    def loss(x):
        h, states, g = zeros(x), [], zeros(x)
        for t in range(x.shape[2]):
            h = tanh((W if t % 2 else V) @ h + U @ x[:, :, t] + b)
            states.append(h)
        for h in states:
            g = tanh(A @ g + h)
        return ag.sum(g**2)

    return loss


@program(inputs, RECURRENT)
def residual_every_second(W, U, b):
    def loss(x):
        h = zeros(x)
        for t in range(x.shape[2]):
            g = tanh(W @ h + U @ x[:, :, t] + b)
            h = h + g if t % 2 else g
        return ag.sum(h**2)

    return loss


@program(with_targets, RECURRENT, V=(2, 4), Y=(4, 2))
def forced_every_second(W, U, b, V, Y):
    def loss(x, y):
        h, out, total = zeros(x), np.zeros((2, x.shape[1])), 0.0
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + Y @ out + b)
            p = V @ h
            total = total + ag.sum((p - y[:, :, t]) ** 2)
            out = y[:, :, t] if t % 2 else p
        return total / (x.shape[2] * x.shape[1])

    return loss


@program(inputs, RECURRENT, Ws=(4, 4), Us=(4, 4))
def three_speeds(W, U, b, Ws, Us):
    def loss(x):
        h, s, r, total = zeros(x), zeros(x), zeros(x), 0.0
        for t in range(x.shape[2]):
            if t % 4 == 0:
                r = tanh(Ws @ r + Us @ s)
            if t % 2 == 0:
                s = tanh(Ws @ s + r)
            h = tanh(W @ h + U @ x[:, :, t] + s + b)
            total = total + ag.sum(h**2)
        return total

    return loss


@program(inputs, RECURRENT)
def pooling_pairs(W, U, b):
    def loss(x):
        h, states, total = zeros(x), [], 0.0
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            states.append(h)
        for k in range(0, len(states) - 1, 2):
            total = total + ag.sum((states[k] + states[k + 1]) ** 2)
        return total

    return loss


@program(inputs, RECURRENT, h0=(4, 1))
def learned_first_broadcast(W, U, b, h0):
    def loss(x):
        h, total = h0, 0.0
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            total = total + ag.sum(h**2)
        return total

    return loss


@program(lambda m, T: ((T, m, 3),), {"W": (4, 4), "U": (3, 4), "h0": (4,)})
def learned_first_of_rows(W, U, h0):
    def loss(x):
        h = h0
        for t in range(x.shape[0]):
            h = tanh(h @ W + x[t] @ U)
        return ag.sum(h**2)

    return loss


@program(inputs, {**RECURRENT, "Wf": (4, 4), "Uf": (4, 3), "h0": (4, 1), "c0": (4, 1)})
def learned_first_two(W, U, b, Wf, Uf, h0, c0):
    def loss(x):
        h, c, total = h0, c0, 0.0
        for t in range(x.shape[2]):
            f = ag.sigmoid(Wf @ h + Uf @ x[:, :, t])
            c = f * c + (1 - f) * tanh(W @ h + U @ x[:, :, t] + b)
            h = tanh(c)
            total = total + ag.sum(h**2)
        return total

    return loss


@program(inputs, RECURRENT)
def broadcast_zeros(W, U, b):
    def loss(x):
        h = np.zeros((4, 1))
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
        return ag.sum(h**2)

    return loss
