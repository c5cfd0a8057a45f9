#!/usr/bin/env bash
# Flax 0.12.8: nnx.SimpleCell(param_dtype=float64) computes in float32; the LSTM and GRU cells beside it compute in float64.
#
# Guess: dtype is inferred from inputs and parameters where it is not given, as in nnx.LSTMCell, nnx.GRUCell and linen.SimpleCell.
# Seen (Flax 0.12.8, JAX 0.10.2, x64 enabled): the default dtype of nnx.SimpleCell is jnp.float32, of the other cells None. With
#   float64 parameters, inputs and carry its answer is float32, without a warning; under nnx.RNN the scan then raises
#   "carry input and carry output must have equal types". linen.SimpleCell with param_dtype=float64 gives float64.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet flax==0.12.8 jax==0.10.2 numpy==2.4.6
JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PY'
import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
from flax import linen, nnx

x = jnp.ones((2, 3), jnp.float64)
seen = {}
for kind in (nnx.LSTMCell, nnx.OptimizedLSTMCell, nnx.GRUCell, nnx.SimpleCell):
    cell = kind(3, 4, rngs=nnx.Rngs(0), param_dtype=jnp.float64)
    carry = cell.initialize_carry((2, 3), nnx.Rngs(0))
    seen[kind.__name__] = str(cell(carry, x)[1].dtype)
cell = linen.SimpleCell(4, param_dtype=jnp.float64)
h = jnp.zeros((2, 4), jnp.float64)
seen["linen.SimpleCell"] = str(cell.apply(cell.init(jax.random.PRNGKey(0), h, x), h, x)[1].dtype)
print(seen)
assert seen.pop("SimpleCell") == "float32", "nnx.SimpleCell infers its dtype now"
assert set(seen.values()) == {"float64"}
print("as described")
PY
