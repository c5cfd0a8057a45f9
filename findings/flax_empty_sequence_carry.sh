#!/usr/bin/env bash
# Flax 0.12.8: RNN(..., seq_lengths=[0, 2]) gives the empty sequence the carry after all of the padding.
#
# Guess: a sequence of no steps leaves the carry as it was; padding "will be ignored", as the documentation of seq_lengths has it.
# Seen (Flax 0.12.8, JAX 0.10.2, linen.RNN and nnx.RNN, SimpleCell, GRUCell and LSTMCell): the carry of step length - 1 is taken, and
#   for length 0 that is index -1, the last: the carry is that of a sequence of full length, bit for bit, and it depends
#   on what the padding holds; its gradient by the padding is not 0, and by the initial carry it is that of T steps back
#   instead of 1. A sequence of length 1 and more is right. Nothing is said.
#   The same SimpleCell as an RNN node in onnxruntime 1.32.0 gives 0 for the empty sequence, not its initial_h either; its
#   other sequence agrees with Flax.
# Backpropagation through time in pieces meets it: of a batch of streams one has no steps in this piece, and its state,
# which should be handed on as it is, is overwritten, by padding in one library and by zeros in the other.
# From then on the stream's states and gradients are those of another history, and the loss stays finite.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet flax==0.12.8 jax==0.10.2 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PY'
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import onnx
import onnxruntime
from flax import nnx
from onnx import TensorProto, helper

T, m, n_x, n = 4, 2, 3, 5
rng = np.random.default_rng(0)
x = jnp.asarray(rng.standard_normal((m, T, n_x)), jnp.float32)
lengths = jnp.array([0, 2])


def first(carry: object) -> list[jax.Array]:
    """The parts of the carry of the first sequence, the empty one."""
    return [part[0] for part in jax.tree.leaves(carry)]


def look(name: str, run: object, start: object) -> None:
    """Compare the empty sequence's carry with the initial one and with that of a full sequence."""
    found, full = first(run(x, start, lengths)), first(run(x, start, None))
    off = max(float(jnp.abs(a - b).max()) for a, b in zip(found, first(start)))
    print(f"{name}: the carry of the empty sequence is off by {off:.2g}")
    assert all(bool((a == b).all()) for a, b in zip(found, full)), "it is no longer the carry after all padding"
    assert off > 0.1, "the empty sequence keeps its carry now"
    for length in (1, 2, 3):
        cut = run(x, start, jnp.array([length, length]))
        wanted = run(x[:, :length], start, None)
        assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(jax.tree.leaves(cut), jax.tree.leaves(wanted)))


def gradients(name: str, run: object, start: object) -> None:
    """The gradients of the sum of the empty sequence's carry."""
    total = lambda x, start: sum(part.sum() for part in first(run(x, start, lengths)))
    by_padding, by_start = jax.grad(total, argnums=(0, 1))(x, start)
    off = max(float(jnp.abs(part - 1).max()) for part in first(by_start))
    print(f"{name}: gradient by its padding up to {float(jnp.abs(by_padding[0]).max()):.2g}, by its start off by {off:.2g}")
    assert float(jnp.abs(by_padding[0]).max()) > 0.02 and off > 0.1, "the gradient passes padding by now"


def carry_of(parts: int) -> object:
    made = [jnp.asarray(rng.standard_normal((m, n)), jnp.float32) for _ in range(parts)]
    return tuple(made) if parts > 1 else made[0]


for name, parts in (("SimpleCell", 1), ("GRUCell", 1), ("LSTMCell", 2)):
    start = carry_of(parts)
    module = nn.RNN(getattr(nn, name)(n), return_carry=True)
    weights = module.init(jax.random.key(1), x)
    run = lambda x, start, lengths: module.apply(weights, x, initial_carry=start, seq_lengths=lengths)[0]
    look(f"linen {name}", run, start)
    gradients(f"linen {name}", run, start)
    layer = nnx.RNN(getattr(nnx, name)(n_x, n, rngs=nnx.Rngs(0)), return_carry=True)
    look(f"nnx {name}", lambda x, start, lengths: layer(x, initial_carry=start, seq_lengths=lengths)[0], start)

module = nn.RNN(nn.SimpleCell(n), return_carry=True)
weights, start = module.init(jax.random.key(1), x), carry_of(1)
cell = weights["params"]["cell"]
arrays = {
    "W": cell["i"]["kernel"].T[None],
    "R": cell["h"]["kernel"].T[None],
    "B": np.concatenate([cell["i"]["bias"], np.zeros(n)])[None],
    "h0": start[None],
}
arrays = {key: np.asarray(array, np.float32) for key, array in arrays.items()} | {"lengths": np.array([0, 2], np.int32)}
graph = helper.make_graph(
    [helper.make_node("RNN", ["x", "W", "R", "B", "lengths", "h0"], ["", "last"], hidden_size=n)],
    "graph",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [T, m, n_x])],
    [helper.make_tensor_value_info("last", TensorProto.FLOAT, [1, m, n])],
    [onnx.numpy_helper.from_array(array, key) for key, array in arrays.items()],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
onnx.checker.check_model(model, full_check=True)
session = onnxruntime.InferenceSession(model.SerializeToString())
((last,),) = session.run(None, {"x": np.asarray(x.transpose(1, 0, 2))})
flax_last = np.asarray(module.apply(weights, x, initial_carry=start, seq_lengths=lengths)[0])
print("initial", np.asarray(start[0]).round(2), "| Flax", flax_last[0].round(2), "| onnxruntime", last[0])
assert np.allclose(last[1], flax_last[1], atol=1e-6), "the two agreed on the sequence of two steps"
assert (last[0] == 0).all(), "onnxruntime gives another state for the empty sequence now"
print("as described")
PY
