#!/usr/bin/env bash
# Keras 3.15.1 on PyTorch: keras.ops.matmul of two float64 arrays is computed in float32, and so are layers with dtype="float64".
#
# Guess: keras.layers.LSTM(4, dtype="float64") computes in float64, as its weights, its inputs and its outputs say they are.
# Seen (Keras 3.15.1, torch 2.13.0): ops.matmul of float64 tensors answers in float32, without a warning; ops.add and
#   ops.tanh keep float64. A recurrent layer casts the result back, so that weights, states and outputs are float64
#   arrays with 7 right digits (SimpleRNN: off by 5e-8 after five steps, where torch alone is off by 1e-16).
#   Keras has a table for it (BIT64_TO_BIT32_DTYPE: float64 stays float64 on TensorFlow alone). On JAX with x64 the same
#   layer raises instead: "scan body function carry input and carry output must have equal types".
# Whoever checks a gradient by differences, or compares two libraries in float64, takes this for a mistake in the formula.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet keras==3.15.1 torch==2.13.0 numpy==2.4.6
KERAS_BACKEND=torch "$work/venv/bin/python" -W ignore - <<'PY'
import keras
import numpy as np
import torch

rng = np.random.default_rng(0)
x, W = (torch.tensor(rng.standard_normal(shape)) for shape in ((2, 3), (3, 4)))
product = keras.ops.matmul(x, W)
print("float64 @ float64:", product.dtype, "| add:", keras.ops.add(x, x).dtype, "| tanh:", keras.ops.tanh(x).dtype)
assert product.dtype == torch.float32, "matmul keeps float64 now"

layer = keras.layers.SimpleRNN(4, dtype="float64")
sequence = torch.tensor(rng.standard_normal((2, 5, 3)))
layer.build(sequence.shape)
kernel, recurrent, bias = (torch.tensor(w.numpy()) for w in layer.weights)
h = torch.zeros(2, 4, dtype=torch.float64)
for t in range(5):
    h = torch.tanh(sequence[:, t] @ kernel + h @ recurrent + bias)
found = layer(sequence).detach()
off = float((found - h).abs().max())
print("weights", kernel.dtype, "| output", found.dtype, f"| off by {off:.1e}")
assert found.dtype == kernel.dtype == torch.float64 and 1e-9 < off < 1e-5, "float64 layers compute in float64 now"
print("as described")
PY
