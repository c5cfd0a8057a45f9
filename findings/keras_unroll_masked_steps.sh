#!/usr/bin/env bash
# Keras 3.15.1 on JAX: unroll=True forgets zero_output_for_mask; what a masked step outputs depends on unroll and on the backend.
#
# Guess: unroll is about speed and memory, as its documentation has it, and the backend about what computes; the numbers of a
#   masked layer are the same either way: with zero_output_for_mask the output of a masked step is 0.
# Seen (Keras 3.15.1, JAX 0.10.2, torch 2.13.0; SimpleRNN, GRU, LSTM with one set of weights): on JAX with unroll=True a masked step repeats
#   the last output although zero_output_for_mask=True; unroll=False and both on PyTorch give 0. Without the argument
#   and with an initial state, steps that are masked at the beginning (padding on the left) give the initial state on JAX
#   with unroll=False, and 0 the three other ways. On PyTorch unroll=True with a mask and go_backwards raises AttributeError
#   ('tuple' object has no attribute 'shape'). The last states agree always, and so do all steps that are not masked.
# A loss that sums over steps (or a mean pooled over them) counts the last step again for each step of padding: here
# the gradient of the sum by the input is off by 0.2 and more, in an unrolled network and in it alone, without a word.
# Unrolling is just what is done to look at backpropagation through time step by step.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet keras==3.15.1 jax==0.10.2 torch==2.13.0 numpy==2.4.6
cd "$work"
cat > layers.py <<'PY'
"""Run each layer looped and unrolled on one backend and keep what it returns."""
import keras
import numpy as np

rng = np.random.default_rng(0)
m, T, n_x, n = 2, 5, 2, 4
x = rng.standard_normal((m, T, n_x)).astype("float32")
mask = np.array([[1, 1, 1, 0, 0], [0, 0, 1, 1, 0]], bool)
kept = {}
for name, parts, rows in (("SimpleRNN", 1, 1), ("GRU", 1, 3), ("LSTM", 2, 4)):
    start = [rng.standard_normal((m, n)).astype("float32") for _ in range(parts)]
    shapes = [(n_x, rows * n), (n, rows * n), (2, rows * n) if name == "GRU" else (rows * n,)]
    weights = [rng.standard_normal(shape).astype("float32") for shape in shapes]
    for zero in (False, True):
        for unroll in (False, True):
            more = {"return_sequences": True, "return_state": True, "unroll": unroll, "zero_output_for_mask": zero}
            layer = getattr(keras.layers, name)(n, **more)
            layer.build(x.shape)
            layer.set_weights(weights)

            def run(x):
                return layer(x, mask=keras.ops.array(mask), initial_state=[keras.ops.array(part) for part in start])

            for i, part in enumerate(run(keras.ops.array(x))):
                kept[f"{name} {zero} {unroll} {i}"] = keras.ops.convert_to_numpy(part)
            if keras.backend.backend() == "jax":
                import jax

                kept[f"{name} {zero} {unroll} by x"] = np.asarray(jax.grad(lambda x: run(x)[0].sum())(x))
    kept[f"{name} start"] = start[0]

backwards = keras.layers.SimpleRNN(n, unroll=True, go_backwards=True)
try:
    backwards(keras.ops.array(x), mask=keras.ops.array(mask))
    kept["backwards"] = np.array("runs")
except AttributeError as error:
    kept["backwards"] = np.array(str(error))
np.savez(f"{keras.backend.backend()}.npz", **kept)
PY
KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore layers.py
KERAS_BACKEND=torch "$work/venv/bin/python" -W ignore layers.py
"$work/venv/bin/python" - <<'PY'
import numpy as np

np.set_printoptions(precision=2, suppress=True)
mask = np.array([[1, 1, 1, 0, 0], [0, 0, 1, 1, 0]], bool)
found = {backend: np.load(f"{backend}.npz") for backend in ("jax", "torch")}
ways = [(backend, unroll) for backend in found for unroll in (False, True)]
for name in ("SimpleRNN", "GRU", "LSTM"):
    start = found["jax"][f"{name} start"]
    for zero in (False, True):
        outputs = {way: found[way[0]][f"{name} {zero} {way[1]} 0"] for way in ways}
        reference = outputs["torch", True]
        for (backend, unroll), output in outputs.items():
            last = found[backend][f"{name} {zero} {unroll} 1"]
            assert np.allclose(output[mask], reference[mask], atol=1e-5), "the steps that are not masked agreed"
            assert np.allclose(last, found["torch"][f"{name} {zero} True 1"], atol=1e-5), "the last states agreed"
            left, right = output[1, 0], output[0, 4]
            print(f"{name} zero={zero} {backend} unroll={unroll}: masked at the beginning {left}, at the end {right}")
            repeats = not zero or (backend, unroll) == ("jax", True)
            assert np.allclose(right, output[0, 2] if repeats else 0), "padding on the right is another now"
            carries = not zero and (backend, unroll) == ("jax", False)
            assert np.allclose(left, start[1] if carries else 0), "padding on the left is another now"
    looped, unrolled = (found["jax"][f"{name} True {unroll} by x"] for unroll in (False, True))
    off = float(np.abs(looped - unrolled).max())
    print(f"{name} zero=True on JAX: gradient of the sum by x, unrolled, off by {off:.2g}")
    assert off > 0.2, "unrolled and looped gradients agree now"
print("go_backwards, mask, unroll:", {backend: str(found[backend]["backwards"]).split("\n")[0:3:2] for backend in found})
assert str(found["jax"]["backwards"]) == "runs" and "no attribute 'shape'" in str(found["torch"]["backwards"])
print("as described")
PY
