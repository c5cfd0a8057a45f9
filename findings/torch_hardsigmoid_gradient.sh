#!/usr/bin/env bash
# PyTorch 2.13.0: the gradient of hardsigmoid in float64 is 1/6 rounded to float32, on the CPU.
#
# Guess: between -3 and 3 the derivative of hardsigmoid(x) = relu6(x + 3) / 6 is 1/6 to the precision of the tensor.
# Seen (torch 2.13.0+cpu): the value is right to 1e-16; the gradient is 0.1666666716337204, which is float32(1/6), off by
#   3e-8 of itself. hardswish, which has the same 6 in it, is right; so is relu6(x + 3) / 6 written out.
#   torch.autograd.gradcheck does not see it: its tolerance is 1e-3 of the value.
# A float64 LSTM with hard-sigmoid gates (Keras on PyTorch, too) has gradients with 8 right digits, which look like a
# mistake in a formula to whoever compares them with another library.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
"$work/venv/bin/python" -W ignore - <<'PY'
import numpy as np
import torch


def slope(function):
    x = torch.tensor([-1.0, 0.5, 2.9], dtype=torch.float64, requires_grad=True)
    y = function(x)
    return torch.autograd.grad(y.sum(), x)[0].numpy(), x.detach().numpy()


hard, x = slope(torch.nn.functional.hardsigmoid)
written, _ = slope(lambda x: torch.nn.functional.relu6(x + 3) / 6)
swish, _ = slope(torch.nn.functional.hardswish)
print("hardsigmoid", hard, "| written out", written, "| float32(1/6)", float(np.float32(1 / 6)))
assert np.abs(written - 1 / 6).max() < 1e-16 and np.abs(swish - (2 * x + 3) / 6).max() < 1e-15
assert (hard == np.float64(np.float32(1 / 6))).all(), "hardsigmoid keeps float64 now"
x = torch.tensor([0.5], dtype=torch.float64, requires_grad=True)
assert torch.autograd.gradcheck(torch.nn.functional.hardsigmoid, x)
print("as described")
PY
