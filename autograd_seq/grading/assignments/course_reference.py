"""The forward functions of the course's week in plain NumPy, and those of its character-level language model."""

from __future__ import annotations

from typing import Any

import numpy as np


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def _softmax(z: Any) -> Any:
    e = np.exp(z - np.max(z, axis=0, keepdims=True))
    return e / np.sum(e, axis=0, keepdims=True)


def rnn_cell_forward(xt: Any, a_prev: Any, parameters: Any) -> Any:
    """One step of the RNN with its prediction."""
    p = parameters
    a = np.tanh(p["Wax"] @ xt + p["Waa"] @ a_prev + p["ba"])
    return a, _softmax(p["Wya"] @ a + p["by"]), None


def rnn_forward(x: Any, a0: Any, parameters: Any) -> Any:
    """The RNN over a sequence."""
    a, states, predictions = a0, [], []
    for t in range(x.shape[2]):
        a, y, _ = rnn_cell_forward(x[:, :, t], a, parameters)
        states.append(a)
        predictions.append(y)
    return np.stack(states, axis=2), np.stack(predictions, axis=2), None


def lstm_cell_forward(xt: Any, a_prev: Any, c_prev: Any, parameters: Any) -> Any:
    """One step of the LSTM with its prediction."""
    p, stack = parameters, np.concatenate([a_prev, xt])
    f, i, o = (_sigmoid(p[f"W{g}"] @ stack + p[f"b{g}"]) for g in "fio")
    c = f * c_prev + i * np.tanh(p["Wc"] @ stack + p["bc"])
    a = o * np.tanh(c)
    return a, c, _softmax(p["Wy"] @ a + p["by"]), None


def lstm_forward(x: Any, a0: Any, parameters: Any) -> Any:
    """The LSTM over a sequence, from a memory of zeros."""
    a, c, states, predictions, memories = a0, np.zeros_like(a0), [], [], []
    for t in range(x.shape[2]):
        a, c, y, _ = lstm_cell_forward(x[:, :, t], a, c, parameters)
        states.append(a)
        predictions.append(y)
        memories.append(c)
    return np.stack(states, axis=2), np.stack(predictions, axis=2), np.stack(memories, axis=2), None


def clip(gradients: Any, maxValue: float) -> Any:
    """Every element of every gradient between two limits."""
    return {key: np.clip(value, -maxValue, maxValue) for key, value in gradients.items()}


def sample(parameters: Any, char_to_ix: Any, seed: int) -> Any:
    """Indices drawn from the model, as the course draws them: the random numbers are seeded at every step."""
    p = parameters
    size, hidden = p["Wya"].shape
    x, a = np.zeros((size, 1)), np.zeros((hidden, 1))
    indices: list[int] = []
    newline = char_to_ix["\n"]
    counter, index = 0, -1
    while index != newline and counter != 50:
        a = np.tanh(p["Wax"] @ x + p["Waa"] @ a + p["b"])
        y = _softmax(p["Wya"] @ a + p["by"])
        np.random.seed(counter + seed)
        index = int(np.random.choice(list(range(size)), p=y.ravel()))
        indices.append(index)
        x = np.zeros((size, 1))
        x[index] = 1
        seed += 1
        counter += 1
    return [*indices, newline] if counter == 50 else indices


def optimize(X: Any, Y: Any, a_prev: Any, parameters: Any, learning_rate: float = 0.01) -> Any:
    """One step of training: forward, backward, gradients clipped at 5, parameters moved."""
    p = parameters
    size = p["Wya"].shape[0]
    states, inputs, predictions, loss = [a_prev], [], [], 0.0
    for index, target in zip(X, Y):
        x = np.zeros((size, 1))
        if index is not None:
            x[index] = 1
        inputs.append(x)
        states.append(np.tanh(p["Wax"] @ x + p["Waa"] @ states[-1] + p["b"]))
        predictions.append(_softmax(p["Wya"] @ states[-1] + p["by"]))
        loss -= float(np.log(predictions[-1][target, 0]))
    gradients = {f"d{key}": np.zeros_like(p[key]) for key in ("Wax", "Waa", "Wya", "b", "by")}
    da = np.zeros_like(a_prev)
    for t in reversed(range(len(inputs))):
        dy = predictions[t].copy()
        dy[Y[t]] -= 1
        gradients["dWya"] += dy @ states[t + 1].T
        gradients["dby"] += dy
        dz = (p["Wya"].T @ dy + da) * (1 - states[t + 1] ** 2)
        gradients["db"] += dz
        gradients["dWax"] += dz @ inputs[t].T
        gradients["dWaa"] += dz @ states[t].T
        da = p["Waa"].T @ dz
    gradients = clip(gradients, 5)
    for key in ("Wax", "Waa", "Wya", "b", "by"):
        p[key] -= learning_rate * gradients[f"d{key}"]
    return loss, gradients, states[-1]
