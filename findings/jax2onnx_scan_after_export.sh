#!/usr/bin/env bash
# jax2onnx 0.17.1: after the export of a scanned function, the function itself no longer runs in JAX.
#
# Guess: an export reads a function; the function computes afterwards what it computed before.
# Seen (jax2onnx 0.17.1, jax 0.10.2, CPU): to_onnx of a function with lax.scan works; the same function called next raises
#   NotImplementedError: MLIR translation rule for primitive 'jax.numpy.split' not found. While it exports, jax.numpy.split
#   is another primitive, and JAX keeps what it traced of the scan's body. After jax.clear_caches() the function runs, and
#   one that was called before the export keeps running.
# Whoever exports first and compares the file with JAX afterwards meets it.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet jax==0.10.2 jax2onnx==0.17.1 numpy==2.4.6
cd "$work"
JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PY'
import jax
import jax.numpy as jnp
from jax2onnx import to_onnx

W, x = jnp.ones((2, 4)), jnp.ones((3, 1, 2))


def body(h, x_t):
    candidate, gate = jnp.split((h + x_t) @ W, 2, axis=1)
    h = jnp.tanh(candidate) * jax.nn.sigmoid(gate)
    return h, h


def network(x):
    return jax.lax.scan(body, jnp.zeros((1, 2)), x)[1].sum()


model = to_onnx(network, [(3, 1, 2)])
print("exported:", [node.op_type for node in model.graph.node])
try:
    print("it runs:", network(x))
    raise SystemExit("the function runs after an export now")
except NotImplementedError as error:
    print(f"NotImplementedError: {error}")
jax.clear_caches()
before = float(network(x))
print("after clear_caches:", before)
to_onnx(network, [(3, 1, 2)])
assert float(network(x)) == before, "what was traced before the export is no longer kept"
print("as described")
PY
