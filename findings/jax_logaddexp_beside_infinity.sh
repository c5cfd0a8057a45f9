#!/usr/bin/env bash
# JAX 0.10.2: beside +inf the gradient of jnp.logaddexp(x, inf) by x is exp(x), not 0.
#
# Guess: the derivative of log(exp x + exp y) by x is a share between 0 and 1, exp(x) / (exp x + exp y), and 0 or NaN where
#   y is infinite; the shares of x and y add up to 1.
# Seen (JAX 0.10.2, CPU, float32 and x64): grad(logaddexp)(5., inf) is 148.4, at 50 it is 5e21, at 100 in float32 inf; at y = 1e30 all are
#   0, as they should be. The rule replaces +inf by 0 before it subtracts (so that inf - inf is not NaN), which makes
#   exp(x - y) into exp(x - 0). logaddexp2 gives 2 ** x, and forward mode is the same. By the infinite argument the
#   derivative is 1, so shares add up to 149. logaddexp.reduce takes another way (0, and NaN for the infinite one); PyTorch
#   2.13.0 gives 0 and 1. Beside -inf both are right.
# One score that has overflowed, or a path that is forced by +inf, makes the loss inf, and the gradients of all other scores
#   large finite numbers: a check for NaN passes, clipping by norm keeps them, and the paths that lost are the ones that are learned.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet jax==0.10.2 torch==2.13.0 numpy==2.4.6
JAX_PLATFORMS=cpu "$work/venv/bin/python" -W ignore - <<'PY'
import functools

import jax
import jax.numpy as jnp
import numpy as np
import torch

print("jax", jax.__version__, "torch", torch.__version__)
inf = float("inf")


def theirs(x, y):
    pair = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (x, y)]
    return [g.item() for g in torch.autograd.grad(torch.logaddexp(*pair), pair)]


for wide in (False, True):
    jax.config.update("jax_enable_x64", wide)
    share, share2 = jax.grad(jnp.logaddexp, (0, 1)), jax.grad(jnp.logaddexp2)
    for x in (-3.0, 0.0, 5.0, 50.0):
        found = [float(g) for g in share(x, inf)]
        print("x64" if wide else "float32", f"x = {x}: JAX {found[0]:.6g} and {found[1]}, beside 1e30", float(share(x, 1e30)[0]),
              "| PyTorch", theirs(x, inf))  # fmt: skip
        assert np.isclose(found[0], np.exp(x), rtol=1e-5) and found[1] == 1, "the shares are right now"
        assert [float(g) for g in share(x, 1e30)] == [0, 1] == theirs(x, inf)
        assert np.isclose(float(share2(x, inf)), 2.0**x, rtol=1e-5)
        _, forward = jax.jvp(jnp.logaddexp, (x, inf), (1.0, 0.0))
        assert np.isclose(float(forward), np.exp(x), rtol=1e-5)
        assert [float(g) for g in share(x, -inf)] == [1, 0]
jax.config.update("jax_enable_x64", False)
assert float(jax.grad(jnp.logaddexp)(100.0, inf)) == inf

scores = jnp.array([1.0, 4.0, inf, 2.0])
slopes = jax.grad(lambda s: functools.reduce(jnp.logaddexp, s))(scores)
whole = jax.grad(jnp.logaddexp.reduce)(scores)
print("scores", scores, "one after another:", slopes, "| logaddexp.reduce:", whole)
assert np.allclose(slopes, [np.e, np.exp(4.0), 1, np.exp(2.0)], rtol=1e-5)
assert [float(g) for g in whole[jnp.array([0, 1, 3])]] == [0, 0, 0] and np.isnan(float(whole[2]))
print("as described")
PY
