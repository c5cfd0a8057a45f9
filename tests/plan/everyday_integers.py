"""Everyday programs whose data are integers: numbers of words, one-hot rows made of them, targets."""

from __future__ import annotations

import numpy as np
from plan.everyday import program

import autograd_seq as ag
import autograd_seq.numpy as anp
from autograd_seq import tanh

WORDS = 5
EMBEDDED = {"E": (WORDS, 4), "W": (4, 4), "V": (4, WORDS)}
ROWS = {"U": (WORDS, 4), "W": (4, 4), "V": (4, WORDS)}
COLUMNS = {"U": (4, WORDS), "W": (4, 4), "V": (WORDS, 4)}


def sentences(m: int, T: int) -> tuple[tuple[int, ...], ...]:
    return (m, T), (m, T)


def one_sentence(m: int, T: int) -> tuple[tuple[int, ...], ...]:
    return (T,), (T,)


def one_hot(ids, n=WORDS):
    return np.eye(n)[ids]


def picked(z, ys):
    """The log probabilities of the targets, added."""
    return ag.sum(ag.log_softmax(z, axis=1)[np.arange(len(ys)), ys])


@program(sentences, EMBEDDED, (WORDS, WORDS))
def embedded_words(E, W, V):
    def loss(xs, ys):
        h, total = np.zeros((xs.shape[0], 4)), 0.0
        for t in range(xs.shape[1]):
            h = tanh(h @ W + E[xs[:, t]])
            total = total - picked(h @ V, ys[:, t])
        return total / xs.size

    return loss


@program(sentences, {"E": (WORDS, 4), "W": (4, 4)}, (WORDS, WORDS))
def tied_embedding_of_all_words(E, W):
    def loss(xs, ys):
        every = E[xs]
        h, total = np.zeros((xs.shape[0], 4)), 0.0
        for t in range(xs.shape[1]):
            h = tanh(h @ W + every[:, t])
            total = total - picked(h @ E.T, ys[:, t])
        return total

    return loss


@program(lambda m, T: ((m, T),), EMBEDDED, (WORDS,))
def the_next_word(E, W, V):
    def loss(xs):
        h, total = np.zeros((xs.shape[0], 4)), 0.0
        for t in range(xs.shape[1] - 1):
            h = tanh(h @ W + E[xs[:, t]])
            total = total - picked(h @ V, xs[:, t + 1])
        return total

    return loss


@program(lambda m, T: ((m, T), (m,)), EMBEDDED, (WORDS, WORDS))
def a_class_of_each_sentence(E, W, V):
    def loss(xs, y):
        h = np.zeros((xs.shape[0], 4))
        for t in range(xs.shape[1]):
            h = tanh(h @ W + anp.take(E, xs[:, t], axis=0))
        return -picked(h @ V, y) / len(y)

    return loss


@program(lambda m, T: ((m, T), (m, T + 1)), {**EMBEDDED, "F": (6, 4), "D": (4, 4), "V": (4, 6)}, (WORDS, 6))
def translated_words(E, W, V, F, D):
    def loss(xs, ys):
        h, total = np.zeros((xs.shape[0], 4)), 0.0
        for t in reversed(range(xs.shape[1])):
            h = tanh(h @ W + E[xs[:, t]])
        for t in range(ys.shape[1] - 1):
            h = tanh(h @ D + F[ys[:, t]])
            total = total - picked(h @ V, ys[:, t + 1])
        return total

    return loss


@program(lambda m, T: ((m, T), (m, T), (m, T)), EMBEDDED, (WORDS, WORDS, 2))
def masked_words(E, W, V):
    def loss(xs, ys, mask):
        h, total = np.zeros((xs.shape[0], 4)), 0.0
        for t in range(xs.shape[1]):
            there = mask[:, t][:, None]
            h = there * tanh(h @ W + E[xs[:, t]]) + (1 - there) * h
            logp = ag.log_softmax(h @ V, axis=1)
            total = total - ag.sum(mask[:, t] * anp.take_along_axis(logp, ys[:, t : t + 1], axis=1)[:, 0])
        return total / (1 + ag.sum(mask))

    return loss


@program(one_sentence, COLUMNS, (WORDS, WORDS))
def characters_as_columns_of_zeros(U, W, V):
    def loss(inputs, targets):
        h, total = np.zeros((4, 1)), 0.0
        for t in range(len(inputs)):
            x = np.zeros((WORDS, 1))
            x[inputs[t]] = 1
            h = tanh(U @ x + W @ h)
            total = total - ag.log(ag.softmax(V @ h, axis=0)[targets[t], 0])
        return total

    return loss


@program(one_sentence, COLUMNS, (WORDS, WORDS))
def characters_in_recorded_zeros(U, W, V):
    def loss(inputs, targets):
        h, total = anp.zeros((4, 1)), 0.0
        for t in range(len(inputs)):
            x = anp.zeros((WORDS, 1))
            x[inputs[t]] = 1
            h = tanh(U @ x + W @ h)
            p = ag.exp(V @ h) / ag.sum(ag.exp(V @ h))
            total += -ag.log(p[targets[t], 0])
        return total

    return loss


@program(one_sentence, COLUMNS, (WORDS, WORDS))
def columns_of_a_matrix(U, W, V):
    def loss(inputs, targets):
        h, total = np.zeros((4, 1)), 0.0
        for i, k in zip(inputs, targets):
            h = tanh(U[:, [i]] + W @ h)
            total = total - ag.log(ag.softmax(V @ h, axis=0)[k, 0])
        return total

    return loss


@program(one_sentence, COLUMNS, (WORDS, WORDS))
def a_list_of_columns(U, W, V):
    def loss(inputs, targets):
        columns = [np.eye(WORDS)[:, [i]] for i in inputs]
        h, total = np.zeros((4, 1)), 0.0
        for x, k in zip(columns, targets):
            h = tanh(U @ x + W @ h)
            total = total - ag.log(ag.softmax(V @ h, axis=0)[k, 0])
        return total

    return loss


@program(sentences, ROWS, (WORDS, WORDS))
def rows_of_a_helper_at_each_step(U, W, V):
    def loss(xs, ys):
        h, total = np.zeros((xs.shape[0], 4)), 0.0
        for t in range(xs.shape[1]):
            x, y = one_hot(xs[:, t]), one_hot(ys[:, t])
            h = tanh(h @ W + x @ U)
            total = total - ag.sum(y * ag.log_softmax(h @ V, axis=1))
        return total / xs.size

    return loss


@program(sentences, ROWS, (WORDS, WORDS))
def rows_of_a_helper_at_once(U, W, V):
    def loss(xs, ys):
        X, Y = one_hot(xs), one_hot(ys)
        h, total = np.zeros((xs.shape[0], 4)), 0.0
        for t in range(xs.shape[1]):
            h = tanh(h @ W + X[:, t] @ U)
            total = total - ag.sum(Y[:, t] * ag.log_softmax(h @ V, axis=1))
        return total / xs.size

    return loss


@program(sentences, COLUMNS, (WORDS, WORDS))
def rows_in_the_order_of_the_course(U, W, V):
    def loss(xs, ys):
        X, Y = np.eye(WORDS)[xs].transpose(2, 0, 1), np.eye(WORDS)[ys].transpose(2, 0, 1)
        h, total = np.zeros((4, xs.shape[0])), 0.0
        for t in range(xs.shape[1]):
            h = tanh(W @ h + U @ X[:, :, t])
            total = total - ag.sum(Y[:, :, t] * ag.log(ag.softmax(V @ h, axis=0)))
        return total / xs.shape[0]

    return loss


@program(one_sentence, COLUMNS, (WORDS, WORDS))
def rows_by_comparison(U, W, V):
    def loss(inputs, targets):
        h, total = np.zeros((4, 1)), 0.0
        for t in range(inputs.shape[0]):
            x = (np.arange(WORDS) == inputs[t]) * 1.0
            h = tanh(U @ x.reshape(WORDS, 1) + W @ h)
            wanted = (np.arange(WORDS) == targets[t])[:, None]
            total = total - ag.sum(wanted * ag.log(ag.softmax(V @ h, axis=0)))
        return total

    return loss
