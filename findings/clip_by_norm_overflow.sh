#!/usr/bin/env bash
# PyTorch 2.13.0 and optax 0.2.6: clipping a float32 gradient of 1e20 by its norm makes it 0, without a word.
#
# Guess: clip_grad_norm_(parameters, 1.0) and clip_by_global_norm(1.0) leave a gradient of norm 1 in the same direction,
#   for any gradient whose elements and norm are float32 numbers. An exploding gradient is what they are there for.
# Seen: both square in float32, so from a norm of 1.8e19 on the norm is inf, and the gradient is multiplied by 1 / inf:
#   [1e20, 1e20] becomes [0, 0] and the step is lost. error_if_nonfinite of PyTorch is False unless asked for.
#   At the small end the norm is 0: optax leaves [1e-25, 1e-25] longer than its limit of 5e-26, and PyTorch, which adds
#   1e-6 to the norm, scales it down to 5.6e-45. In float64 both are right.
# A network that explodes within a few steps back, as a recurrent one does, stands still after that, with a loss that
# looks finite; whoever prints the norm sees inf and looks for an inf among the gradients, where there is none.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6 optax==0.2.6 jax==0.10.2 jaxlib==0.10.2
"$work/venv/bin/python" -W ignore - <<'PY'
import jax.numpy as jnp
import numpy as np
import optax
import torch


def by_torch(value, limit, dtype):
    p = torch.nn.Parameter(torch.zeros(2, dtype=dtype))
    p.grad = torch.full((2,), value, dtype=dtype)
    norm = torch.nn.utils.clip_grad_norm_([p], limit)
    return float(norm), p.grad.numpy()


def by_optax(value, limit):
    gradient = jnp.full((2,), value, jnp.float32)
    clip = optax.clip_by_global_norm(limit)
    return float(optax.global_norm(gradient)), np.asarray(clip.update(gradient, clip.init(gradient))[0])


for name, (norm, clipped) in {"torch": by_torch(1e20, 1.0, torch.float32), "optax": by_optax(1e20, 1.0)}.items():
    print(name, "1e20 twice: norm", norm, "clipped", clipped)
    assert np.isinf(norm) and not clipped.any(), f"{name} clips it now"
small = by_torch(1e-25, 5e-26, torch.float32), by_optax(1e-25, 5e-26)
print("1e-25 twice, to 5e-26:", small)
assert small[0][0] == small[1][0] == 0.0 and (small[1][1] == np.float32(1e-25)).all() and (small[0][1] < 1e-44).all()
norm, clipped = by_torch(1e20, 1.0, torch.float64)
assert abs(norm - 2**0.5 * 1e20) < 1e5 and np.allclose(clipped, 2**-0.5)
print("as described")
PY
