#!/usr/bin/env bash
# HIPS autograd 1.9.1: np.linalg.norm(x, axis=1, keepdims=True) has a gradient of another shape than x.
#
# Guess: keepdims is taken care of as in np.sum, or refused; a gradient has the shape of its argument.
# Seen (autograd 1.9.1, NumPy 2.4.6): for x of shape (4, 4) the gradient comes back as (4, 4, 4) and says nothing; x -= rate * gradient
#   then broadcasts instead of failing. Without keepdims it is right.
# Weight normalisation and cosine similarity divide by just this norm.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet autograd==1.9.1 numpy==2.4.6
"$work/venv/bin/python" - <<'PY'
import autograd.numpy as np
import numpy as plain
from autograd import grad

x = plain.arange(1.0, 17.0).reshape(4, 4)
true = x / plain.linalg.norm(x, axis=1, keepdims=True)
bare = grad(lambda z: np.sum(np.linalg.norm(z, axis=1)))(x)
kept = grad(lambda z: np.sum(np.linalg.norm(z, axis=1, keepdims=True)))(x)
print("shape of x", x.shape, "| gradient without keepdims", bare.shape, "| with keepdims", kept.shape)
assert plain.allclose(bare, true), "the gradient without keepdims changed"
assert kept.shape == (4, 4, 4), "keepdims is right or refused now"
print("as described")
PY
