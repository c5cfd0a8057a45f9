#!/usr/bin/env bash
# numpy-ml 0.1.2: its RNN and LSTM layers cannot be made, and its cells cannot go back through a second sequence.
#
# Guess: layers.RNN(3) and layers.LSTM(3) make a layer; after flush_gradients() a cell is as new.
# Seen (numpy-ml 0.1.2, NumPy 2.4.6): making either layer raises AttributeError, "property 'gradients' of 'RNN' object has no setter". The cells'
#   gradients of one sequence agree with central differences; after flush_gradients() the carried adjoint is an empty
#   list instead of None, and the first backward() of the next sequence raises ValueError (shapes (2, 3) and (0,)).
# The package is the best known library of hand-written backward passes, in the course's notation.
# (It imports collections.Hashable, gone since Python 3.10; the script puts that name back and changes nothing else.)
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet numpy-ml==0.1.2 numpy==2.4.6 scipy
"$work/venv/bin/python" -W ignore - <<'PY'
import collections
import collections.abc

collections.Hashable = collections.abc.Hashable
import numpy as np
import numpy_ml.neural_nets.layers as layers

for name in ("RNN", "LSTM"):
    try:
        getattr(layers, name)(3)
        raise SystemExit(f"{name} can be made now")
    except AttributeError as error:
        print(f"{name}(3): AttributeError: {error}")

rng = np.random.default_rng(0)
x, upstream = rng.normal(size=(3, 2, 4)), rng.normal(size=(3, 2, 3))


def state(answer):
    return answer[0] if isinstance(answer, tuple) else answer


for name in ("RNNCell", "LSTMCell"):
    cell = getattr(layers, name)(3)
    for x_t in x:
        cell.forward(x_t)
    for d_t in upstream[::-1]:
        state(cell.backward(d_t))
    cell.flush_gradients()
    for x_t in x:
        cell.forward(x_t)
    try:
        cell.backward(upstream[-1])
        raise SystemExit(f"{name} goes back through a second sequence now")
    except ValueError as error:
        print(f"{name}, second sequence: ValueError: {error}")
print("as described")
PY
