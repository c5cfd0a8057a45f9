"""Keras layers in a process of its own, for `exactness.py`: each line of its input is ``GIVEN.npz DTYPE FOUND.npz``.

Keras' backend is the environment variable KERAS_BACKEND, read once when Keras is imported.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

KINDS = {"RNN": "SimpleRNN", "GRU": "GRU", "LSTM": "LSTM"}


def main() -> None:
    import keras

    for line in sys.stdin:
        given, dtype, found = line.split()
        try:
            computed(keras, given, dtype, found)
            print("done", flush=True)
        except Exception as error:  # the row says what was raised, and the next one is tried
            print(f"{type(error).__name__}: {error}".splitlines()[0], flush=True)


def computed(keras: Any, given: str, dtype: str, found: str) -> None:
    with np.load(given) as arrays:
        case = dict(arrays)
    x, delta = (np.swapaxes(case[key], 0, 1) for key in ("x", "delta"))
    layer = getattr(keras.layers, KINDS[str(case["kind"])])(delta.shape[2], return_sequences=True, dtype=dtype)
    layer.build(x.shape)
    layer.set_weights([value for key, value in case.items() if key.startswith("w ")])
    gradients = {"jax": by_jax, "torch": by_torch}[keras.backend.backend()]
    y, found_gradients = gradients(layer, x.astype(dtype), delta.astype(dtype))
    names = [key[2:] for key in case if key.startswith("w ")]
    named = {f"g {key}": g for key, g in zip(names, found_gradients, strict=True)}
    np.savez(found, y=np.swapaxes(np.asarray(y, np.float64), 0, 1), **named)


def by_jax(layer: Any, x: Any, delta: Any) -> Any:
    import jax

    rest = [v.value for v in layer.non_trainable_variables]

    def loss(weights: Any) -> Any:
        y = layer.stateless_call(weights, rest, x)[0]
        return (y * delta).sum(), y

    (_, y), found = jax.jit(jax.value_and_grad(loss, has_aux=True))([v.value for v in layer.trainable_variables])
    return y, [np.asarray(g, np.float64) for g in found]


def by_torch(layer: Any, x: Any, delta: Any) -> Any:
    import torch

    weights = [v.value for v in layer.trainable_variables]
    device = weights[0].device
    y = layer(torch.tensor(x, device=device))
    found = torch.autograd.grad((y * torch.tensor(delta, device=device)).sum(), weights)
    return y.detach().cpu(), [g.double().cpu().numpy() for g in found]


if __name__ == "__main__":
    main()
