"""The helper modules that the course's files import, for submissions beside which they do not lie.

``rnn_utils`` has the activations, ``utils`` what the character-level language model is trained with. They run in the
cage, so they import nothing of ours.
"""

from __future__ import annotations

import types
from typing import Any

import numpy as np


def module(name: str) -> types.ModuleType:
    """The helper module of a name."""
    made = types.ModuleType(name)
    vars(made).update(np=np, sigmoid=sigmoid, softmax=softmax, **(_LANGUAGE_MODEL if name == "utils" else {}))
    return made


def sigmoid(x: Any) -> Any:
    """The logistic function."""
    return 1 / (1 + np.exp(-x))


def softmax(x: Any) -> Any:
    """Each column as probabilities."""
    e_x = np.exp(x - np.max(x))
    return e_x / e_x.sum(axis=0)


def smooth(loss: float, cur_loss: float) -> float:
    """A loss averaged over the last thousand or so."""
    return loss * 0.999 + cur_loss * 0.001


def get_initial_loss(vocab_size: int, seq_length: int) -> float:
    """The loss of one who knows nothing."""
    return float(-np.log(1.0 / vocab_size) * seq_length)


def initialize_parameters(n_a: int, n_x: int, n_y: int) -> dict[str, Any]:
    """Small random weights."""
    np.random.seed(1)
    shapes = {"Wax": (n_a, n_x), "Waa": (n_a, n_a), "Wya": (n_y, n_a)}
    weights = {key: np.random.randn(*shape) * 0.01 for key, shape in shapes.items()}
    return {**weights, "b": np.zeros((n_a, 1)), "by": np.zeros((n_y, 1))}


def rnn_forward(X: Any, Y: Any, a0: Any, parameters: Any, vocab_size: int = 27) -> Any:
    """The loss of a sequence of indices, and what the backward pass needs."""
    p = parameters
    x: dict[int, Any] = {}
    a: dict[int, Any] = {-1: np.copy(a0)}
    y_hat: dict[int, Any] = {}
    loss = 0.0
    for t, index in enumerate(X):
        x[t] = np.zeros((vocab_size, 1))
        if index is not None:
            x[t][index] = 1
        a[t] = np.tanh(np.dot(p["Wax"], x[t]) + np.dot(p["Waa"], a[t - 1]) + p["b"])
        y_hat[t] = softmax(np.dot(p["Wya"], a[t]) + p["by"])
        loss -= np.log(y_hat[t][Y[t], 0])
    return loss, (y_hat, a, x)


def rnn_backward(X: Any, Y: Any, parameters: Any, cache: Any) -> Any:
    """The gradients of that loss."""
    y_hat, a, x = cache
    p = parameters
    gradients = {f"d{key}": np.zeros_like(p[key]) for key in ("Wax", "Waa", "Wya", "b", "by")}
    da_next = np.zeros_like(a[0])
    for t in reversed(range(len(X))):
        dy = np.copy(y_hat[t])
        dy[Y[t]] -= 1
        gradients["dWya"] += np.dot(dy, a[t].T)
        gradients["dby"] += dy
        draw = (1 - a[t] * a[t]) * (np.dot(p["Wya"].T, dy) + da_next)
        gradients["db"] += draw
        gradients["dWax"] += np.dot(draw, x[t].T)
        gradients["dWaa"] += np.dot(draw, a[t - 1].T)
        da_next = np.dot(p["Waa"].T, draw)
    return gradients, a


def update_parameters(parameters: Any, gradients: Any, lr: float) -> Any:
    """One step against the gradients."""
    for key in ("Wax", "Waa", "Wya", "b", "by"):
        parameters[key] += -lr * gradients[f"d{key}"]
    return parameters


_LANGUAGE_MODEL = {
    "smooth": smooth, "get_initial_loss": get_initial_loss, "initialize_parameters": initialize_parameters,
    "rnn_forward": rnn_forward, "rnn_backward": rnn_backward, "update_parameters": update_parameters,
}  # fmt: skip
