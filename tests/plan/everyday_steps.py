"""Everyday programs whose first steps lack something, that look at neighbours, or that read both ways."""

from __future__ import annotations

from plan.everyday import BOTH, RECURRENT, inputs, program, with_targets, zeros

import autograd_seq as ag
from autograd_seq import concatenate, tanh

# -- the first step ------------------------------------------------------------------------------------


@program(inputs, RECURRENT)
def the_state_is_added_if_t(W, U, b):
    def loss(x):
        for t in range(x.shape[2]):
            s = U @ x[:, :, t] + b
            if t:
                s = s + W @ h  # noqa: F821
            h = tanh(s)
        return ag.sum(h**2)

    return loss


@program(inputs, RECURRENT)
def no_state_is_none(W, U, b):
    def loss(x):
        h, states = None, []
        for t in range(x.shape[2]):
            s = U @ x[:, :, t] + b
            h = tanh(s if h is None else s + W @ h)
            states.append(h)
        return ag.mean(ag.stack(states) ** 2)

    return loss


@program(inputs, RECURRENT)
def another_line_at_first(W, U, b):
    def loss(x):
        total = 0.0
        for t in range(x.shape[2]):
            z = U @ x[:, :, t] + b if t == 0 else W @ h + U @ x[:, :, t] + b  # noqa: F821
            h = tanh(z)
            total = total + ag.sum(h**2)
        return total

    return loss


@program(with_targets, RECURRENT, V=(2, 4), Y=(4, 2))
def fed_with_its_output_from_the_second_on(W, U, b, V, Y):
    def loss(x, y):
        h, out, total = zeros(x), None, 0.0
        for t in range(x.shape[2]):
            s = W @ h + U @ x[:, :, t] + b
            if out is not None:
                s = s + Y @ out
            h = tanh(s)
            out = V @ h
            total = total + ag.sum((out - y[:, :, t]) ** 2)
        return total

    return loss


@program(inputs, RECURRENT, A=(4, 4), C=(4, 4))
def two_layers_without_states_at_first(W, U, b, A, C):
    def loss(x):
        total = 0.0
        for t in range(x.shape[2]):
            s, r = U @ x[:, :, t] + b, None
            if t > 0:
                s = s + W @ h  # noqa: F821
            h = tanh(s)
            r = A @ h
            if t > 0:
                r = r + C @ g  # noqa: F821
            g = tanh(r)
            total = total + ag.sum(g**2)
        return total

    return loss


# -- neighbours ----------------------------------------------------------------------------------------


@program(with_targets, RECURRENT, V=(2, 4))
def differences_as_a_penalty(W, U, b, V):
    def loss(x, y):
        h, states, total, T = zeros(x), [], 0.0, x.shape[2]
        for t in range(T):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            states.append(h)
            total = total + ag.sum((V @ h - y[:, :, t]) ** 2)
        for t in range(T - 1):
            total = total + 0.1 * ag.sum((states[t + 1] - states[t]) ** 2)
        return total

    return loss


@program(inputs, RECURRENT)
def pairs_of_a_zip(W, U, b):
    def loss(x):
        h, states = zeros(x), []
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            states.append(h)
        return ag.accumulate([ag.sum((after - before) ** 2) for before, after in zip(states, states[1:])])

    return loss


@program(inputs, RECURRENT)
def changes_in_the_loop(W, U, b):
    def loss(x):
        h, total = zeros(x), 0.0
        for t in range(x.shape[2]):
            new = tanh(W @ h + U @ x[:, :, t] + b)
            if t > 0:
                total = total + ag.sum((new - h) ** 2)
            h = new
        return total

    return loss


@program(lambda m, T: ((3, m, T + 1),), RECURRENT)
def second_differences(W, U, b):
    def loss(x):
        h, states, total, T = zeros(x), [], 0.0, x.shape[2]
        for t in range(T):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            states.append(h)
        for t in range(T - 2):
            total = total + ag.sum((states[t + 2] - 2 * states[t + 1] + states[t]) ** 2)
        return total / (T - 2)

    return loss


@program(lambda m, T: ((3, m, T + 2),), RECURRENT, V=(3, 4))
def two_steps_ahead(W, U, b, V):
    def loss(x):
        h, total, T = zeros(x), 0.0, x.shape[2]
        for t in range(T - 2):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            total = total + ag.sum((V @ h - x[:, :, t + 2]) ** 2)
        return total / ((T - 2) * x.shape[1])

    return loss


@program(lambda m, T: ((3, m, T + 2),), RECURRENT)
def windows_of_inputs(W, U, b):
    def loss(x):
        h, T = zeros(x), x.shape[2]
        for t in range(T - 2):
            h = tanh(W @ h + U @ (x[:, :, t] + x[:, :, t + 1] + x[:, :, t + 2]) + b)
        return ag.sum(h**2)

    return loss


@program(lambda m, T: ((3, m, T + 1), (2, m, T + 1)), RECURRENT, V=(2, 4))
def nothing_counts_before_the_third(W, U, b, V):
    def loss(x, y):
        h, total = zeros(x), 0.0
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            if t >= 2:
                total = total + ag.sum((V @ h - y[:, :, t]) ** 2)
        return total

    return loss


@program(inputs, RECURRENT)
def signs_that_alternate(W, U, b):
    def loss(x):
        h, total = zeros(x), 0.0
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            total = total + (-1) ** t * ag.sum(h**2)
        return total

    return loss


# -- both ways -----------------------------------------------------------------------------------------


@program(with_targets, RECURRENT, V=(2, 4))
def inputs_backwards_and_targets_forwards(W, U, b, V):
    def loss(x, y):
        h, total, T = zeros(x), 0.0, x.shape[2]
        for t in range(T):
            h = tanh(W @ h + U @ x[:, :, T - 1 - t] + b)
            total = total + ag.sum((V @ h - y[:, :, t]) ** 2)
        return total / T

    return loss


@program(inputs, BOTH, V=(2, 8))
def both_directions_in_one_loop(W, U, b, Wb, Ub, bb, V):
    def loss(x):
        h, g, forward, backward, total, T = zeros(x), zeros(x), [], [], 0.0, x.shape[2]
        for t in range(T):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            g = tanh(Wb @ g + Ub @ x[:, :, T - 1 - t] + bb)
            forward.append(h)
            backward.append(g)
        for t in range(T):
            total = total + ag.sum((V @ concatenate([forward[t], backward[T - 1 - t]])) ** 2)
        return total

    return loss


@program(inputs, RECURRENT)
def first_and_last_together(W, U, b):
    def loss(x):
        h, T = zeros(x), x.shape[2]
        for t in range(T):
            h = tanh(W @ h + U @ (x[:, :, t] + x[:, :, T - 1 - t]) + b)
        return ag.sum(h**2)

    return loss
