"""Everyday programs of students, each with its parameters and the shapes of its arguments for some sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd_seq as ag
import autograd_seq.numpy as anp
from autograd_seq import Parameter, concatenate, tanh

Shapes = Callable[[int, int], tuple[tuple[int, ...], ...]]
RECURRENT: dict[str, tuple[int, ...]] = {"W": (4, 4), "U": (4, 3), "b": (4, 1)}
BOTH = {**RECURRENT, "Wb": (4, 4), "Ub": (4, 3), "bb": (4, 1)}


@dataclass(frozen=True)
class Program:
    """A loss of arrays.

    Attributes
    ----------
    make : function
        From parameters to the loss as a function of arrays.
    shapes : function
        From the numbers of examples and steps to the shapes of these arrays.
    weights : dict of str to tuple of int
        The shapes of the parameters.
    below : tuple of int
        Of arrays of integers, what each is below; 0 for one of other numbers.
    """

    make: Callable[..., Callable[..., Any]]
    shapes: Shapes
    weights: dict[str, tuple[int, ...]]
    below: tuple[int, ...] = ()

    def ready(self) -> tuple[Callable[..., Any], dict[str, Parameter]]:
        """The loss, and its parameters by name."""
        rng = np.random.default_rng(0)
        known = {name: Parameter(0.4 * rng.standard_normal(shape), name) for name, shape in self.weights.items()}
        return self.make(**known), known

    def data(self, m: int, T: int) -> list[np.ndarray]:
        """Arguments."""
        rng = np.random.default_rng(m + T)
        shapes = self.shapes(m, T)
        return [
            rng.integers(0, n, shape) if n else rng.standard_normal(shape)
            for shape, n in zip(shapes, self.below or (0,) * len(shapes), strict=True)
        ]


PROGRAMS: dict[str, Program] = {}


def inputs(m: int, T: int) -> tuple[tuple[int, ...], ...]:
    return ((3, m, T),)


def with_numbers(m: int, T: int) -> tuple[tuple[int, ...], ...]:
    return (3, m, T), (T,)


def two_lengths(m: int, T: int) -> tuple[tuple[int, ...], ...]:
    return (3, m, T), (3, m, T + 2)


def program(
    shapes: Shapes, weights: dict[str, tuple[int, ...]], below: tuple[int, ...] = (), **more: tuple[int, ...]
) -> Callable[..., Any]:
    def noted(make: Callable[..., Any]) -> Callable[..., Any]:
        PROGRAMS[make.__name__] = Program(make, shapes, weights | more, below)
        return make

    return noted


def zeros(x: Any) -> Any:
    return np.zeros((4, x.shape[1]))


# -- backwards ---------------------------------------------------------------------------------------


@program(inputs, RECURRENT)
def in_reversed_order(W, U, b):
    def loss(x):
        h, total = zeros(x), 0.0
        for t in reversed(range(x.shape[2])):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            total = total + ag.sum(h**2)
        return total

    return loss


@program(inputs, RECURRENT)
def counting_down(W, U, b):
    def loss(x):
        h = zeros(x)
        for t in range(x.shape[2] - 1, -1, -1):
            h = tanh(W @ h + U @ x[:, :, t] + b)
        return ag.sum(h**2)

    return loss


@program(inputs, RECURRENT)
def counted_from_the_last(W, U, b):
    def loss(x):
        h, T = zeros(x), x.shape[2]
        for t in range(T):
            h = tanh(W @ h + U @ x[:, :, T - 1 - t] + b)
        return ag.sum(h**2)

    return loss


@program(inputs, RECURRENT)
def negative_index(W, U, b):
    def loss(x):
        h = zeros(x)
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, -1 - t] + b)
        return ag.sum(h**2)

    return loss


@program(inputs, RECURRENT)
def data_turned_before(W, U, b):
    def loss(x):
        h, turned = zeros(x), x[:, :, ::-1]
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ turned[:, :, t] + b)
        return ag.sum(h**2)

    return loss


@program(inputs, BOTH, V=(2, 8))
def lists_one_turned(W, U, b, Wb, Ub, bb, V):
    def loss(x):
        T, h, forward, g, backward = x.shape[2], zeros(x), [], zeros(x), []
        for t in range(T):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            forward.append(h)
        for t in reversed(range(T)):
            g = tanh(Wb @ g + Ub @ x[:, :, t] + bb)
            backward.append(g)
        backward = backward[::-1]
        return ag.accumulate([ag.sum((V @ concatenate([forward[t], backward[t]])) ** 2) for t in range(T)])

    return loss


@program(inputs, BOTH, V=(2, 8))
def dicts_of_states(W, U, b, Wb, Ub, bb, V):
    def loss(x):
        T, forward, backward = x.shape[2], {-1: zeros(x)}, {x.shape[2]: zeros(x)}
        for t in range(T):
            forward[t] = tanh(W @ forward[t - 1] + U @ x[:, :, t] + b)
        for t in range(T - 1, -1, -1):
            backward[t] = tanh(Wb @ backward[t + 1] + Ub @ x[:, :, t] + bb)
        total = 0.0
        for t in range(T):
            total += ag.sum((V @ concatenate([forward[t], backward[t]])) ** 2)
        return total

    return loss


@program(inputs, BOTH, V=(2, 8))
def one_function_for_both(W, U, b, Wb, Ub, bb, V):
    def direction(x, W, U, b, order):
        h, states = zeros(x), {}
        for t in order:
            h = tanh(W @ h + U @ x[:, :, t] + b)
            states[t] = h
        return states

    def loss(x):
        T = x.shape[2]
        forward = direction(x, W, U, b, range(T))
        backward = direction(x, Wb, Ub, bb, reversed(range(T)))
        return ag.accumulate([ag.sum((V @ concatenate([forward[t], backward[t]])) ** 2) for t in range(T)])

    return loss


@program(inputs, BOTH, V=(2, 8))
def what_both_end_with(W, U, b, Wb, Ub, bb, V):
    def loss(x):
        h, g = zeros(x), zeros(x)
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
        for t in reversed(range(x.shape[2])):
            g = tanh(Wb @ g + Ub @ x[:, :, t] + bb)
        return ag.sum((V @ concatenate([h, g])) ** 2)

    return loss


@program(inputs, BOTH, V=(2, 8))
def stacked_directions(W, U, b, Wb, Ub, bb, V):
    def loss(x):
        h, forward, g, backward = zeros(x), [], zeros(x), []
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            forward.append(h)
        for t in reversed(range(x.shape[2])):
            g = tanh(Wb @ g + Ub @ x[:, :, t] + bb)
            backward.insert(0, g)
        return ag.sum((V @ concatenate([ag.stack(forward), ag.stack(backward)], axis=1)) ** 2)

    return loss


@program(inputs, RECURRENT, Wb=(4, 4), Ub=(4, 8), bb=(4, 1))
def layer_above_both(W, U, b, Wb, Ub, bb):
    def loss(x):
        T, h, forward, g, backward, k, total = x.shape[2], zeros(x), [], zeros(x), {}, zeros(x), 0.0
        for t in range(T):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            forward.append(h)
        for t in reversed(range(T)):
            g = tanh(W @ g + U @ x[:, :, t] + b)
            backward[t] = g
        for t in range(T):
            k = tanh(Wb @ k + Ub @ concatenate([forward[t], backward[t]]) + bb)
            total = total + ag.sum(k**2)
        return total

    return loss


@program(inputs, RECURRENT, Wb=(4, 4), Ub=(4, 4), bb=(4, 1))
def two_layers_backwards(W, U, b, Wb, Ub, bb):
    def loss(x):
        h, states, k, total = zeros(x), [], zeros(x), 0.0
        for t in reversed(range(x.shape[2])):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            states.append(h)
        for h in states:
            k = tanh(Wb @ k + Ub @ h + bb)
            total = total + ag.sum(k**2)
        return total

    return loss


@program(lambda m, T: ((3, m, T), (3, m, T)), BOTH)
def source_backwards(W, U, b, Wb, Ub, bb):
    def loss(x, y):
        h, total = zeros(x), 0.0
        for t in reversed(range(x.shape[2])):
            h = tanh(W @ h + U @ x[:, :, t] + b)
        for t in range(y.shape[2]):
            h = tanh(Wb @ h + Ub @ y[:, :, t] + bb)
            total = total + ag.sum(h**2)
        return total

    return loss


@program(inputs, {"U": (4, 3)})
def momentum_backwards(U):
    def loss(x):
        v, total = zeros(x), 0.0
        for t in reversed(range(x.shape[2])):
            v = 0.9 * v + U @ x[:, :, t]
            total = total + ag.sum(tanh(v) ** 2)
        return total

    return loss


@program(with_numbers, RECURRENT)
def returns_of_rewards(W, U, b):
    def loss(x, r):
        h, states, G, total = zeros(x), [], 0.0, 0.0
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            states.append(h)
        for t in reversed(range(x.shape[2])):
            G = 0.9 * G + r[t]
            total = total + G * ag.sum(states[t])
        return total

    return loss



# -- a source and a target of other lengths -------------------------------------------------------------


@program(two_lengths, BOTH)
def encoder_and_decoder(W, U, b, Wb, Ub, bb):
    def loss(x, y):
        h, total = zeros(x), 0.0
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
        for t in range(y.shape[2]):
            h = tanh(Wb @ h + Ub @ y[:, :, t] + bb)
            total = total + ag.sum(h**2)
        return total

    return loss


@program(two_lengths, BOTH)
def longer_target_and_source_backwards(W, U, b, Wb, Ub, bb):
    def loss(x, y):
        h, total = zeros(x), 0.0
        for t in reversed(range(x.shape[2])):
            h = tanh(W @ h + U @ x[:, :, t] + b)
        for t in range(y.shape[2]):
            h = tanh(Wb @ h + Ub @ y[:, :, t] + bb)
            total = total + ag.sum(h**2)
        return total

    return loss


@program(two_lengths, BOTH, A=(4, 4))
def decoder_with_attention(W, U, b, Wb, Ub, bb, A):
    def loss(x, y):
        h, states, total = zeros(x), [], 0.0
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            states.append(h)
        every = ag.stack(states)
        for t in range(y.shape[2]):
            weights = ag.softmax(ag.sum(every * (A @ h), axis=1), axis=0)
            context = ag.sum(weights[:, None, :] * every, axis=0)
            h = tanh(Wb @ context + Ub @ y[:, :, t] + bb + h)
            total = total + ag.sum(h**2)
        return total

    return loss



# -- other programs --------------------------------------------------------------------------------------


def with_targets(m: int, T: int) -> tuple[tuple[int, ...], ...]:
    return (3, m, T), (2, m, T)


@program(with_targets, RECURRENT, V=(2, 4), Y=(4, 2))
def told_the_target_before(W, U, b, V, Y):
    def loss(x, y):
        h, told, total = zeros(x), np.zeros((2, x.shape[1])), 0.0
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + Y @ told + b)
            total = total + ag.sum((V @ h - y[:, :, t]) ** 2)
            told = y[:, :, t]
        return total

    return loss


@program(with_targets, {"W": (4, 9), "b": (4, 1), "V": (2, 4)})
def told_where_there_is_one_before(W, b, V):
    def loss(x, y):
        h, total = zeros(x), 0.0
        for t in range(x.shape[2]):
            told = y[:, :, t - 1] if t > 0 else np.zeros((2, x.shape[1]))
            h = tanh(W @ concatenate([h, x[:, :, t], told]) + b)
            total = total + ag.sum((V @ h - y[:, :, t]) ** 2)
        return total

    return loss


@program(inputs, RECURRENT, V=(3, 4))
def predicting_the_next_input(W, U, b, V):
    def loss(x):
        h, total, T = zeros(x), 0.0, x.shape[2]
        for t in range(T - 1):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            total = total + ag.sum((V @ h - x[:, :, t + 1]) ** 2)
        return total / ((T - 1) * x.shape[1])

    return loss


@program(inputs, RECURRENT, V=(3, 4))
def mean_of_predictions(W, U, b, V):
    def loss(x):
        h, predicted = zeros(x), []
        for t in range(x.shape[2] - 1):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            predicted.append(V @ h)
        return ag.mean((ag.stack(predicted, axis=2) - x[:, :, 1:]) ** 2)

    return loss


@program(inputs, RECURRENT)
def states_in_one_array(W, U, b):
    def loss(x):
        a = anp.zeros((4, x.shape[1], x.shape[2] + 1))
        for t in range(x.shape[2]):
            a[:, :, t + 1] = tanh(W @ a[:, :, t] + U @ x[:, :, t] + b)
        return ag.sum(a**2)

    return loss


@program(inputs, RECURRENT, V=(3, 4))
def as_in_the_course(W, U, b, V):
    def loss(x):
        n_x, m, T = x.shape
        a, y, a_next = anp.zeros((4, m, T)), anp.zeros((3, m, T)), anp.zeros((4, m))
        for t in range(T):
            a_next = tanh(W @ a_next + U @ x[:, :, t] + b)
            a[:, :, t] = a_next
            y[:, :, t] = ag.softmax(V @ a_next, axis=0)
        return ag.sum((y - x) ** 2) / m + ag.sum(a[:, :, T - 1])

    return loss


@program(inputs, RECURRENT)
def array_of_a_reversed_loop(W, U, b):
    def loss(x):
        h, a = zeros(x), anp.zeros((x.shape[2], 4, x.shape[1]))
        for t in reversed(range(x.shape[2])):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            a[t] = h
        return ag.mean(a**2)

    return loss


@program(inputs, RECURRENT, A=(4, 4))
def attention_of_the_last_state(W, U, b, A):
    def loss(x):
        h, states = zeros(x), []
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            states.append(h)
        weights = ag.softmax(ag.stack([ag.sum(h * (A @ k), axis=0) for k in states]), axis=0)
        context = 0.0
        for t in range(x.shape[2]):
            context = context + weights[t] * states[t]
        return ag.sum(context**2)

    return loss


@program(inputs, RECURRENT)
def every_state_times_the_last(W, U, b):
    def loss(x):
        h, states, total = zeros(x), [], 0.0
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            states.append(h)
        for k in states:
            total = total + ag.sum(h * k)
        return total

    return loss




@program(inputs, RECURRENT)
def discounted_by_powers(W, U, b):
    def loss(x):
        h, total = zeros(x), 0.0
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            total = total + 0.9**t * ag.sum(h**2)
        return total

    return loss


@program(inputs, RECURRENT)
def the_time_as_an_input(W, U, b):
    def loss(x):
        h, total, T = zeros(x), 0.0, x.shape[2]
        for t in range(T):
            h = tanh(W @ h + U @ x[:, :, t] * (t / T) + b * (T - 1 - t))
            total = total + ag.sum(h**2) / (t + 1)
        return total

    return loss


@program(inputs, RECURRENT)
def weights_of_a_line(W, U, b):
    def loss(x):
        h, total = zeros(x), 0.0
        for t, weight in enumerate(np.linspace(0, 1, x.shape[2])):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            total = total + ag.sum(h**2) * weight
        return total

    return loss


@program(lambda m, T: ((3, m, T), (m,)), RECURRENT)
def masks_by_lengths(W, U, b):
    def loss(x, lengths):
        h = zeros(x)
        for t in range(x.shape[2]):
            h = np.where(t < 3 + lengths, tanh(W @ h + U @ x[:, :, t] + b), h)
        return ag.sum(h**2)

    return loss


@program(lambda m, T: ((3, m, T), (5, m, T)), RECURRENT, V=(5, 4))
def all_steps_side_by_side(W, U, b, V):
    def loss(x, y):
        h, states = zeros(x), []
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            states.append(h)
        z = V @ np.hstack(states)
        return -ag.sum(y.transpose(0, 2, 1).reshape(5, -1) * (z - ag.logsumexp(z, axis=0, keepdims=True))) / z.shape[1]

    return loss


@program(inputs, RECURRENT, Q=(4, 4), K=(4, 4))
def attention_between_all(W, U, b, Q, K):
    def loss(x):
        h, states = zeros(x), []
        for t in range(x.shape[2]):
            h = tanh(W @ h + U @ x[:, :, t] + b)
            states.append(h)
        every = ag.stack(states)
        weights = ag.softmax(ag.einsum("tim,sim->tsm", Q @ every, K @ every) / 2, axis=1)
        return ag.sum(ag.einsum("tsm,sim->tim", weights, every) ** 2)

    return loss
